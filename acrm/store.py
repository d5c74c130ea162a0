"""The cleaned store: a folder of canonical Parquet tables that appears, and is replaced, as a whole."""

from __future__ import annotations

import filecmp
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from acrm import known
from acrm.errors import InputError, OutputError
from acrm.ingest.assembly import IDENTITIES
from acrm.ingest.dataset import ASIDE, ORDERS, Dataset, shaped
from acrm.lineage import KEY, Lineage, dumps, is_manifest
from acrm.messages import listed, number, text
from acrm.publish import new, publish, reported, standing, writing
from acrm.schema import LINEAGE, TABLES
from acrm.summaries.ledger import order_parts
from acrm.validity import rules_of
from acrm.write import ROW_GROUP, Sink

SCORECARD, DECISIONS = "scorecard", "decisions"
MANIFEST, DICTIONARY, REVIEW = "clean.json", "dictionary.md", "review.csv"
_SCORE = ("table", "field", "filled", "valid")
_MARKUP = str.maketrans({"<": "&lt;", "&": "&amp;"} | {sign: f"\\{sign}" for sign in "\\|`*[]"})
"""What would be Markdown or HTML in names from the data."""
_FILES = 3
_AT_ONCE = 1_500_000
"""Order lines that are sorted in memory at once."""
Finish = Callable[[pl.LazyFrame, pl.Expr], pl.LazyFrame]


@dataclass(frozen=True, kw_only=True)
class Written:
    """A table of the store after writing: its rows and how many cells of each column are filled."""

    name: str
    path: Path
    """Where it is before `commit`."""
    rows: int
    filled: Mapping[str, int]

    def scan(self) -> pl.LazyFrame:
        """The table, not yet committed."""
        return pl.scan_parquet(self.path, glob=False)


def is_store(folder: Path) -> bool:
    """Whether a folder is a store."""
    return is_manifest(folder / MANIFEST)


def prepare(
    dataset: Dataset, folder: Path, lineage: Lineage, before: Path | None = None, *, release: bool = False
) -> list[Written]:
    """Write all tables of a dataset, sorted by their keys, beside the store's present ones; `commit` publishes them.

    The folder is held by `publish.writing`, which cleans up when this fails.

    Args:
        dataset: The tables.
        folder: Where they go.
        lineage: Where they come from; its `as_of` is the day of the run.
        before: The store that is added to: what it said otherwise is kept in `former_` tables.
        release: Let go of each table when it is written; until `commit` the dataset reads it from there.
    """
    frames = {name: shaped(name, frame) for name, frame in sorted(dataset.tables.items())}
    frames |= {name: frame.lazy() for name, frame in dataset.asides().items()}
    # Customers are made anew of the identities, for any day.
    timeless = {*ASIDE, "customers"} - {IDENTITIES} if IDENTITIES in frames else {*ASIDE}
    written = []
    with reported(folder):
        folder.mkdir(parents=True, exist_ok=True)
        names = [*frames, ORDERS] if "transactions" in frames else [*frames]
        _refuse_foreign(folder, [*(f"{name}.parquet" for name in names), MANIFEST, DICTIONARY])
        # What takes most memory comes when nothing else is held there any more.
        for name in sorted(frames, key=lambda name: name == "transactions"):
            frame = frames.pop(name)
            if name in timeless:
                made, former = [_written(name, frame, folder, lineage)], None
            else:
                since = known.Since(name, before, lineage.as_of)
                if name == "transactions":
                    made = _written_lines(frame, folder, lineage, since)
                else:
                    made = [_written(name, frame, folder, lineage, since)]
                former = known.gone(name, made[0].path, before, lineage.as_of)
            written += made
            if former is not None:
                written.append(_written(f"{known.FORMER}{name}", former, folder, lineage))
            if release:
                dataset.release(name, made[0].scan())
            del frame, former
    return written


def prepare_aside(name: str, frame: pl.DataFrame, folder: Path, lineage: Lineage) -> Written:
    """Write one more table beside those of `prepare`: one that is made of what they hold."""
    with reported(folder):
        _refuse_foreign(folder, [f"{name}.parquet"])
        return _written(name, frame.lazy(), folder, lineage)


def _undated(rows: pl.LazyFrame, chosen: pl.Expr) -> pl.LazyFrame:
    return rows.filter(chosen)


def _written(
    name: str,
    frame: pl.LazyFrame,
    folder: Path,
    lineage: Lineage,
    finished: Finish = _undated,
) -> Written:
    path = new(folder, f"{name}.parquet")
    made = lineage.as_dict() | {"table": name}
    _sink(name, frame, path, {KEY: dumps(made, indent=None)}, finished)
    return _count(name, path)


def _count(name: str, path: Path) -> Written:
    """What the file says of its own columns; nothing of it is read again."""
    import pyarrow.parquet as pq

    made = pq.read_metadata(path)
    filled: Counter[str] = Counter()
    for group in map(made.row_group, range(made.num_row_groups)):
        for column in map(group.column, range(made.num_columns)):
            # A group without rows has no statistics.
            filled[column.path_in_schema] += column.num_values - (column.statistics.null_count if group.num_rows else 0)
    columns = [column for column in made.schema.names if column not in (*LINEAGE, "_flags")]
    return Written(name=name, path=path, rows=made.num_rows, filled={column: filled[column] for column in columns})


def _sink(
    table: str,
    frame: pl.LazyFrame,
    path: Path,
    metadata: dict[str, str],
    finished: Finish,
) -> None:
    """Write a table in the order of its key, then of its whole content: the order of the source leaves no trace.

    Args:
        table: Its name.
        frame: Its rows.
        path: The file to write.
        metadata: What the file says of itself.
        finished: The last touch to the rows that a condition chooses.
    """
    names = frame.collect_schema().names()
    key: list[str] = []
    about = table.removeprefix(known.FORMER)
    if about in TABLES:
        key = [name for name in TABLES[about].key if name in names]
    elif about.startswith("other_"):
        key = ["_source_file", "row"]
    rest = [name for name in names if name not in (*key, *LINEAGE, "_flags")]
    lineage = [name for name in LINEAGE if name in names and name not in key]
    rows = finished(frame, pl.lit(True))
    # A customer has one row.
    keys = key if table == "customers" else [*key, *rest, *lineage]
    ordered = rows.sort(keys, nulls_last=True) if key or about != table else rows
    ordered.sink_parquet(path, compression="zstd", row_group_size=ROW_GROUP, metadata=metadata)


def _written_lines(lines: pl.LazyFrame, folder: Path, lineage: Lineage, finished: Finish) -> list[Written]:
    """Write the order lines and the ledger of their orders.

    Only the lines of so many consecutive orders are in memory at a time, so that memory stays flat as lines grow.
    """
    paths = {name: new(folder, f"{name}.parquet") for name in ("transactions", ORDERS)}
    with ExitStack() as files:
        sinks = {
            name: files.enter_context(Sink(path, {KEY: dumps(lineage.as_dict() | {"table": name}, indent=None)}))
            for name, path in paths.items()
        }
        for orders in _ranges(lines):
            numbered = _numbered(finished(lines, orders).collect(engine="streaming"))
            sinks["transactions"].write(numbered)
            sinks[ORDERS].write(_ledger(numbered))
    return [_count(name, path) for name, path in paths.items()]


def _numbered(lines: pl.DataFrame) -> pl.DataFrame:
    """Order lines sorted by order and content, numbered from 1 within each order."""
    ahead = ("order_id", "line_no", "ordered_at", "product_id", "product_name", "quantity", "unit_price", "line_amount")
    last = [name for name in LINEAGE if name in lines.columns]
    rest = [name for name in lines.columns if name not in (*ahead, *last, known.SINCE)]
    # A column without any value orders nothing, and costs as much as the others.
    keys = [name for name in (*ahead, *rest, *last) if lines[name].null_count() < lines.height]
    first = pl.col("order_id").ne_missing(pl.col("order_id").shift(1)) | (pl.col("_at") == 0)
    start = pl.when(first).then(pl.col("_at")).forward_fill()
    ordered = lines.sort(keys, nulls_last=True) if keys else lines
    return ordered.with_row_index("_at").with_columns(line_no=(pl.col("_at") - start + 1).cast(pl.Int64)).drop("_at")


def _ledger(lines: pl.DataFrame) -> pl.DataFrame:
    """The orders of some lines, sorted; `alone` are those that one row stands for."""
    keys = ("order_id", "customer_id", "ordered_on", "part", "currency")
    made = order_parts(lines.lazy()).collect().sort(keys, nulls_last=True).select(*keys, "lines", "amount", "opens")
    small = (pl.col("part", "opens").cast(pl.Int8), pl.col("lines").cast(pl.Int32))
    return made.with_columns(*small, alone=pl.struct(keys[:2]).is_unique())


def _ranges(lines: pl.LazyFrame) -> list[pl.Expr]:
    """Conditions that cut the lines into ranges of orders of about `_AT_ONCE` lines each."""
    rows = int(lines.select(pl.len()).collect().item())
    count = -(-rows // _AT_ONCE)
    if count <= 1:
        return [pl.lit(True)]
    some = lines.select(pl.col("order_id").gather_every(101)).collect().to_series().sort()
    edges = [some[some.len() * part // count] for part in range(1, count)]
    order = pl.col("order_id")
    middle = [(order >= low) & (order < high) for low, high in pairwise(edges)]
    return [order < edges[0], *middle, order >= edges[-1]]


def commit(out: Path, written: Iterable[Written], texts: Mapping[str, str]) -> None:
    """Publish prepared tables as the store `out`: all of them, or none; tables that the store no longer has go.

    Args:
        out: The store.
        written: What `prepare` wrote there.
        texts: Further text files of the store: name -> content.
    """
    with reported(out):
        for name, content in texts.items():
            new(out, name).write_bytes(content.encode())
        names = [*(f"{table.name}.parquet" for table in written), *texts]
        stale = [path.name for path in sorted(out.glob("*.parquet")) if path.name not in names and _ours(path)]
    publish(out, names, stale)


def unchanged(out: Path, written: Iterable[Written], texts: Mapping[str, str]) -> bool:
    """Whether tables and texts are, byte for byte, those that the store has; the prepared ones are then put away."""
    tables = list(written)
    if not all((out / name).exists() and (out / name).read_bytes() == texts[name].encode() for name in texts):
        return False
    same = {path.name for path in out.glob("*.parquet") if _ours(path)} == {f"{table.name}.parquet" for table in tables}
    if not same or not all(filecmp.cmp(table.path, out / f"{table.name}.parquet", shallow=False) for table in tables):
        return False
    _discard(table.path for table in tables)
    return True


def record(folder: Path, decisions: pl.DataFrame, lineage: Lineage) -> int:
    """Add decisions to a store, each `decision_id` once; a store that has them all stays as it is, to the byte.

    Args:
        folder: The store.
        decisions: Columns of the canonical table.
        lineage: The run that made them; the table says of itself what the store's others say, so that it is one of
            them, and this besides.

    Returns:
        How many decisions are new.

    Raises:
        InputError: There is no store, or it does not know the customers.
        OutputError: It cannot be written.
    """
    if not is_store(folder):
        raise InputError("record_no_store", path=folder)
    name = f"{DECISIONS}.parquet"
    with writing(folder), reported(folder):
        _refuse_foreign(folder, [name])
        path = folder / name
        before = pl.read_parquet(path, glob=False) if path.exists() else decisions.head(0)
        fresh = decisions.join(before, on="decision_id", how="anti").unique("decision_id")
        if fresh.is_empty():
            return 0
        strangers = fresh.join(_customers(folder).collect(), on="customer_id", how="anti")["customer_id"].sort()
        if len(strangers):
            raise InputError("record_strangers", path=folder, count=len(strangers), ids=listed(strangers, 3))
        unread = {"_source_file": pl.String, "_source_row": pl.Int64, "_flags": pl.String}
        marks = [pl.lit(None, kind).alias(column) for column, kind in unread.items()]
        dated = fresh.with_columns(*marks, pl.col("made_at").alias(known.SINCE))
        table = shaped(DECISIONS, pl.concat([before, dated], how="diagonal").lazy())
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"), parse_float=Decimal)
        made = {key: manifest[key] for key in lineage.as_dict() if key in manifest}
        made |= {"table": DECISIONS, "recorded_by": lineage.as_dict()}
        _sink(DECISIONS, table, new(folder, name), {KEY: dumps(made, indent=None)}, _undated)
        others = [output for output in manifest.get("outputs", []) if output["name"] != name]
        manifest["outputs"] = [*others, {"name": name, "rows": before.height + fresh.height}]
        new(folder, MANIFEST).write_bytes((dumps(manifest) + "\n").encode())
        publish(folder, [name, MANIFEST])
    return fresh.height


def _customers(folder: Path) -> pl.LazyFrame:
    """The ids of all customers that some table of a store names."""
    tables = [pl.scan_parquet(path, glob=False) for path in sorted(folder.glob("*.parquet")) if _ours(path)]
    named = [table.select("customer_id") for table in tables if "customer_id" in table.collect_schema().names()]
    return pl.concat([pl.LazyFrame(schema={"customer_id": pl.String}), *named]).unique()


def _refuse_foreign(folder: Path, names: Iterable[str]) -> None:
    """Replace nothing that acrm did not write: an export may have the name of a table."""
    ours = is_manifest(folder / MANIFEST)
    for name in names:
        path = folder / name
        if path.exists() and not (_ours(path) if path.suffix == ".parquet" else ours):
            raise OutputError("not_ours", path=path)


def _discard(paths: Iterable[Path]) -> None:
    for path in list(paths):
        path.unlink(missing_ok=True)


def _ours(path: Path) -> bool:
    """Whether a file is a table of a store; other results of acrm may stand in the same folder."""
    try:
        return "table" in json.loads(pl.read_parquet_metadata(path).get(KEY, "{}"))
    except (pl.exceptions.PolarsError, OSError, ValueError):
        return False


def said(folder: Path, table: str) -> list[dict[str, Any]]:
    """A small table of a store's manifest; no rows where there is no such store or table."""
    path = standing(folder / MANIFEST)
    if not is_manifest(path):
        return []
    found = json.loads(path.read_text(encoding="utf-8")).get(table, [])
    return [row for row in found if isinstance(row, dict)]


def scored(folder: Path) -> pl.DataFrame | None:
    """The scorecard of a store; None where it has none."""
    path = standing(folder / f"{SCORECARD}.parquet")
    return pl.read_parquet(path, glob=False) if path.exists() and _ours(path) else None


def with_earlier(fields: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """Which column of which file feeds which field, with what the store's manifest says of files of earlier runs."""
    earlier = pl.DataFrame(said(folder, "fields"), schema=fields.schema)
    rest = earlier.filter(~pl.col("file").is_in(fields["file"].unique().implode()))
    return pl.concat([rest, fields]).sort("file", "field", "column", nulls_last=True)


def dictionary(written: Iterable[Written], card: pl.DataFrame | None = None, fields: pl.DataFrame | None = None) -> str:
    """The data dictionary of a store: every table and column, its type, how full and valid it is, meaning and origin.

    Args:
        written: The tables.
        card: Their scorecard.
        fields: `file`, `column` and the `field` that it feeds.
    """
    heads = ("column", "type", "filled", "valid", "meaning", "rules", "origin")
    lines = [f"# {text('dictionary.title')}", ""]
    scores = {} if card is None else {(table, field): row for table, field, *row in card.select(_SCORE).iter_rows()}
    origins = {} if fields is None else _origins(fields)
    for table in written:
        if table.name not in TABLES:
            continue
        lines += [
            f"## {table.name}",
            "",
            text(f"table.{table.name}"),
            "",
            f"| {' | '.join(text(f'dictionary.{head}') for head in heads)} |",
            "|---|---|--:|--:|---|---|---|",
        ]
        kinds = {column.name: column.kind for column in TABLES[table.name].columns}
        for column, count in table.filled.items():
            ours = column in kinds
            plain = count / table.rows if table.rows else None
            # Of a field with a score the cells that could not be read are filled, too.
            shares = scores.get((table.name, column), (plain, None))
            cells = (
                column,
                kinds.get(column, "text"),
                *("-" if share is None else number(share, ".1%") for share in shares),
                text(f"column.{table.name}.{column}") if ours else text("dictionary.extra"),
                "; ".join(map(str, rules_of(table.name, column))) if ours else "",
                origins.get(f"{table.name}.{column}") or origins.get(column, ""),
            )
            lines.append(f"| {' | '.join(cell.translate(_MARKUP) for cell in cells)} |")
        lines.append("")
    return "\n".join(lines)


def _origins(fields: pl.DataFrame) -> dict[str, str]:
    """Field -> the columns that feed it, each with its files."""
    columns: dict[str, dict[str, list[str]]] = {}
    for file, column, field in fields.select("file", "column", "field").drop_nulls().iter_rows():
        columns.setdefault(field, {}).setdefault(column, []).append(file)
    return {
        field: "; ".join(f"{' '.join(column.split())} ({listed(files, _FILES)})" for column, files in found.items())
        for field, found in columns.items()
    }
