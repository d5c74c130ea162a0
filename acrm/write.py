"""Results out: Parquet and CSV data files and a JSON manifest, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

import polars as pl

from acrm import messages
from acrm.errors import OutputError, UsageError
from acrm.limits import check
from acrm.lineage import Lineage, dumps, listed, sha256
from acrm.messages import Message
from acrm.publish import new, publish, reported, writing

if TYPE_CHECKING:
    import pyarrow.parquet as pq

    from acrm.options import Run, Writing
    from acrm.render.blocks import Page

ROW_GROUP = 1 << 18
_BOM = b"\xef\xbb\xbf"
_PART = 1 << 16
_SUFFIXES = (".parquet", ".csv", ".json", ".html")
_TURN = 60.0
"""Seconds to wait while another command writes its result to the same folder."""
# What a spreadsheet would run: a cell that starts so, unless all of it is a number or a phone.
_FORMULA = r"^([=+\-@\t\r\n])"
_NUMBER = r"^[+-]?[0-9][0-9 .,]*$"


class Result(Protocol):
    """What an analysis returns, as far as writing is concerned; the first table is the main one."""

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """Sorted tables by name."""

    @property
    def summary(self) -> Mapping[str, object]:
        """Flat figures."""

    @property
    def notes(self) -> tuple[Message, ...]:
        """Warnings in plain words."""

    @property
    def actions(self) -> pl.DataFrame | None:
        """What to do about whom."""

    @property
    def document(self) -> Mapping[str, object]:
        """What JSON tells besides."""

    @property
    def files(self) -> Mapping[str, str]:
        """Further text files by name."""

    @property
    def apart(self) -> frozenset[str]:
        """Tables whose files have no command in their names."""


def emit(run: Run, result: Result, writing: Writing, lineage: Lineage, page: Callable[[], Page]) -> None:
    """Write the files of a result, show it on standard output, then hold it against `--fail-on`.

    Args:
        run: The command being run.
        result: What it found.
        writing: Where it goes; `out` of `-` sends the main table to standard output instead of files and summary.
        lineage: What it was found from; becomes metadata and manifest.
        page: Makes the summary to show; not called when something else is asked for.
    """
    if writing.out == "-":
        if writing.json:
            raise UsageError("json_and_table")
        for part in csv_parts(next(iter(result.tables.values()))):
            run.console.data(part)
    else:
        sources = [Path(source) for source in run.sources]
        written = write_result(result, Path(writing.out), run.command, writing.formats, lineage, sources)
        run.console.status(Message("write.wrote", {"folder": writing.out, "files": messages.listed(written, 12)}))
        if writing.json:
            run.console.data(to_json(result, run.command).encode())
        else:
            run.console.show(page())
    check(writing.fail_on, result.summary)


def write_result(
    result: Result, out: Path, command: str, formats: Iterable[str], lineage: Lineage, sources: Iterable[Path] = ()
) -> list[str]:
    """Write `<command>.parquet`, `<command>_<table>.parquet`, their CSV twins if asked for, and `<command>.json`.

    All files are complete before the first takes its name, so a run that fails leaves the files of the last one.

    Returns:
        The names of the files, in order.

    Raises:
        UsageError: A file would overwrite one of `sources`.
        OutputError: A file cannot be written.
    """
    main, *others = result.tables
    stems = {name: name if name in result.apart else f"{command}_{name}" for name in others}
    frames = {command: result.tables[main]} | {stem: result.tables[name] for name, stem in stems.items()}
    if result.actions is not None:
        frames[f"{command}_actions"] = result.actions
    taken = {source.resolve() for source in sources}
    outputs: list[dict[str, object]] = []
    with writing(out, _TURN), reported(out):
        before = {name for name in listed(out / f"{command}.json") if name.endswith(_SUFFIXES)}
        for stem, frame in frames.items():
            for suffix in formats:
                name = f"{stem}.{suffix}"
                if (out / name).resolve() in taken:
                    raise UsageError("is_input", path=out / name)
                if (out / name).exists() and name not in before:
                    raise OutputError("not_ours", path=out / name)
                path = new(out, name)
                (write_parquet if suffix == "parquet" else write_csv)(frame, path, lineage)
                outputs.append({"name": name, "rows": frame.height, "sha256": sha256(path)})
        for name, content in result.files.items():
            if (out / name).exists() and name not in before:
                raise OutputError("not_ours", path=out / name)
            path = new(out, name)
            path.write_text(content, encoding="utf-8", newline="\n")
            outputs.append({"name": name, "sha256": sha256(path)})
        names = [str(output["name"]) for output in outputs]
        content = manifest(result, lineage, outputs)
        new(out, f"{command}.json").write_text(content, encoding="utf-8", newline="\n")
        # Left over from a run with other options, they would pass for a part of this result.
        stale = [name for name in sorted(before - {*names}) if (out / name).resolve() not in taken]
        publish(out, [*names, f"{command}.json"], stale)
    return [*names, f"{command}.json"]


def write_text(path: Path, content: str, sources: Iterable[Path] = ()) -> None:
    """Write one text file whole, or not at all.

    Raises:
        UsageError: It would overwrite one of `sources`.
        OutputError: It cannot be written.
    """
    if path.resolve() in {source.resolve() for source in sources}:
        raise UsageError("is_input", path=path)
    with writing(path.parent, _TURN), reported(path.parent):
        new(path.parent, path.name).write_text(content, encoding="utf-8", newline="\n")
        publish(path.parent, [path.name])


def write_parquet(frame: pl.DataFrame, path: Path, lineage: Lineage) -> None:
    """Write one table; the same table and lineage give the same bytes."""
    frame.write_parquet(path, compression="zstd", row_group_size=ROW_GROUP, metadata=lineage.metadata())


class Sink:
    """A Parquet file that is written piece by piece, so that memory need not hold all of its rows.

    The same rows give the same bytes, however they are cut into pieces. While one piece is written the next is made.
    """

    def __init__(self, path: Path, metadata: Mapping[str, str]) -> None:
        """Prepare a file; what it says of itself is in `metadata`."""
        self._path, self._metadata = path, dict(metadata)
        self._file: pq.ParquetWriter | None = None
        self._rest: pl.DataFrame | None = None
        self._writer = ThreadPoolExecutor(max_workers=1)
        self._written: Future[None] | None = None

    def __enter__(self) -> Self:
        """The sink itself."""
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Write the last rows and close the file."""
        try:
            if self._rest is not None and kind is None:
                self._hand_over(self._rest)
                self._hand_over(None)
        finally:
            self._writer.shutdown()
            if self._file is not None:
                self._file.close()

    def write(self, rows: pl.DataFrame) -> None:
        """Add rows; all pieces have the same columns."""
        waiting = rows if self._rest is None else pl.concat([self._rest, rows])
        whole = waiting.height // ROW_GROUP * ROW_GROUP
        if whole:
            self._hand_over(waiting[:whole])
        self._rest = waiting[whole:]

    def _hand_over(self, rows: pl.DataFrame | None) -> None:
        if self._written is not None:
            self._written.result()
        self._written = None if rows is None else self._writer.submit(self._append, rows)

    def _append(self, rows: pl.DataFrame) -> None:
        import pyarrow.parquet as pq

        if self._file is not None and rows.is_empty():
            return
        # Group by group, as each is copied on the way; one of an empty table, too.
        for start in range(0, rows.height or 1, ROW_GROUP):
            table = rows[start : start + ROW_GROUP].rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
            if self._file is None:
                texts = [name for name, kind in rows.schema.items() if kind == pl.String]
                schema = table.schema.with_metadata(self._metadata)
                # Dictionaries of amounts cost more than they save.
                self._file = pq.ParquetWriter(self._path, schema, compression="zstd", use_dictionary=texts)
            self._file.write_table(table)


def write_csv(frame: pl.DataFrame, path: Path, _lineage: Lineage) -> None:
    """Write one table for a spreadsheet: with a byte order mark, and nothing in it that would run."""
    with path.open("wb") as file:
        file.write(_BOM)
        file.writelines(csv_parts(frame))


def csv_parts(frame: pl.DataFrame, *, russian: bool | None = None) -> Iterator[bytes]:
    """The table as UTF-8 CSV, piece by piece; Russian programs want `;` and a decimal comma.

    `russian` of None follows the language in use.

    A text that a spreadsheet would take for a formula gets a leading apostrophe, in headers too; texts that are numbers
    or phones (`-5`, `+79123456789`) stay. Lists are joined with `, `. Times are UTC.

    >>> print(*(part.decode() for part in csv_parts(pl.DataFrame({"name": ["=1+1"], "phone": ["+79120000000"]}))))
    name,phone
    '=1+1,+79120000000
    <BLANKLINE>
    """
    russian = messages.language() == "ru" if russian is None else russian
    nested = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    texts = [name for name, kind in frame.schema.items() if name in nested or kind == pl.String]
    heads = pl.DataFrame({"head": frame.columns}, schema={"head": pl.String}).select(_safe(pl.col("head")))["head"]
    flat = frame.with_columns(pl.col(nested).cast(pl.List(pl.String)).list.join(", "))
    ready = flat.with_columns(_safe(pl.col(texts))).rename(dict(zip(frame.columns, heads, strict=True)))
    # A table without rows still has a header, which is the first part.
    for start in range(0, max(ready.height, 1), _PART):
        yield (
            ready.slice(start, _PART)
            .write_csv(
                include_header=start == 0,
                separator=";" if russian else ",",
                decimal_comma=russian,
                datetime_format="%Y-%m-%d %H:%M:%S%.f",
            )
            .encode()
        )


def _safe(texts: pl.Expr) -> pl.Expr:
    return pl.when(texts.str.contains(_NUMBER)).then(texts).otherwise(texts.str.replace(_FORMULA, "'$1"))


def manifest(
    result: Result, lineage: Lineage, outputs: Iterable[Mapping[str, object]] = (), tables: Iterable[str] = ()
) -> str:
    """What stands beside the data files: lineage, files, figures, notes and the result's small `tables`, as JSON."""
    listed = {name: result.tables[name].to_dicts() for name in tables}
    return dumps(lineage.as_dict() | {"outputs": list(outputs)} | _summary(result) | listed) + "\n"


def to_json(result: Result, command: str, tables: Iterable[str] = ()) -> str:
    """The summary and small `tables` as one JSON document, figures exact, keys always in the same order."""
    listed = {name: result.tables[name].to_dicts() for name in tables}
    return dumps({"command": command} | _summary(result) | listed) + "\n"


def _summary(result: Result) -> dict[str, object]:
    return {
        "summary": dict(result.summary),
        "notes": [{"id": note.id, "text": str(note)} for note in result.notes],
        **result.document,
    }
