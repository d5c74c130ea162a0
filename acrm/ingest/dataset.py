"""All sources of a run as canonical tables, with everything that was found and decided on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from acrm import known, lineage
from acrm.errors import InputError
from acrm.ingest import assembly, completion, deals, grain, mapping, overrides, read, remote, sources, suggest
from acrm.ingest.assembly import IDENTITIES, Assembled
from acrm.ingest.mapping import Plan
from acrm.ingest.options import IngestOptions
from acrm.ingest.people import mentions, privacy
from acrm.ingest.raw import RawTable
from acrm.ingest.stage import SAMPLE, Staged, stage
from acrm.ingest.verdict import DATED, KEYED
from acrm.messages import Message, listed, text
from acrm.schema import LINEAGE, SCHEMA_VERSION, TABLES, polars_schema

ORDERS = "orders"
"""The ledger of orders that a store keeps beside its order lines: `summaries.ledger.order_parts` of them."""
ASIDE = ("rejects", "links", IDENTITIES, "scorecard", ORDERS)
"""Tables of a store that are about its other tables: how they were made, how good they are."""


def aside(name: str) -> bool:
    """Whether a table of a store is not one of those that analyses read."""
    return name in ASIDE or name.startswith(known.FORMER)


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
    orders: int = 0
    deals: int = 0

    @property
    def name(self) -> str:
        """The table's name in outputs."""
        return self.raw.name


@dataclass(kw_only=True)
class Dataset(Assembled):
    """The tables of a run, with how every source was read and what was rejected."""

    inputs: list[Input]
    rejects: pl.DataFrame
    kept: Mapping[str, pl.LazyFrame] = field(default_factory=dict)
    """Rejects, links and identities of the stores among the sources."""
    ledger: tuple[lineage.Input, ...] = ()
    """Files that the stores among the sources were made of."""
    orders: pl.LazyFrame | None = None
    """The ledger of orders, where the order lines are those of one store."""

    @property
    def rows_in(self) -> int:
        """Rows of all sources."""
        return sum(source.rows_in for source in self.inputs)

    def asides(self) -> dict[str, pl.DataFrame]:
        """Rejects and links for a store: this run's, and what the stores read keep of earlier runs.

        Rejects of a file that was read again are those of this run.
        """
        rejects, links = self.rejects, self.links
        if "rejects" in self.kept:
            earlier = self.kept["rejects"].select(*REJECTS).collect()
            files = {source.raw.source.name for source in self.inputs if source.plan.system != "acrm"}
            told = earlier["file"].unique().to_list()
            again = [name for name in told if name in files or name.rpartition("[")[0] in files]
            earlier = earlier.filter(~pl.col("file").is_in(again))
            rejects = pl.concat([earlier, rejects]).sort("file", "line", "rule", "table", "raw", nulls_last=True)
        identities = self.identities
        if identities is None and IDENTITIES in self.kept:
            identities, links = self.kept[IDENTITIES].collect(), self.kept.get("links", links.lazy()).collect()
        found = {"rejects": rejects} | ({"links": links} if links.height else {})
        return found if identities is None else found | {IDENTITIES: identities}

    def release(self, table: str, written: pl.LazyFrame) -> None:
        """Read a table from where it was written, and hold it in memory no longer."""
        if table in self.tables:
            self.tables[table] = written
        elif table == IDENTITIES:
            self.identities = None

    def require(self, table: str, command: str) -> pl.LazyFrame:
        """The table, or the error that says what was recognised, what is missing, and the `--map` that would help."""
        if table in self.tables:
            return self.tables[table]
        seen = listed(f"{source.name} ({_called(source.plan)})" for source in self.inputs)
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
        found = [(raw.name, suggest.nearest(raw, table)) for raw in raws]
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
    asked: frozenset[str] | None = None,
    *,
    in_place: bool = False,
) -> Dataset:
    """Read sources into canonical tables.

    Args:
        arguments: Files, globs, folders, stores, or `-`.
        options: What the user fixed.
        scratch: An empty folder that lives as long as the dataset.
        columns: Canonical columns wanted per table; tables left out are not made. None: everything.
        asked: For an analysis the columns that the user named: of the others those that no row fills are left out, as
            whether there are any must not depend on where a table is read from. None: what is made is to be stored.
        in_place: Copy nothing of a store out of its object store, as a cluster reads it there.
    """
    raws: list[RawTable] = []
    files, copies = sources.without_copies(sources.find(arguments, scratch, in_place=in_place))
    for file in files:
        raws += read.read(file, options.read, scratch)
    overrides.check_map(options, raws)
    overrides.check_prefer(options)
    overrides.check_known_at(options, raws)
    privacy.check(raws, options.key)
    _refuse_parts(raws, arguments)
    inputs: list[Input] = []
    stored: dict[str, list[pl.LazyFrame]] = {}
    aside: dict[str, pl.LazyFrame] = {}
    for raw in raws:
        own = _own_table(raw)
        if own is None:
            inputs.append(_stage(raw, options, columns, scratch))
        elif own in TABLES or own.startswith("other_"):
            frame = _scanned(raw, own, options)
            if columns is None or own in columns or own in ("customers", "deals"):
                stored.setdefault(own, []).append(frame)
            inputs.append(_from_store(own, raw, _height(frame)))
        elif own in ASIDE and own not in (ORDERS, None if columns is None else "rejects"):
            frame = _scanned(raw, own, options)
            aside[own] = pl.concat([aside[own], frame], how="diagonal") if own in aside else frame
    ledger = _ledger(raws, options.known_at)
    aside |= _rejected_until(aside, ledger, options.known_at)
    gone = _told_anew(inputs, ledger, options)
    dropped = [
        Message("clean.made_way", {"table": name, "rows": sum(_height(frame.filter(gone[name])) for frame in frames)})
        for name, frames in sorted(stored.items())
        if name in options.full
    ]
    stored = {
        name: [frame.filter(~gone[name]) if name in gone else frame for frame in frames]
        for name, frames in stored.items()
    }
    if IDENTITIES in aside:
        aside[IDENTITIES] = aside[IDENTITIES].filter(~gone[IDENTITIES])
    systems = {one.name: one.system or "unknown" for one in ledger}
    alone = _is_one_store(inputs, options)
    made = (
        assembly.as_stored(stored)
        if alone
        else assembly.assemble(inputs, stored, aside, systems, columns, options, scratch)
    )
    if asked is not None:
        made.tables = assembly.as_asked(made, columns, asked)
    rejects = _rejects(inputs)
    rejects = privacy.coded(rejects.lazy(), "rejects", options.key).collect() if options.key else rejects
    dataset = Dataset(
        **vars(made), inputs=inputs, rejects=rejects, kept=aside, ledger=ledger, orders=_orders(raws, alone=alone)
    )
    dataset.notes += dropped
    dataset.notes += [Message("clean.copy", {"file": copy, "of": original}) for copy, original in copies]
    if columns is None and not dataset.rows_in:
        raise InputError("no_rows", files=listed(source.name for source in dataset.inputs))
    return dataset


def _refuse_parts(raws: list[RawTable], arguments: Sequence[str]) -> None:
    if raws and all(_own_table(raw) in ASIDE for raw in raws):
        # Where a copy of an object stands is nobody's business.
        urls = [argument.rpartition("/")[0] for argument in arguments if remote.is_url(argument)]
        raise InputError("part_of_store", path=raws[0].name, folder=urls[0] if urls else raws[0].source.path.parent)


def _rejected_until(
    aside: Mapping[str, pl.LazyFrame], ledger: tuple[lineage.Input, ...], known_at: date | None
) -> dict[str, pl.LazyFrame]:
    """The rejects of the files that were known on a day."""
    if known_at is None or "rejects" not in aside:
        return {}
    book = pl.col("file").str.replace(lineage.SHEET, "")
    return {"rejects": aside["rejects"].filter(book.is_in([one.name for one in ledger]))}


def _is_one_store(inputs: list[Input], options: IngestOptions) -> bool:
    """Whether all there is to read is one store, as it is."""
    folders = {source.raw.source.path.parent for source in inputs}
    once = len({source.plan.entity for source in inputs}) == len(inputs)
    asked = options.link or options.decisions or options.prefer or options.known_at or options.key or options.full
    return not asked and once and len(folders) == 1 and all(source.plan.system == "acrm" for source in inputs)


def _orders(raws: list[RawTable], *, alone: bool) -> pl.LazyFrame | None:
    """The ledger of orders of a store that is read by itself."""
    kept = {raw.source.path.parent: raw.source for raw in raws if _own_table(raw) == ORDERS}
    lines = [raw.source.path.parent for raw in raws if alone and _own_table(raw) == "transactions"]
    return remote.scan(kept[lines[0]]) if lines and lines[0] in kept else None


def _scanned(raw: RawTable, table: str, options: IngestOptions) -> pl.LazyFrame:
    """A table of a store, as it is or was; of a plain store that is to be pseudonymised, in codes."""
    frame = remote.scan(raw.source)
    if options.known_at is None or known.SINCE not in frame.collect_schema():
        frame = frame.drop(known.SINCE, strict=False)
    else:
        former = raw.source.path.with_name(f"{known.FORMER}{table}.parquet")
        frame = known.on(options.known_at, frame, pl.scan_parquet(former, glob=False) if former.exists() else None)
    if options.key is None or privacy.of_store(raw.metadata) is not None:
        return frame
    return privacy.coded(frame, table, options.key)


def _ledger(raws: list[RawTable], known_at: date | None) -> tuple[lineage.Input, ...]:
    """The files that the stores among the sources were made of, until a day."""
    import json

    found = set()
    for raw in raws:
        made = json.loads(raw.metadata.get(lineage.KEY, "{}"))
        found |= {lineage.Input(**told) for told in made.get("inputs", []) if "table" in made}
    until = known_at.isoformat() if known_at else "9999"
    return tuple(sorted((one for one in found if one.since <= until), key=lambda one: (one.name, one.sha256)))


def _height(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect().item())


def _told_anew(inputs: list[Input], ledger: tuple[lineage.Input, ...], options: IngestOptions) -> dict[str, pl.Expr]:
    """Which rows of a store go before this run's rows come, by table.

    Those of files that are read again, so that another reading of a file leaves nothing of the former; and of the
    tables that are told in full (`--full`), those of all earlier files of the same system.
    """
    told = [source for source in inputs if source.plan.system != "acrm"]
    versions = Counter(one.name for one in ledger)
    known = {(one.name, one.sha256) for one in ledger if versions[one.name] == 1}
    names = {source.raw.source.name: source.raw.source for source in told}
    again = [name for name, file in names.items() if versions[name] == 1 and (name, file.sha256) in known]
    gone = dict.fromkeys((*TABLES, IDENTITIES), _of_files(again))
    # Such deals are more than the file that is read again can tell.
    gone["deals"] &= ~pl.col("_flags").str.contains(deals.COMPLETED).fill_null(False)
    for table in options.full:
        systems = {source.plan.system for source in told if source.plan.entity == table}
        earlier = [one.name for one in ledger if (one.system or "unknown") in systems]
        gone[table] = _of_files([*again, *earlier])
        if table == "customers":
            gone[IDENTITIES] = _of_files(again) | (_of_files(earlier) & pl.col("_master"))
    return gone


def _of_files(names: list[str]) -> pl.Expr:
    """Whether a row was read from one of the files, or from a sheet of one."""
    file = pl.col("_source_file")
    return (file.is_in(names) | file.str.replace(lineage.SHEET, "").is_in(names)).fill_null(False)


def _rejects(inputs: list[Input]) -> pl.DataFrame:
    found = [
        source.staged.rejects.select(
            pl.lit(source.name).alias("file"), "line", "rule", pl.lit(source.plan.entity).alias("table"), "raw"
        )
        for source in inputs
        if source.staged
    ]
    return pl.concat([pl.DataFrame(schema=REJECTS), *found]).sort("file", "line", "rule")


def _own_table(raw: RawTable) -> str | None:
    """The table name when the source is a table of an acrm store, else None."""
    import json

    if "acrm" not in raw.metadata:
        return None
    made: dict[str, Any] = json.loads(raw.metadata["acrm"])
    if int(made.get("schema_version", 0)) > SCHEMA_VERSION:
        raise InputError("newer_store", file=raw.name, version=str(made.get("acrm", "?")))
    return str(made.get("table", "result"))


def _from_store(table: str, raw: RawTable, rows: int) -> Input:
    plan = Plan(system="acrm", title="acrm store", entity=table, fields={})
    return Input(raw=raw, plan=plan, rows_in=rows)


def _stage(raw: RawTable, options: IngestOptions, columns: Mapping[str, frozenset[str]] | None, scratch: Path) -> Input:
    try:
        return _staged(raw, options, columns, scratch)
    except (pl.exceptions.PolarsError, OSError) as error:
        if raw.source.is_remote:
            raise remote.unreachable(raw.source.location or raw.source.parts[0], error) from error
        if str(error).startswith("parquet: "):
            raise InputError("broken_parquet", path=raw.source.damaged()) from error
        if not isinstance(error, pl.exceptions.ComputeError):
            raise
        if raw.source.kind != "text" or raw.layout.lenient:
            raise
        # A record deep in a large file does not parse strictly: read it again, record by record.
        lenient = read.read(raw.source, options.read, scratch, lenient=True)[0]
        return _staged(lenient, options, columns, scratch)


def _staged(
    raw: RawTable, options: IngestOptions, columns: Mapping[str, frozenset[str]] | None, scratch: Path
) -> Input:
    sample = raw.frame.head(SAMPLE // 10).collect()
    plan = completion.completed(mapping.recognise(raw, sample, options), raw, sample)
    # A table that is not asked for may still say that two customers are one.
    if not assembly.wanted(plan, columns) and not mentions.names_customers(plan):
        return Input(raw=raw, plan=plan)
    wanted = None if columns is None else _reading_set(plan, columns)
    staged = stage(raw, plan, options, wanted, scratch)
    return Input(raw=raw, plan=plan, staged=staged, rows_in=staged.rows_in, rejected=staged.rejects.height)


def _reading_set(plan: Plan, columns: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Fields to read so that the wanted columns come out the same as when everything is read."""
    # Who is who depends on what is told of customers, and of two values the newest counts.
    keys = {name for name in plan.fields if name.startswith("customers.")}
    keys |= {f"{plan.entity}.created_at"}
    keys |= {name for name in plan.fields if name.partition(".")[2] in mapping.READING_FIELDS.get(plan.entity, {})}
    amounts = "line_amount quantity unit_price discount status currency customer_id stage deal_id name amount purpose"
    decisive = {*amounts.split(), DATED.get(plan.entity, "customer_id"), *KEYED.get(plan.entity, ())}
    keys |= {f"{plan.entity}.{name}" for name in decisive}
    for table, names in columns.items():
        keys |= {f"{table}.{name}" for name in names}
    if plan.entity == "deals":
        keys |= {name for name in plan.fields if name.startswith(("deals.", "transactions."))}
    keys |= grain.deciding(plan)
    # Order ids that are made, and cents of a discount that is shared, depend on the whole line.
    whole = plan.has("transactions.order_discount") or not plan.has("transactions.order_id")
    if plan.entity == "transactions" and whole:
        keys |= {name for name in plan.fields if name.startswith("transactions.")}
    return frozenset(keys)


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
