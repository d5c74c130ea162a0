"""One raw table, read once: parsed, its bad rows set apart, held in memory or (large) in a scratch Parquet file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from acrm.errors import InputError
from acrm.ingest import currency, dates, derive, extras, numbers, parse, rules
from acrm.ingest.mapping import Plan, field_kind
from acrm.ingest.options import IngestOptions
from acrm.ingest.raw import ROW, RawTable
from acrm.ingest.vocabulary import folded
from acrm.messages import Message
from acrm.schema import TABLES

SAMPLE = 50_000
_SMALL_BYTES = 64 << 20
_MORE_DECIMALS = r"[.,]\d{4}\d*[1-9]"
_MOST_UNREAD = 4
"""More unread dates than this, and than half of the rows, say that the way they are written is not known."""
_NULL_DAY = r"^(01\.01\.0001|0001-01-01|1/1/0001|30\.12\.1899|1899-12-30|00\.00\.0000|0000-00-00)"
DATED = {"transactions": "ordered_at", "interactions": "started_at", "campaigns": "date", "payments": "paid_at"}
DATED |= {"deal_stages": "entered_at", "service_costs": "period"}
KEYED = {
    "products": ("product_id", "name"),
    "deals": ("deal_id", "name"),
    "units": ("unit",),
    "stock": ("product_id",),
}
KEYED |= {"customers": ("customer_id", "email", "phone", "full_name", "last_name", "first_name", "company")}
_TELLING = ("deals.stage", "deals.created_at", "customers.email", "customers.phone", "interactions.started_at")
"""A row with one of these is a record, though its first cell reads `Total`: there are firms of that name."""
_CONTACTS = ("customers.full_name", "customers.email", "customers.phone", "deals.name", "customers.last_name")


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
    dtypes = chosen.collect_schema()
    lazy = parse.cleaned(chosen, mapped, dtypes)
    small = _is_small(raw)
    base = lazy.collect() if small else lazy.head(SAMPLE).collect()
    decisions = parse.decide(plan, names, base, options)
    if not small:
        decisions = _settle(decisions, plan, names, lazy, base, options)
    decisions.currency = currency.of_table(plan, base.lazy() if small else lazy, decisions)
    _refuse_doubts(raw, decisions, plan)
    extra = {name: header for name, header in extra.items() if not small or extras.filled(base[header])}
    if not small and raw.source.kind == "text":
        # A scan of some columns would cut a record that is too long without a word.
        raw.frame.select(pl.col(raw.header).str.len_bytes().max()).collect(engine="streaming")
    while True:
        frame = _parsed(base.lazy() if small else lazy, plan, names, dtypes, decisions, extra)
        staged = frame.collect().lazy() if small else _on_disk(frame, scratch)
        revised = None if small else _revise(staged, lazy, plan, names, base, decisions, options)
        if revised is not None:
            base, decisions = revised
            _refuse_doubts(raw, decisions, plan)
            continue
        unread = extras.unread(staged, plan, extra) if columns is None else {}
        if not unread:
            return _split(staged, raw, plan, decisions, extra)
        extra |= unread


def _on_disk(frame: pl.LazyFrame, scratch: Path) -> pl.LazyFrame:
    """The frame from a file of its own in the scratch folder: memory holds a part of it at a time."""
    path = scratch / f"staged-{len(list(scratch.iterdir()))}.parquet"
    frame.sink_parquet(path, compression="lz4", row_group_size=250_000)
    return pl.scan_parquet(path)


def _is_small(raw: RawTable) -> bool:
    inflation = 8 if raw.source.compression or raw.source.kind == "parquet" else 1
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
    money = currency.of_rows(plan, dtypes, decisions)
    if money is not None:
        more.append(money.alias(f"{entity}.currency"))
    parsed = parsed.with_columns(*more, _flags(plan, names, dtypes).alias("_flags"))
    if entity in ("transactions", "deals"):
        parsed = derive.with_status(parsed, plan, names)
    if entity == "transactions":
        parsed = derive.with_amount(parsed, names)
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
        _rule(plan, names, dtypes).alias("_rule"),
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
    own |= {"order_total", "order_discount", "refunded_amount", "refunded_quantity"}
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


def _flags(plan: Plan, names: list[str], dtypes: pl.Schema) -> pl.Expr:
    """Marks of a row: values that did not parse, ids damaged by a spreadsheet, test rows."""
    marks = []
    for name in names:
        kind = field_kind(name)
        if name in plan.literals or name.split(".")[1] in ("money_text", "test_mark"):
            continue
        text = [dtypes[header] == pl.String for header in plan.fields[name]]
        if kind in ("date", "datetime", "money", "number", "integer", "bool") and all(text):
            source = parse.source_text(plan, name, dtypes)
            bad = source.is_not_null() & pl.col(name).is_null()
            if kind in ("date", "datetime"):
                bad = bad & ~source.str.contains(_NULL_DAY)
            marks.append(pl.when(bad).then(pl.lit(f"bad_value:{name.split('.')[1]}")))
            if kind == "money":
                cut = source.str.contains(_MORE_DECIMALS)
                marks.append(pl.when(cut).then(pl.lit(f"too_many_decimals:{name.split('.')[1]}")))
        if (
            kind == "id"
            and name.endswith(("customer_id", "order_id", "deal_id", "product_id", "card_number"))
            and all(text)
        ):
            marks.append(
                pl.when(parse.exponent_id(plan, name, dtypes)).then(pl.lit(f"id_exponent:{name.split('.')[1]}"))
            )
    tests = [parse.source_text(plan, name, dtypes) for name in _CONTACTS if name in names and name in plan.fields]
    test = rules.is_test(tests)
    if "transactions.test_mark" in names:
        mark = folded(parse.source_text(plan, "transactions.test_mark", dtypes))
        test = test | mark.str.contains(r"\b(test|тест)\b").fill_null(False)
    if tests or "transactions.test_mark" in names:
        marks.append(pl.when(test).then(pl.lit("test_row")))
    return pl.concat_str(marks, separator=" ", ignore_nulls=True) if marks else pl.lit("")


def _rule(plan: Plan, names: list[str], dtypes: pl.Schema) -> pl.Expr:
    """The rule a row breaks, null when it stays; `rules.refine` says it more exactly later."""
    broken: list[pl.Expr] = []
    entity = plan.entity
    dated = f"{entity}.{DATED[entity]}" if entity in DATED else ""
    if dated and dated in plan.fields:
        source = parse.source_text(plan, dated, dtypes)
        no_day = source.is_null() | source.str.contains(_NULL_DAY)
        empty = pl.col(dated).is_null()
        broken.append(pl.when(empty & no_day).then(pl.lit("missing_date")).when(empty).then(pl.lit("bad_date")))
    if entity == "transactions":
        amounts = [
            name
            for name in ("transactions.line_amount", "transactions.unit_price")
            if name in names and name in plan.fields
        ]
        texts = [parse.source_text(plan, name, dtypes).is_not_null() for name in amounts]
        bad = pl.all_horizontal(texts) if texts else pl.lit(False)
        empty = pl.col("transactions.line_amount").is_null()
        broken.append(pl.when(empty & bad).then(pl.lit("bad_amount")).when(empty).then(pl.lit("missing_amount")))
    keys = [f"{entity}.{name}" for name in KEYED.get(entity, ()) if f"{entity}.{name}" in names]
    if keys:
        empty = pl.all_horizontal(pl.col(name).is_null() for name in keys)
        broken.append(pl.when(empty).then(pl.lit("missing_key")))
    if entity != "transactions":
        headers = [header for header in dtypes.names() if header != ROW]
        texts = [parse.text_of(header, dtypes) for header in headers]
        telling = [pl.col(name).is_not_null() for name in _TELLING if name in names]
        record = pl.any_horizontal(telling) if telling else pl.lit(False)
        broken.append(pl.when(rules.is_totals(texts[0]) & ~record).then(pl.lit("totals_row")))
        blank = pl.all_horizontal(text.is_null() | (text.str.strip_chars() == "") for text in texts)
        broken.append(pl.when(blank).then(pl.lit("blank_row")))
    return pl.coalesce(broken) if broken else pl.lit(None, pl.String)


def _revise(
    staged: pl.LazyFrame,
    lazy: pl.LazyFrame,
    plan: Plan,
    names: list[str],
    sample: pl.DataFrame,
    decisions: parse.Decisions,
    options: IngestOptions,
) -> tuple[pl.DataFrame, parse.Decisions] | None:
    """When cells of a large file did not parse, decide anew with their texts; None when that changes nothing."""
    marks = {
        name: pl.col("_flags").str.contains(rf"(^| )bad_value:{name.partition('.')[2]}( |$)").fill_null(False)
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
    revised.currency = currency.of_table(plan, lazy, revised)
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
        dated = plan.fields[f"{plan.entity}.{DATED[plan.entity]}"][0]
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
