"""The summary of a cleaning run, and of what a store is good for."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from acrm.messages import number, text
from acrm.render.blocks import Block, Col, Facts, Grid, Headline, Lines, Page, Steps

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.clean import CleanResult
    from acrm.analysis.result import Result

_MOST_FILES = 30


def clean_page(result: CleanResult, out: str | None, commands: Sequence[str], *, verbose: bool = False) -> Page:
    """What was found, what became of every row, what the tables are good for; `out` is None after a dry run.

    The mapping of every column is shown for a single file, or when `verbose`; it always stands in the manifest.
    """
    figures = result.summary
    words = {"rows": figures["rows_in"], "kept": figures["kept"], "rejected": figures["rejected"]}
    sub = text("clean.written", out=out) if out else text("clean.not_written")
    sources, several = result.tables["sources"], result.tables["sources"].height > 1
    blocks: list[Block] = [
        Headline(text("clean.headline", **words), sub),
        _sources(sources),
        _decisions(sources, result.tables["decisions"], several=several),
        _mapping(result.tables["fields"]) if verbose or not several else Facts([]),
        _leftovers(result.tables["fields"], several=several),
        _rules(result.tables["rules"]),
        _tables(result.tables["tables"], result.tables["columns"]),
        Lines([str(note) for note in result.notes], mark="!"),
        ready_grid(result.tables["readiness"], commands),
    ]
    if out:
        where = shlex.quote(out)
        ready = result.tables["readiness"].filter("ready")["command"].to_list()
        steps = [(f"acrm rfm {where}", text("clean.step_rfm"))] if "rfm" in ready else []
        steps.append((f"acrm doctor {where}", text("clean.step_doctor")))
        blocks.append(Steps(steps, text("clean.next")))
    return Page(blocks)


def _sources(sources: pl.DataFrame) -> Grid:
    columns = [
        Col(text("clean.col_file"), max=40),
        Col(text("clean.col_system"), priority=1),
        Col(text("clean.col_table")),
        Col(text("clean.col_rows_in"), "int"),
        Col(text("clean.col_kept"), "int"),
        Col(text("clean.col_rejected"), "int"),
    ]
    rows = [
        [
            row["file"],
            text("clean.unknown_system") if row["system"] == "unknown" else row["system"],
            text("clean.other") if row["table"] == "other" else row["table"],
            row["rows_in"],
            row["kept"],
            row["rejected"],
        ]
        for row in sources.head(_MOST_FILES).iter_rows(named=True)
    ]
    return Grid(text("clean.found"), columns, rows, max(0, sources.height - _MOST_FILES))


def _decisions(sources: pl.DataFrame, decisions: pl.DataFrame, *, several: bool) -> Facts:
    """How values are written; of several files only the ways, of one file the columns too."""
    rows = []
    for row in sources.head(_MOST_FILES).iter_rows(named=True):
        told = [row["layout"]] if row["layout"] else []
        for decision, columns in decisions.filter(file=row["file"]).select("decision", "columns").iter_rows():
            told.append(decision if several else f"{decision} ({columns})")
        if row["merged"]:
            told.append(text("clean.merged", rows=row["merged"]))
        if row["derived"]:
            told.append(text("clean.derived", rows=row["derived"]))
        if told:
            rows.append((row["file"] if several else text("clean.read_as"), "; ".join(told)))
    return Facts(rows, text("clean.decided") if several else "")


def _mapping(fields: pl.DataFrame) -> Facts:
    """Canonical fields and the columns they are read from, a line of pairs for each file."""
    import polars as pl

    pairs = (
        fields.filter(pl.col("field").str.contains(r"\.").fill_null(False))
        .group_by("file", "field", maintain_order=True)
        .agg(pl.col("column").str.join(" + "))
        .select("file", pair=pl.col("field").str.replace(r"^\w+\.", "") + " ← " + pl.col("column"))
    )
    rows = [(file[0], ", ".join(own["pair"])) for file, own in pairs.group_by("file", maintain_order=True)]
    if len(rows) == 1:
        return Facts([(text("clean.mapping"), rows[0][1])])
    return Facts(rows, text("clean.columns"))


def _leftovers(fields: pl.DataFrame, *, several: bool) -> Facts:
    """Columns that feed no field: kept under their own names, or empty."""
    import polars as pl

    known = fields.filter(pl.col("field").str.contains(r"\.").any().over("file"))
    rest = known.filter(~pl.col("field").str.contains(r"\.")).group_by("file", maintain_order=True).agg("column")
    rows = [(file if several else text("clean.unmapped"), ", ".join(columns)) for file, columns in rest.iter_rows()]
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
    rows = []
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
    return Grid(text("clean.tables"), heads, rows)


def ready_grid(readiness: pl.DataFrame, commands: Sequence[str]) -> Grid:
    """What each command has to work with; those that are not among `commands` come in a later version."""
    columns = [Col(text("clean.col_command")), Col(text("clean.col_ready")), Col(text("clean.col_why"))]
    rows = []
    for row in readiness.iter_rows(named=True):
        what = text(f"clean.counted_{row['counted']}", n=row["have"])
        if row["missing"]:
            why = text("clean.lacks", columns=row["missing"].replace("|", text("ingest.or")))
        elif row["ready"]:
            why = what
        else:
            why = text("clean.too_few", what=what, minimum=row["minimum"])
        label = row["command"] if row["command"] in commands else text("clean.later", command=row["command"])
        rows.append([label, text("clean.yes") if row["ready"] else text("clean.no"), why])
    return Grid(text("clean.ready"), columns, rows)


def doctor_page(result: Result, commands: Sequence[str]) -> Page:
    """What the tables hold and which commands they carry."""
    held = [
        (name.removesuffix("_rows"), text("clean.rows", rows=rows))
        for name, rows in result.summary.items()
        if name.endswith("_rows")
    ]
    return Page([Facts(held, text("clean.tables")), ready_grid(result.tables["readiness"], commands)])


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
