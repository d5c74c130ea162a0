"""The account of a run: what was found in which file, what was decided, what became of every row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from acrm import lineage as lineage_of
from acrm.ingest import amounts as amounts_of_lines
from acrm.ingest.dataset import Dataset, Input
from acrm.ingest.mapping import field_kind, unmapped
from acrm.ingest.rules import RULES
from acrm.lineage import Lineage
from acrm.messages import Message, listed, text


def lineage(dataset: Dataset, command: str, options: Mapping[str, tuple[object, str]]) -> Lineage:
    """Where the run's results come from: files with fingerprints and rows, rows in and rejected."""
    inputs = _inputs(dataset.inputs)
    rejected = dataset.rejects.height
    return Lineage(
        command=command,
        options=options,
        inputs=inputs,
        rows_in=dataset.rows_in,
        rows_out=dataset.rows_in - rejected,
        rows_rejected=rejected,
    )


def store_lineage(
    dataset: Dataset, command: str, options: Mapping[str, tuple[object, str]], as_of: date | None = None
) -> Lineage:
    """Where a store comes from: the files of this run and those that the stores among its sources were made of.

    Rows are those of all these files, so that a run that tells nothing new leaves the lineage as it is. A file keeps
    the day of the run that brought it.
    """
    told = [source for source in dataset.inputs if source.plan.system != "acrm"]
    days = {(one.name, one.sha256): one.since for one in dataset.ledger}
    known = {(one.name, one.sha256): one for one in (*dataset.ledger, *_inputs(told))}
    today = as_of.isoformat() if as_of else ""
    known = {key: replace(one, since=days.get(key) or today) for key, one in known.items()}
    rows, rejected = sum(one.rows for one in known.values()), dataset.asides()["rejects"].height
    return Lineage(
        command=command,
        options=options,
        as_of=as_of,
        inputs=tuple(known[key] for key in sorted(known)),
        rows_in=rows,
        rows_out=rows - rejected,
        rows_rejected=rejected,
    )


def _inputs(sources: Iterable[Input]) -> tuple[lineage_of.Input, ...]:
    files: dict[str, list[Input]] = {}
    for source in sources:
        files.setdefault(source.raw.source.name, []).append(source)
    return tuple(
        lineage_of.Input(
            name=name,
            sha256=found[0].raw.source.sha256,
            bytes=found[0].raw.source.bytes,
            files=len(found[0].raw.source.parts),
            rows=sum(source.rows_in for source in found),
            system=next((one.plan.system for one in found if one.plan.system not in ("unknown", "acrm")), ""),
            orders=sum(source.orders for source in found),
            deals=sum(source.deals for source in found),
        )
        for name, found in sorted(files.items())
    )


_READ = frozenset({"status_conflict", "bad_value", "too_many_decimals", "id_exponent", "test_row"})
"""Flags set when a row is read; the others come up when tables are made of the rows."""
_MADE = frozenset(rule.id for rule in RULES if rule.action == "flag") - _READ
_DELIMITERS = {"\t": "tab", " ": "spaces"}


def sources(dataset: Dataset) -> pl.DataFrame:
    """One row per source table: what it is, how it is laid out, and its rows in = kept + rejected.

    The tables of a store that files are added to are not among them.
    """
    added = any(source.plan.system != "acrm" for source in dataset.inputs)
    rows = [
        {
            "file": source.name,
            "system": source.plan.system,
            "table": source.plan.entity,
            "rows_in": source.rows_in,
            "kept": source.rows_in - source.rejected,
            "rejected": source.rejected,
            "merged": source.merged,
            "derived": source.derived,
            "layout": layout(source),
        }
        for source in dataset.inputs
        if not (added and source.plan.system == "acrm")
    ]
    return pl.DataFrame(rows, infer_schema_length=None).sort("file")


def layout(source: Input) -> str:
    """Encoding, delimiter and header row in a few words."""
    found = source.raw.layout
    parts = [found.encoding or source.raw.source.kind]
    if files := len(source.raw.source.parts):
        parts.append(text("clean.files", n=files))
    if found.delimiter:
        parts.append(_DELIMITERS.get(found.delimiter, f"'{found.delimiter}'"))
    if found.header_row is None and source.raw.source.kind == "text":
        parts.append(text("clean.no_header"))
    elif found.header_row and found.header_row > 1:
        parts.append(text("clean.header_row", row=found.header_row))
    if found.lenient:
        parts.append(text("clean.lenient"))
    return " ".join(parts)


def decisions(dataset: Dataset) -> pl.DataFrame:
    """What was decided about values: one row per file and decision, with the source columns it is about."""
    rows: list[dict[str, str]] = []
    for source in dataset.inputs:
        found: dict[str, list[str]] = {}
        for decision, column in _decided(source):
            if column not in found.setdefault(decision, []):
                found[decision].append(column)
        rows += [{"file": source.name, "decision": said, "columns": ", ".join(of)} for said, of in found.items()]
    schema = {"file": pl.String, "decision": pl.String, "columns": pl.String}
    return pl.DataFrame(rows, schema=schema).sort("file", maintain_order=True)


def _decided(source: Input) -> Iterator[tuple[str, str]]:
    if source.staged is None:
        return
    made, plan = source.staged.decisions, source.plan
    for name, form in made.dates.items():
        if form.formats and name in plan.fields:
            yield " | ".join(map(_readable, form.formats)), plan.fields[name][0]
    for name, number in made.numbers.items():
        if number.style != "plain" and number.decimal == "," and name in plan.fields:
            yield text("clean.decimal_comma"), plan.fields[name][0]
    for name in sorted(made.float_ids):
        yield text("clean.float_ids"), plan.fields[name][0]
    for said in source.staged.reading.said():
        yield text(said), source.staged.reading.column
    if taxed := amounts_of_lines.tax_columns(plan):
        yield text(taxed[0]), taxed[1]
    if made.currency:
        amounts = (plan.fields[name][0] for name in made.numbers if field_kind(name) == "money")
        yield made.currency, next(amounts, "")


def _readable(form: str) -> str:
    """A date format as people write it.

    >>> _readable("%d.%m.%Y %H:%M:%S")
    'dd.mm.yyyy hh:mm:ss'
    """
    names = {"%d": "dd", "%m": "mm", "%Y": "yyyy", "%y": "yy", "%H": "hh", "%I": "hh", "%M": "mm", "%S": "ss"}
    for code, letters in names.items():
        form = form.replace(code, letters)
    return form.replace("%.f", ".f").replace("%p", "am/pm").replace("%z", "±hhmm")


def fields(dataset: Dataset) -> pl.DataFrame:
    """One row per source column: the canonical field it feeds or the `x_` column it is kept as; null when empty."""
    rows: list[dict[str, Any]] = []
    for source in dataset.inputs:
        plan = source.plan
        for name, headers in plan.fields.items():
            rows += [{"file": source.name, "column": header, "field": name} for header in headers]
        kept = {header: name for name, header in source.staged.extra.items()} if source.staged else {}
        rest = unmapped(plan, source.raw) if source.plan.system != "acrm" else ()
        rows += [{"file": source.name, "column": header, "field": kept.get(header)} for header in rest]
    schema = {"file": pl.String, "column": pl.String, "field": pl.String}
    return pl.DataFrame(rows, schema=schema).unique().sort("file", "field", "column", nulls_last=True)


def rules(dataset: Dataset) -> pl.DataFrame:
    """One row per rule that rejected or flagged rows: rule, action, rows, meaning."""
    counts: dict[str, int] = dict(dataset.rejects.group_by("rule").len().iter_rows())
    flagged = [source.staged.good.select("_flags") for source in dataset.inputs if source.staged]
    if flagged:
        _add_flags(counts, pl.concat(pl.collect_all(flagged)).lazy() if len(flagged) > 8 else pl.concat(flagged), _READ)
    for frame in dataset.tables.values():
        if "_flags" in frame.collect_schema().names():
            _add_flags(counts, frame, _MADE)
    order = {rule.id: (index, rule.action) for index, rule in enumerate(RULES)}
    rows = [
        {"rule": rule, "action": order[rule][1], "rows": int(count), "meaning": text(f"rule.{rule}")}
        for rule, count in sorted(counts.items(), key=lambda item: order[item[0]][0])
    ]
    schema = {"rule": pl.String, "action": pl.String, "rows": pl.Int64, "meaning": pl.String}
    return pl.DataFrame(rows, schema=schema)


def _add_flags(counts: dict[str, int], frame: pl.LazyFrame, flags: frozenset[str]) -> None:
    """Count the rows that carry each flag; a flag set on reading is counted where it was read, once."""
    found = (
        frame.select(pl.col("_flags").drop_nulls().str.split(" ").explode().str.extract(r"^([a-z_]+)"))
        .group_by("_flags")
        .len()
        .collect()
    )
    for flag, count in found.iter_rows():
        if flag in flags:
            counts[flag] = counts.get(flag, 0) + count


def notes(dataset: Dataset) -> tuple[Message, ...]:
    """What the reader should know: unrecognised tables, shared contacts, broken references between tables."""
    found = list(dataset.notes)
    for source in dataset.inputs:
        found += source.raw.notes
        if source.plan.entity == "other":
            if len(source.plan.lacks) == 1:
                entity = source.plan.lacks[0].partition(".")[0]
                needs = ", ".join(lack.partition(".")[2].replace("|", text("ingest.or")) for lack in source.plan.lacks)
                found.append(Message("clean.nearly", {"file": source.name, "table": entity, "needs": needs}))
            else:
                found.append(Message("clean.unrecognised", {"file": source.name}))
        renamed = source.raw.layout.renamed
        if renamed and source.plan.system != "acrm":
            found.append(Message("clean.renamed", {"file": source.name, "columns": listed(renamed)}))
    links = dataset.links.drop_nulls("customer_id").group_by("rule").len().sort("rule")
    for rule, joined in links.iter_rows():
        found.append(Message("clean.joined", {"kind": text(f"clean.kind_{rule}"), "n": joined}))
    if dataset.review is not None and dataset.review.height:
        found.append(Message("clean.review", {"pairs": dataset.review.height, "file": "review.csv"}))
    for kind, value, ids in dataset.shared.iter_rows():
        found.append(Message("clean.shared", {"kind": text(f"clean.kind_{kind}"), "value": value, "ids": ids}))
    if not dataset.from_deals and "transactions" in dataset.tables and "deals" in dataset.tables:
        won = dataset.tables["deals"].filter(pl.col("status") == "won").select(pl.len()).collect().item()
        if won:
            found.append(Message("clean.won_not_sales", {"deals": int(won)}))
    return (*found, *_orphans(dataset))


def _orphans(dataset: Dataset) -> Iterator[Message]:
    """Products that are sold but stand in no product list."""
    products = dataset.tables.get("products")
    if products is None:
        return
    have = products.collect_schema().names()
    known = pl.concat(
        [products.select(pl.col(name).alias("product_id")) for name in ("product_id", "name") if name in have]
    )
    for table in ("transactions", "deals"):
        frame = dataset.tables.get(table)
        if frame is None or "product_id" not in frame.collect_schema().names():
            continue
        if table == "transactions" and dataset.from_deals:
            continue
        orphans = (
            frame.filter(pl.col("product_id").is_not_null())
            .join(known.unique(), on="product_id", how="anti")
            .group_by("product_id")
            .len()
            .sort("len", "product_id", descending=[True, False])
            .collect()
        )
        if orphans.height:
            named = ", ".join(f"{product} ({count:,d})" for product, count in orphans.head(5).iter_rows())
            yield Message(
                "clean.orphans",
                {"table": table, "rows": int(orphans["len"].sum()), "products": orphans.height, "named": named},
            )
