"""One raw table, read once: parsed, its bad rows set apart, held in memory or (large) in a scratch Parquet file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from acrm.errors import InputError
from acrm.ingest import amounts, currency, dates, derive, extras, numbers, parse, rules, verdict
from acrm.ingest.mapping import Plan
from acrm.ingest.options import IngestOptions
from acrm.ingest.raw import ROW, RawTable
from acrm.messages import Message, listed
from acrm.schema import TABLES

SAMPLE = 50_000
_SMALL_BYTES = 64 << 20
_MOST_UNREAD = 4
"""More unread dates than this, and than half of the rows, say that the way they are written is not known."""


@dataclass(kw_only=True)
class Staged:
    """A raw table after parsing: good rows under `table.field` names, bad rows with the rule they broke, the counts."""

    raw: RawTable
    plan: Plan
    good: pl.LazyFrame
    rejects: pl.DataFrame
    """rule, line, raw."""
    rows_in: int
    decisions: parse.Decisions
    reading: amounts.Reading = field(default_factory=amounts.Reading)
    large: bool = False
    """Whether the rows are in a scratch file rather than in memory."""
    extra: dict[str, str] = field(default_factory=dict)
    """Unmapped source columns as they are kept: `x_name` -> source column."""
    notes: list[Message] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """Rows that stayed."""
        return self.rows_in - self.rejects.height

    def reject(self, rows: pl.DataFrame) -> None:
        """Set further rows apart: `rows` holds their `ROW` and the `rule` they broke."""
        self.rejects = pl.concat([self.rejects, _rejects(rows, self.raw)]).sort("line", "rule")
        self.good = self.good.join(rows.lazy().select(ROW), on=ROW, how="anti", maintain_order="left")


def stage(raw: RawTable, plan: Plan, options: IngestOptions, columns: frozenset[str] | None, scratch: Path) -> Staged:
    """Parse one raw table.

    Args:
        raw: The table as the file has it.
        plan: Its mapping.
        options: What the user fixed.
        columns: `table.field` names that are wanted, None for all columns, the unmapped ones included.
        scratch: Folder for what does not fit in memory comfortably.
    """
    if options.phone_region:
        plan = replace(plan, phone_region=options.phone_region)
    names = [name for name in (*plan.fields, *plan.literals) if columns is None or name in columns]
    extra = extras.of(plan, raw)
    if columns is not None and plan.entity != "other":
        extra = {name: header for name, header in extra.items() if f"{plan.entity}.{name}" in columns}
    wide = [header for header in raw.header if header not in plan.mapped_headers()] if plan.wide else []
    wanted = {header for name in names for header in plan.fields.get(name, ())} | set(extra.values()) | set(wide)
    wanted |= set(plan.fill_down) | {raw.header[0]}
    headers = [header for header in raw.header if header in wanted]
    mapped = [header for header in headers if header in plan.mapped_headers()]
    chosen = raw.frame.select(ROW, *headers)
    if raw.source.is_remote:
        # What is asked for comes through the network once, however often it is looked at.
        chosen = _on_disk(chosen, scratch)
    dtypes = chosen.collect_schema()
    lazy = parse.cleaned(chosen, mapped, dtypes, plan)
    small = _is_small(raw)
    base = lazy.collect() if small else lazy.head(SAMPLE).collect()
    decisions = parse.decide(plan, names, base, options)
    if not small:
        decisions = _settle(decisions, plan, names, lazy, base, options)
    told = currency.of_table(plan, base.lazy() if small else lazy, decisions, raw.money_marks)
    decisions.currency, decisions.marked = told
    _refuse_doubts(raw, decisions, plan)
    extra = {name: header for name, header in extra.items() if not small or extras.filled(base[header])}
    if not small and raw.source.kind == "text" and len(headers) < len(raw.header):
        # A scan of some columns would cut a record that is too long without a word.
        raw.frame.select(pl.col(raw.header).str.len_bytes().max()).collect(engine="streaming")
    while True:
        reading = amounts.decide(plan, names, base.head(SAMPLE), decisions)
        frame = _parsed(base.lazy() if small else lazy, plan, names, dtypes, decisions, extra, reading)
        staged = frame.collect().lazy() if small else _on_disk(frame, scratch)
        revised = None if small else _revise(staged, lazy, plan, names, base, decisions, options, raw.money_marks)
        if revised is not None:
            base, decisions = revised
            _refuse_doubts(raw, decisions, plan)
            continue
        unread = extras.unread(staged, plan, extra) if columns is None else {}
        if not unread:
            split = _split(staged, raw, plan, decisions, extra)
            split.reading, split.large = reading, not small
            if plan.unused:
                split.notes.append(Message("ingest.unused", {"file": raw.name, "columns": listed(plan.unused)}))
            split.notes += [*reading.notes(plan, raw.name), *currency.notes(raw.name, plan, split.good, decisions)]
            return split
        extra |= unread


def _on_disk(frame: pl.LazyFrame, scratch: Path) -> pl.LazyFrame:
    """The frame from a file of its own in the scratch folder: memory holds a part of it at a time."""
    path = scratch / f"staged-{len(list(scratch.iterdir()))}.parquet"
    frame.sink_parquet(path, compression="lz4", row_group_size=250_000)
    return pl.scan_parquet(path)


def _is_small(raw: RawTable) -> bool:
    inflation = 8 if raw.source.compression or raw.source.kind in ("parquet", "delta", "iceberg") else 1
    return raw.source.bytes * inflation <= _SMALL_BYTES


def _settle(
    decisions: parse.Decisions,
    plan: Plan,
    names: list[str],
    lazy: pl.LazyFrame,
    sample: pl.DataFrame,
    options: IngestOptions,
) -> parse.Decisions:
    """Ask every value of a large file's columns where its sample cannot speak for the rest.

    That is: an open day order; numbers with marks, as any value may say what the marks are; ids that all end in `.0`
    so far. Everything else that the sample got wrong will not parse.
    """
    doubtful = [name for name, form in decisions.dates.items() if form.doubt or form.either]
    doubtful += [name for name, form in decisions.numbers.items() if form.doubt or form.style != "plain"]
    doubtful += [name for name in names if name == "transactions.zone"]
    if headers := sorted({header for name in doubtful for header in plan.fields[name]}):
        telling = [lazy.select(header).unique().collect(engine="streaming") for header in headers]
        decisions = parse.decide(plan, names, pl.concat([sample, *telling], how="diagonal"), options)
    decisions.float_ids = parse.float_ids(plan, parse.float_ids(plan, names, sample.lazy(), or_empty=True), lazy)
    return decisions


def _refuse_doubts(raw: RawTable, decisions: parse.Decisions, plan: Plan) -> None:
    for name, form in decisions.dates.items():
        dates.refuse_doubt(raw.name, plan.fields[name][0], form)
    for name, number in decisions.numbers.items():
        numbers.refuse_doubt(raw.name, plan.fields[name][0], number)


def _parsed(
    frame: pl.LazyFrame,
    plan: Plan,
    names: list[str],
    dtypes: pl.Schema,
    decisions: parse.Decisions,
    extra: dict[str, str],
    reading: amounts.Reading,
) -> pl.LazyFrame:
    """Values beside their texts, in layers: each is computed once and the next reads its column."""
    if plan.fill_down:
        frame = _filled_down(frame, plan, dtypes)
        dtypes = frame.collect_schema()
    entity = plan.entity
    # Set aside at once, as a source may call its columns what the parsed ones are called.
    aside = {f"kept {name}": _kept(header, dtypes) for name, header in extra.items()}
    frame = frame.with_columns(**aside)
    before = set(frame.collect_schema().names())
    parsed = frame.with_columns(parse.value(plan, name, dtypes, decisions).alias(name) for name in names)
    more = []
    if f"{entity}.ordered_at" in names:
        more.append(parse.day(plan, f"{entity}.ordered_at", dtypes, decisions).alias(f"{entity}.ordered_on"))
    if "payments.paid_at" in names:
        more.append(parse.day(plan, "payments.paid_at", dtypes, decisions).alias("payments.paid_on"))
    # The day of a sale that a won deal becomes.
    dated = [name for name in ("deals.closed_at", "deals.created_at") if entity == "deals" and name in names]
    more += [parse.day(plan, name, dtypes, decisions).alias(f"{name.removesuffix('_at')}_on") for name in dated]
    money = currency.of_rows(plan, dtypes, decisions)
    if money is not None:
        more.append(money.alias(f"{entity}.currency"))
    parsed = parsed.with_columns(*more, verdict.flags(plan, names, dtypes).alias("_flags"))
    if entity in ("transactions", "deals"):
        parsed = derive.with_status(parsed, plan, names)
    if entity == "transactions":
        parsed = amounts.with_amount(parsed, plan, names, dtypes, reading)
    parsed = derive.with_consent(parsed, names)
    if "payments.kind" in names:
        parsed = derive.with_sign(parsed, names)
    if entity == "interactions":
        parsed = parsed.with_columns(derive.kind(plan, names).alias("interactions.kind"))
    columns = parsed.collect_schema().names()
    kept = [name for name in columns if name.partition(".")[0] in TABLES and (name in names or name not in before)]
    wide = [name for name in dtypes.names() if plan.wide and name not in plan.mapped_headers() and name != ROW]
    return parsed.select(
        ROW,
        *kept,
        *(pl.col(header).alias(f"wide:{header}") for header in wide if header not in kept),
        *(pl.col(f"kept {name}").alias(name) for name in extra),
        verdict.rule(plan, names, dtypes).alias("_rule"),
        pl.when(pl.col("_flags") != "").then(pl.col("_flags")).alias("_flags"),
    )


def _kept(header: str, dtypes: pl.Schema) -> pl.Expr:
    """A column that feeds no field: as it stands, empty cells as nulls."""
    cell = parse.text_of(header, dtypes)
    return pl.when(cell.str.len_bytes() > 0).then(cell)


def _filled_down(frame: pl.LazyFrame, plan: Plan, dtypes: pl.Schema) -> pl.LazyFrame:
    """Give a continuation row the order-level cells of the row above it; amounts and products stay its own."""
    own = {
        "product_id",
        "product_name",
        "category",
        "quantity",
        "unit_price",
        "discount",
        "line_amount",
        "cost",
        "line_no",
    }
    own |= {"order_total", "subtotal", "shipping", "order_discount", "refunded_amount", "refunded_quantity"}
    shared = {
        header
        for name, headers in plan.fields.items()
        if name.split(".")[1] not in own
        for header in headers
        if header in frame.collect_schema().names()
    }
    key = plan.fill_down[0]
    keyed = frame.with_columns(parse.text_of(header, dtypes) for header in sorted(shared | {key}))
    keyed = keyed.with_columns(pl.col(key).forward_fill())
    return keyed.with_columns(pl.col(header).forward_fill().over(key) for header in sorted(shared - {key}))


def _revise(
    staged: pl.LazyFrame,
    lazy: pl.LazyFrame,
    plan: Plan,
    names: list[str],
    sample: pl.DataFrame,
    decisions: parse.Decisions,
    options: IngestOptions,
    formats: Mapping[str, str],
) -> tuple[pl.DataFrame, parse.Decisions] | None:
    """When cells of a large file did not parse, decide anew with their texts; None when that changes nothing."""
    # A fifth decimal that the decision did not know of was not rounded as the others are.
    shallow = {name for name, form in decisions.numbers.items() if not form.deep}
    marks = {
        name: pl.col("_flags")
        .str.contains(
            rf"(^| )({'bad_value|too_many_decimals' if name in shallow else 'bad_value'}):{name.partition('.')[2]}( |$)"
        )
        .fill_null(False)
        for name in (*decisions.dates, *decisions.numbers)
    }
    failed = staged.select(mark.any().alias(name) for name, mark in marks.items()).collect()
    failing = [name for name in marks if failed[name].item()]
    if not failing:
        return None
    rows = staged.filter(pl.any_horizontal(marks[name] for name in failing)).select(ROW)
    cells = lazy.join(rows, on=ROW, how="semi")
    headers = sorted({header for name in failing for header in plan.fields[name]})
    texts = pl.collect_all([cells.select(header).unique() for header in headers], engine="streaming")
    wider = pl.concat([sample, *texts], how="diagonal").unique(maintain_order=True)
    revised = _settle(parse.decide(plan, names, wider, options), plan, names, lazy, wider, options)
    revised.currency, revised.marked = currency.of_table(plan, lazy, revised, formats)
    return None if revised == decisions else (wider, revised)


def _split(
    staged: pl.LazyFrame,
    raw: RawTable,
    plan: Plan,
    decisions: parse.Decisions,
    extra: dict[str, str],
) -> Staged:
    counted, broken = pl.collect_all(
        [
            staged.select(pl.len()),
            staged.filter(pl.col("_rule").is_not_null()).select(ROW, pl.col("_rule").alias("rule")),
        ]
    )
    unread = broken.filter(pl.col("rule") == "bad_date").height
    if unread > _MOST_UNREAD and unread * 2 > counted.item():
        dated = plan.fields[f"{plan.entity}.{verdict.DATED[plan.entity]}"][0]
        line = broken.filter(pl.col("rule") == "bad_date")[ROW].min()
        example = raw.frame.filter(pl.col(ROW) == line).select(pl.col(dated).cast(pl.String)).collect().item()
        raise InputError("dates_unread", file=raw.name, column=dated, example=example, rows=unread)
    rejects = _rejects(broken, raw)
    if raw.broken is not None:
        lost = raw.broken.select("rule", pl.col("line").cast(pl.Int64), "raw")
        rejects = pl.concat([rejects, lost]).sort("line", "rule")
    rows_in = int(counted.item()) + (raw.broken.height if raw.broken is not None else 0)
    good = staged.filter(pl.col("_rule").is_null()).drop("_rule")
    return Staged(raw=raw, plan=plan, good=good, rejects=rejects, rows_in=rows_in, decisions=decisions, extra=extra)


def _rejects(broken: pl.DataFrame, raw: RawTable) -> pl.DataFrame:
    schema = {"rule": pl.String, "line": pl.Int64, "raw": pl.String}
    if broken.is_empty():
        return pl.DataFrame(schema=schema)
    cells = (
        raw.frame.with_columns(pl.col(header).cast(pl.String) for header in raw.header)
        .filter(pl.col(ROW).is_in(broken[ROW].implode()))
        .collect()
        .join(broken, on=ROW, how="inner")
        .sort(ROW)
    )
    refined = rules.refine(cells, raw.header)
    mark = raw.layout.delimiter or "\t"
    return refined.select(
        "rule",
        pl.col(ROW).cast(pl.Int64).alias("line"),
        pl.concat_str([pl.col(header).fill_null("") for header in raw.header], separator=mark).alias("raw"),
    )
