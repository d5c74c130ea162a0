"""All sources of a run as canonical tables, with everything that was found and decided on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from acrm.errors import InputError, UsageError
from acrm.ingest import grain, identity, mapping, overlap, read, sources
from acrm.ingest.mapping import Plan
from acrm.ingest.options import IngestOptions
from acrm.ingest.raw import ROW, RawTable, SourceFile
from acrm.ingest.stage import DATED, KEYED, SAMPLE, Staged, stage
from acrm.ingest.vocabulary import normalise
from acrm.lineage import sha256
from acrm.messages import Message, text
from acrm.schema import LINEAGE, SCHEMA_VERSION, TABLES, polars_schema

REJECTS = {"file": pl.String, "line": pl.Int64, "rule": pl.String, "table": pl.String, "raw": pl.String}


@dataclass(kw_only=True)
class Input:
    """What one source table was found to be, and what became of its rows."""

    raw: RawTable
    plan: Plan
    staged: Staged | None = None
    rows_in: int = 0
    rejected: int = 0
    merged: int = 0
    derived: int = 0

    @property
    def name(self) -> str:
        """The table's name in outputs."""
        return self.raw.name


@dataclass(kw_only=True)
class Dataset:
    """Canonical tables, lazily; who was joined; what was rejected; how every source was read."""

    tables: dict[str, pl.LazyFrame]
    inputs: list[Input]
    rejects: pl.DataFrame
    links: pl.DataFrame
    shared: pl.DataFrame
    notes: list[Message] = field(default_factory=list)
    from_deals: bool = False
    """Whether the transactions are the won deals, for want of an orders file."""

    @property
    def rows_in(self) -> int:
        """Rows of all sources."""
        return sum(source.rows_in for source in self.inputs)

    def require(self, table: str, command: str) -> pl.LazyFrame:
        """The table, or the error that says what was recognised, what is missing, and the `--map` that would help."""
        if table in self.tables:
            return self.tables[table]
        seen = ", ".join(f"{source.name} ({_called(source.plan)})" for source in self.inputs)
        needs = "; ".join(
            text("ingest.or").join(name for name in part if "." not in name and "&" not in name)
            for part in mapping.REQUIRED[table]
        )
        source, found = self._nearest(table)
        if not found:
            raise InputError("table_missing", table=table, command=command, seen=seen, needs=needs)
        shown = " ".join(f"--map {name}={_quoted(header) if header else 'COLUMN'}" for name, header in found)
        raise InputError(
            "table_missing_map", table=table, command=command, seen=seen, needs=needs, file=source, map=shown
        )

    def _nearest(self, table: str) -> tuple[str, list[tuple[str, str | None]]]:
        """The source that lacks least of a table, with the column nearest to each thing it lacks."""
        raws = [source.raw for source in self.inputs if not source.raw.metadata]
        found = [(raw.name, mapping.nearest(raw, table)) for raw in raws]
        return min(found, key=lambda entry: sum(header is None for _, header in entry[1]), default=("", []))


def _called(plan: Plan) -> str:
    entity = text("ingest.no_table") if plan.entity == "other" else plan.entity
    return entity if plan.system == "unknown" else f"{plan.title}: {entity}"


def _quoted(header: str) -> str:
    return f'"{header}"' if set(header) & set(" ()'&;|<>*?$#") else header


def load(
    arguments: Sequence[str],
    options: IngestOptions,
    scratch: Path,
    columns: Mapping[str, frozenset[str]] | None = None,
) -> Dataset:
    """Read sources into canonical tables.

    Args:
        arguments: Files, globs, folders, stores, or `-`.
        options: What the user fixed.
        scratch: An empty folder that lives as long as the dataset.
        columns: Canonical columns wanted per table; tables left out are not made. None: everything.
    """
    raws: list[RawTable] = []
    files, copies = _without_copies(sources.find(arguments, scratch))
    for file in files:
        raws += read.read(file, options.read, scratch)
    _check_map(options, raws)
    inputs: list[Input] = []
    stored: dict[str, pl.LazyFrame] = {}
    for raw in raws:
        own = _own_table(raw)
        if own is None:
            inputs.append(_stage(raw, options, columns, scratch))
        elif own in TABLES or own.startswith("other_"):
            if columns is None or own in columns or own in ("customers", "deals"):
                frame = pl.scan_parquet(raw.source.path, glob=False)
                stored[own] = pl.concat([stored[own], frame], how="diagonal") if own in stored else frame
            inputs.append(_from_store(own, raw))
    dataset = _assemble(inputs, stored, columns, options)
    dataset.notes += [Message("clean.copy", {"file": copy, "of": original}) for copy, original in copies]
    if columns is None and not dataset.rows_in:
        raise InputError("no_rows", files=", ".join(source.name for source in dataset.inputs))
    return dataset


def _without_copies(files: list[SourceFile]) -> tuple[list[SourceFile], list[tuple[str, str]]]:
    """Files of different content, and the copies left out: (copy, the file it repeats byte for byte)."""
    kept: list[SourceFile] = []
    copies: list[tuple[str, str]] = []
    seen: dict[tuple[int, str], str] = {}
    sizes = Counter(file.bytes for file in files)
    for file in files:
        key = (file.bytes, sha256(file.path) if sizes[file.bytes] > 1 else "")
        if key in seen:
            copies.append((file.name, seen[key]))
        else:
            seen[key] = file.name
            kept.append(file)
    return kept, copies


def _own_table(raw: RawTable) -> str | None:
    """The table name when the source is a table of an acrm store, else None."""
    import json

    if "acrm" not in raw.metadata:
        return None
    made: dict[str, Any] = json.loads(raw.metadata["acrm"])
    if int(made.get("schema_version", 0)) > SCHEMA_VERSION:
        raise InputError("newer_store", file=raw.name, version=str(made.get("acrm", "?")))
    return str(made.get("table", "result"))


def _from_store(table: str, raw: RawTable) -> Input:
    plan = Plan(system="acrm", title="acrm store", entity=table, fields={})
    rows = int(raw.frame.select(pl.len()).collect().item())
    return Input(raw=raw, plan=plan, rows_in=rows)


def _check_map(options: IngestOptions, raws: list[RawTable]) -> None:
    """A `--map` whose column stands in no source is a typing error."""
    import difflib

    headers = [header for raw in raws for header in raw.header]
    folded = {normalise(header) for header in headers}
    for name, column in options.fields:
        if column not in headers and normalise(column) not in folded:
            close = difflib.get_close_matches(column, headers, n=1, cutoff=0.4)
            raise UsageError(
                "no_such_column", name=name, column=column, nearest=close[0] if close else ", ".join(headers[:8])
            )


def _stage(raw: RawTable, options: IngestOptions, columns: Mapping[str, frozenset[str]] | None, scratch: Path) -> Input:
    try:
        return _staged(raw, options, columns, scratch)
    except pl.exceptions.ComputeError:
        if raw.source.kind != "text" or raw.layout.lenient:
            raise
        # A record deep in a large file does not parse strictly: read it again, record by record.
        lenient = read.read(raw.source, options.read, scratch, lenient=True)[0]
        return _staged(lenient, options, columns, scratch)


def _staged(
    raw: RawTable, options: IngestOptions, columns: Mapping[str, frozenset[str]] | None, scratch: Path
) -> Input:
    plan = mapping.recognise(raw, raw.frame.head(SAMPLE // 10).collect(), options)
    # A table that is not asked for may still say that two customers are one.
    if not _wanted(plan, columns) and not identity.names_customers(plan):
        return Input(raw=raw, plan=plan)
    wanted = None if columns is None else _reading_set(plan, columns)
    staged = stage(raw, plan, options, wanted, scratch)
    return Input(raw=raw, plan=plan, staged=staged, rows_in=staged.rows_in, rejected=staged.rejects.height)


def _reading_set(plan: Plan, columns: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Fields to read so that the wanted columns come out the same as when everything is read."""
    persons = "customer_id email phone full_name first_name middle_name last_name company country"
    keys = {f"customers.{name}" for name in persons.split()}
    keys |= {name for name in plan.fields if name.partition(".")[2] in mapping.READING_FIELDS.get(plan.entity, {})}
    amounts = "line_amount quantity unit_price discount status currency customer_id stage deal_id name"
    decisive = {*amounts.split(), DATED.get(plan.entity, "customer_id"), *KEYED.get(plan.entity, ())}
    keys |= {f"{plan.entity}.{name}" for name in decisive}
    for table, names in columns.items():
        keys |= {f"{table}.{name}" for name in names}
    if plan.entity == "deals":
        keys |= {name for name in plan.fields if name.startswith(("deals.", "transactions."))}
    # Order ids that are made, and cents of a discount that is shared, depend on the whole line.
    whole = plan.has("transactions.order_discount") or not plan.has("transactions.order_id")
    if plan.entity == "transactions" and whole:
        keys |= {name for name in plan.fields if name.startswith("transactions.")}
    return frozenset(keys)


def _assemble(
    inputs: list[Input],
    stored: Mapping[str, pl.LazyFrame],
    columns: Mapping[str, frozenset[str]] | None,
    options: IngestOptions,
) -> Dataset:
    staged = [source for source in inputs if source.staged is not None]
    simple = not any(identity.has_keys(source.staged) for source in staged if source.staged)
    named = [(source, source.staged, _referenced(source, source.staged, simple)) for source in staged if source.staged]
    links = pl.DataFrame(schema={"customer_id": pl.String, "joined": pl.String, "rule": pl.String, "value": pl.String})
    shared = pl.DataFrame(schema={"kind": pl.String, "value": pl.String, "ids": pl.Int64})
    references = customers = None
    people = [(table, good) for _, table, good in named if identity.names_customers(table.plan)]
    if people and not simple:
        who = identity.resolve(people)
        references, links, shared, customers = who.references.lazy(), who.links, who.shared, who.customers
    elif people and (columns is None or "customers" in columns):
        customers = identity.listed(people)
    gathered: dict[str, list[tuple[str | None, pl.LazyFrame]]] = {}
    notes: list[Message] = []
    for source, table, good in named:
        if table.plan.entity == "customers" or not _wanted(table.plan, columns):
            continue
        made = grain.parts(table, good)
        source.merged, source.derived = made.merged, made.derived
        notes += made.notes
        for name, frame in made.tables.items():
            keyed = table.plan.has("deals.deal_id") or table.plan.has("transactions.order_id")
            system = table.plan.system if keyed else None
            gathered.setdefault(name, []).append((system, _identified(frame, references)))
    told = list(gathered.get("deals", []))
    sold = _with_stored(gathered, stored)
    tables = {name: overlap.once(name, frames, notes) for name, frames in gathered.items()}
    lines = tables.pop("deal_lines", None)
    from_deals = "transactions" not in tables and (bool(told) or sold is not None)
    if from_deals:
        tables["transactions"] = _sales(told, lines, sold, options.time_zone)
    if "transactions" in tables:
        tables["transactions"] = _with_order_ids(tables["transactions"])
    if customers is not None:
        known = [(overlap.STORE, tables["customers"])] if "customers" in tables else []
        tables["customers"] = overlap.once("customers", [*known, ("", customers)], [])
    rejects = [
        source.staged.rejects.select(
            pl.lit(source.name).alias("file"), "line", "rule", pl.lit(source.plan.entity).alias("table"), "raw"
        )
        for source in staged
        if source.staged
    ]
    return Dataset(
        tables=tables,
        inputs=inputs,
        rejects=pl.concat([pl.DataFrame(schema=REJECTS), *rejects]).sort("file", "line", "rule"),
        links=links,
        shared=shared,
        notes=notes,
        from_deals=from_deals,
    )


def _with_stored(
    gathered: dict[str, list[tuple[str | None, pl.LazyFrame]]], stored: Mapping[str, pl.LazyFrame]
) -> pl.LazyFrame | None:
    """Put the rows of stores before the new ones, but for sales that came from deals, which are returned."""
    sold = None
    for name, frame in stored.items():
        rows = frame
        if name == "transactions":
            from_deal = pl.col("_flags").str.contains("from_deal").fill_null(False)
            sold, rows = frame.filter(from_deal), overlap.unnamed(frame.filter(~from_deal))
            if not rows.head(1).collect().height:
                continue
        gathered.setdefault(name, []).insert(0, (overlap.STORE, rows))
    return sold


def _sales(
    told: list[tuple[str | None, pl.LazyFrame]], lines: pl.LazyFrame | None, sold: pl.LazyFrame | None, zone: str | None
) -> pl.LazyFrame:
    """Won deals as transactions; those of a store stay as they are, unless a file tells of the deal again."""
    frames = [] if sold is None else [sold]
    if told:
        deals = overlap.once("deals", told, [])
        again = deals.select(pl.col("deal_id").alias("order_id"))
        frames = [frame.join(again, on="order_id", how="anti", maintain_order="left") for frame in frames]
        frames.append(grain.sales_of_deals(deals, lines, zone))
    return pl.concat(frames, how="diagonal")


def _wanted(plan: Plan, columns: Mapping[str, frozenset[str]] | None) -> bool:
    """Whether a table is one of those asked for, or makes one of them."""
    return columns is None or plan.entity in columns or plan.entity in ("customers", "deals")


def _referenced(source: Input, table: Staged, simple: bool) -> pl.LazyFrame:
    """The good rows with the reference of their customer; rows of a customer list that name nobody are rejected."""
    good = identity.referenced(table, simple)
    if table.plan.entity != "customers":
        return good
    nobody = good.filter(pl.col("ref").is_null()).select(ROW, rule=pl.lit("missing_key")).collect()
    if nobody.height:
        table.reject(nobody)
        source.rejected = table.rejects.height
    return good.filter(pl.col("ref").is_not_null())


def _identified(frame: pl.LazyFrame, references: pl.LazyFrame | None) -> pl.LazyFrame:
    """Replace the rows' customer references by customer ids."""
    names = frame.collect_schema().names()
    if references is None or "customer_id" not in names:
        return frame
    renamed = references.rename({"customer_id": "_who"})
    joined = frame.join(renamed, left_on="customer_id", right_on="ref", how="left", maintain_order="left")
    return joined.with_columns(customer_id=pl.col("_who")).select(names)


def _with_order_ids(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Make order ids where a source has none: each row an order, `customer/time/n`, the same whatever the row order."""
    have = lines.collect_schema().names()
    if "order_id" not in have:
        lines = lines.with_columns(order_id=pl.lit(None, pl.String))
        known = None
    else:
        known = lines.filter(pl.col("order_id").is_not_null())
        if not lines.filter(pl.col("order_id").is_null()).head(1).collect().height:
            return lines
    content = [name for name in have if name not in (*LINEAGE, "_flags", "order_id")]
    first = [name for name in ("customer_id", "ordered_at") if name in have]
    rest = [name for name in content if name not in first]
    made = lines.filter(pl.col("order_id").is_null()).sort(*first, *rest, nulls_last=True).with_row_index("_n")
    start = pl.col("_n").min().over(first)
    stamp = pl.col("ordered_at").dt.strftime("%Y-%m-%dT%H:%M:%S").str.strip_suffix("T00:00:00")
    order_id = pl.concat_str(
        pl.col("customer_id").fill_null("-"), stamp, (pl.col("_n") - start + 1).cast(pl.String), separator="/"
    )
    flags = pl.concat_str([pl.col("_flags"), pl.lit(overlap.MADE_ID)], separator=" ", ignore_nulls=True)
    made = made.with_columns(order_id=order_id, _flags=flags).drop("_n")
    return made if known is None else pl.concat([known, made], how="diagonal")


def shaped(table: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    """Every canonical column in schema order (null where no source has it), then extras by name, lineage and flags."""
    have = frame.collect_schema().names()
    if table not in TABLES:
        rest = [name for name in have if name not in (*LINEAGE, "_flags")]
        return frame.select(*rest, *(name for name in (*LINEAGE, "_flags") if name in have))
    schema = polars_schema(table)
    columns = [
        pl.col(name).cast(kind) if name in have else pl.lit(None, kind).alias(name) for name, kind in schema.items()
    ]
    extras = sorted(name for name in have if name not in schema and name not in (*LINEAGE, "_flags"))
    return frame.select(*columns, *extras, *(name for name in (*LINEAGE, "_flags") if name in have))
