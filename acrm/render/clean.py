"""The summary of a cleaning run, and of what a store is good for."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from acrm.messages import Message, number, text
from acrm.render.blocks import Block, Cell, Col, Facts, Grid, Headline, Lines, Page, Steps
from acrm.render.quality import contact_line, worst_line

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.clean import CleanResult

_MOST_FILES = 30
_FEW = 12
"""More files than this are shown together where they are alike."""


def clean_page(
    result: CleanResult, out: str | None, commands: Sequence[str], *, became: str = "written", verbose: bool = False
) -> Page:
    """What was found, what became of every row, what the tables are good for; `out` is None after a dry run.

    `became` says what the store is now: written, added (to), or same.

    The mapping of every column is shown for a single file, or when `verbose`. Of many files those that are alike stand
    in one line, unless `verbose`. Everything always stands in the manifest.
    """
    figures = result.summary
    words = {"rows": figures["rows_in"], "kept": figures["kept"], "rejected": figures["rejected"]}
    sub = text(f"clean.{became}", out=out) if out else text("clean.not_written")
    sources, several = result.tables["sources"], result.tables["sources"].height > 1
    read = _ways(sources, result.tables["decisions"], result.tables["fields"], several=several)
    groups = _alike(read, together=sources.height > _FEW and not verbose)
    blocks: list[Block] = [
        Headline(text("clean.headline", **words), sub),
        _sources(groups, counted=len(groups) < sources.height),
        _decisions(groups, several=several),
        _mapping(result.tables["fields"]) if verbose or not several else Facts([]),
        _leftovers(result.tables["fields"], several=several),
        _rules(result.tables["rules"]),
        _tables(result.tables["tables"], result.tables["columns"]),
        Lines(_quality(result)),
        Lines(_notes(result.notes), mark="!"),
        ready_grid(result.tables["readiness"], commands),
    ]
    if out:
        where = shlex.quote(out)
        ready = result.tables["readiness"].filter("ready")["command"].to_list()
        steps = [(f"acrm rfm {where}", text("clean.step_rfm"))] if "rfm" in ready else []
        steps.append((f"acrm doctor {where}", text("clean.step_doctor")))
        blocks.append(Steps(steps, text("clean.next")))
    return Page(blocks)


_Source = dict[str, Any]


def _ways(sources: pl.DataFrame, decisions: pl.DataFrame, fields: pl.DataFrame, *, several: bool) -> list[_Source]:
    """The sources with what was decided about their values, and the fields that their columns feed.

    Of several sources the ways alone are said, of one file the columns too.
    """
    said: dict[str, list[str]] = {}
    for file, decision, columns in decisions.select("file", "decision", "columns").iter_rows():
        said.setdefault(file, []).append(decision if several else f"{decision} ({columns})")
    feeds: dict[str, list[str]] = {}
    for file, column, name in fields.select("file", "column", "field").iter_rows():
        feeds.setdefault(file, []).append(f"{column}={name}")
    return [
        {
            **row,
            "said": said.get(row["file"], []),
            "feeds": feeds.get(row["file"], []) if row["table"] != "other" else [],
        }
        for row in sources.iter_rows(named=True)
    ]


def _alike(sources: list[_Source], *, together: bool) -> list[_Source]:
    """The sources by themselves, or `together` where system, table, layout, ways and fields are the same."""
    groups: dict[object, list[_Source]] = {}
    for source in sources:
        same = (source["system"], source["table"], source["layout"], *source["said"], *source["feeds"])
        groups.setdefault(same if together else source["file"], []).append(source)
    sums = ("rows_in", "kept", "rejected", "merged", "derived")
    return [
        {
            **group[0],
            **{name: sum(source[name] for source in group) for name in sums},
            "file": _pattern([source["file"] for source in group]),
            "files": len(group),
        }
        for group in groups.values()
    ]


def _pattern(names: Sequence[str]) -> str:
    """One name for many files: what they have in common, else the first.

    >>> _pattern(["sales-01.csv", "sales-02.csv"]), _pattern(["a.csv", "b.txt"]), _pattern(["a.csv"])
    ('sales-0*.csv', 'a.csv …', 'a.csv')
    """
    if len(names) == 1:
        return names[0]
    start = _start(names)
    end = _start([name[len(start) :][::-1] for name in names])[::-1]
    return f"{start}*{end}" if start else f"{names[0]} …"


def _start(names: Sequence[str]) -> str:
    """What all names begin with."""
    low, high = min(names), max(names)
    return low[
        : next((place for place, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low))
    ]


def _sources(groups: Sequence[_Source], *, counted: bool) -> Grid:
    columns = [
        Col(text("clean.col_file"), max=40),
        Col(text("clean.col_files"), "int"),
        Col(text("clean.col_system"), priority=1),
        Col(text("clean.col_table")),
        Col(text("clean.col_rows_in"), "int"),
        Col(text("clean.col_kept"), "int"),
        Col(text("clean.col_rejected"), "int"),
    ]
    rows = [
        [
            row["file"],
            row["files"],
            text("clean.unknown_system") if row["system"] == "unknown" else row["system"],
            text("clean.other") if row["table"] == "other" else row["table"],
            row["rows_in"],
            row["kept"],
            row["rejected"],
        ]
        for row in groups[:_MOST_FILES]
    ]
    if not counted:
        columns, rows = [columns[0], *columns[2:]], [[row[0], *row[2:]] for row in rows]
    return Grid(text("clean.found"), columns, rows, max(0, len(groups) - _MOST_FILES))


def _decisions(groups: Sequence[_Source], *, several: bool) -> Facts:
    """How files are laid out and values are written."""
    rows = []
    for row in groups[:_MOST_FILES]:
        told = [*([row["layout"]] if row["layout"] else []), *row["said"]]
        if row["merged"]:
            told.append(text("clean.merged", rows=row["merged"]))
        if row["derived"]:
            told.append(text("clean.derived", rows=row["derived"]))
        if told:
            rows.append((row["file"] if several else text("clean.read_as"), "; ".join(told)))
    return Facts(rows, text("clean.decided") if several else "")


def _notes(notes: Sequence[Message]) -> list[str]:
    """Sentences; what is said of many files alike is said once, of the first and the number of the others."""
    about: dict[object, list[Message]] = {}
    for note in notes:
        rest = sorted((name, str(value)) for name, value in note.values.items() if name != "file")
        about.setdefault((note.id, *rest), []).append(note)
    said = []
    for alike in about.values():
        if len(alike) <= 3 or "file" not in alike[0].values:
            said += [str(note) for note in alike]
        else:
            first = text("clean.and_others", file=alike[0].values["file"], n=len(alike) - 1)
            said.append(text(alike[0].id, **{**alike[0].values, "file": first}))
    return said


def _mapping(fields: pl.DataFrame) -> Facts:
    """Canonical fields and the columns they are read from, once for all files in which they are the same."""
    import polars as pl

    pairs = (
        fields.filter(pl.col("field").str.contains(r"\.").fill_null(False))
        .group_by("file", "field", maintain_order=True)
        .agg(pl.col("column").str.join(" + "))
        .select("file", pair=pl.col("field").str.replace(r"^\w+\.", "") + " ← " + pl.col("column"))
    )
    rows = _shared(pairs.group_by("file", maintain_order=True).agg(pl.col("pair").str.join(", ")))
    if len(rows) == 1:
        return Facts([(text("clean.mapping"), rows[0][1])])
    return Facts(rows, text("clean.columns"))


def _shared(told: pl.DataFrame) -> list[tuple[str, str]]:
    """Files and what is told of each, files of which the same is told together."""
    files: dict[str, list[str]] = {}
    for file, words in told.iter_rows():
        files.setdefault(words, []).append(file)
    return [(_pattern(names), words) for words, names in files.items()]


def _leftovers(fields: pl.DataFrame, *, several: bool) -> Facts:
    """Columns that feed no field: kept under their own names, or empty."""
    import polars as pl

    known = fields.filter(pl.col("field").str.contains(r"\.").any().over("file"))
    rest = known.filter(~pl.col("field").str.contains(r"\.")).group_by("file", maintain_order=True)
    rows = _shared(rest.agg(pl.col("column").str.join(", ")))
    if not several:
        rows = [(text("clean.unmapped"), columns) for _, columns in rows]
    empty = known.filter(pl.col("field").is_null()).height
    if empty:
        rows.append((text("clean.empty"), number(empty)))
    return Facts(rows, text("clean.unmapped_title") if several and rows else "")


def _rules(rules: pl.DataFrame) -> Grid:
    columns = [
        Col(text("clean.col_rule")),
        Col(text("clean.col_action")),
        Col(text("clean.col_rows"), "int"),
        Col(text("clean.col_meaning")),
    ]
    rows = [
        [row["rule"], text(f"clean.action_{row['action']}"), row["rows"], row["meaning"]]
        for row in rules.iter_rows(named=True)
    ]
    return Grid(text("clean.rules"), columns, rows)


def _tables(tables: pl.DataFrame, columns: pl.DataFrame) -> Grid:
    import polars as pl

    heads = [
        Col(text("clean.col_table")),
        Col(text("clean.col_rows"), "int"),
        Col(text("clean.col_from")),
        Col(text("clean.col_to")),
        Col(text("clean.col_currency")),
        Col(text("clean.col_filled"), priority=1),
    ]
    rows: list[list[Cell]] = []
    for row in tables.iter_rows(named=True):
        own = columns.filter(
            (pl.col("table") == row["table"]) & (pl.col("filled") > 0) & ~pl.col("column").str.starts_with("x_")
        )
        partly = own.filter(pl.col("share") < 1)
        told = text("clean.full", columns=own.height - partly.height)
        if partly.height:
            told += text("clean.partly", columns=partly.height)
        dates = [str(row[end]) if row[end] else None for end in ("from", "to")]
        rows.append([row["table"], row["rows"], *dates, row["currency"], told])
    others = [row for row in rows if str(row[0]).startswith("other_")]
    if len(others) > _FEW:
        name = text("clean.tables_of", names=_pattern([str(row[0]) for row in others]), n=len(others))
        whole: list[Cell] = [name, sum(int(str(row[1])) for row in others), None, None, None, None]
        rows = [row for row in rows if row not in others] + [whole]
    return Grid(text("clean.tables"), heads, rows)


def ready_grid(readiness: pl.DataFrame, commands: Sequence[str]) -> Grid:
    """What each command has to work with; those that are not among `commands` come in a later version."""
    columns = [Col(text("clean.col_command")), Col(text("clean.col_ready")), Col(text("clean.col_why"))]
    rows = []
    for row in readiness.iter_rows(named=True):
        what = text(f"clean.counted_{row['counted']}", n=row["have"])
        if row["missing"]:
            own = Message(f"clean.lacks_{row['command']}")
            lacks = own.id if own.exists else "clean.lacks"
            why = text(lacks, columns=row["missing"].replace("|", text("ingest.or")))
        elif row["ready"]:
            why = what
        else:
            why = text("clean.too_few", what=what, minimum=row["minimum"])
        label = row["command"] if row["command"] in commands else text("clean.later", command=row["command"])
        rows.append([label, text("clean.yes") if row["ready"] else text("clean.no"), why])
    return Grid(text("clean.ready"), columns, rows)


def _quality(result: CleanResult) -> list[str]:
    """Two lines of the scorecard at most: who can be reached, and what is worst."""
    card, changes = result.tables["scorecard"], result.tables["changes"]
    return [line for line in (contact_line(card, changes), worst_line(result.tables["problems"])) if line]


def rules_page(rules: Sequence[tuple[str, str, str]]) -> Page:
    """Every rule: its id, what it does, where, and why."""
    columns = [
        Col(text("clean.col_rule")),
        Col(text("clean.col_action")),
        Col(text("clean.col_table"), priority=1),
        Col(text("clean.col_meaning")),
    ]
    rows = [
        [
            rule,
            text(f"clean.action_{action}"),
            text("clean.any_table") if table == "any" else table,
            text(f"rule.{rule}"),
        ]
        for rule, action, table in rules
    ]
    return Page([Grid("", columns, rows)])
