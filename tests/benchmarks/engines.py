"""Every reduction on Polars and on clusters: are the tables equal, and what does each take?

    python -m tests.benchmarks.engines [--lines N] [sc://host:port ...]

Without an address Sail is started here. The made-up lines (`tests/summaries/every.py`) go to a temporary folder, which
the clusters must see. Seconds are those of the second run, collected table included; what is compared is every value of
every table, Decimal and whole numbers exactly, and the types of the columns.
"""

from __future__ import annotations

import argparse
import ast
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from acrm import engine
from tests.clusters import sail
from tests.summaries.every import CASES, Frames, write_tables

SUMMARIES = Path(engine.__file__).parent / "summaries"
ENGINES = ("polars", "pyspark", "sail", "implementation")
"""Names that a reduction which knows its engine would use."""


def main() -> None:
    """Print a line for every reduction, when it is done."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.engines")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("remotes", nargs="*", metavar="sc://host:port")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="acrm-engines-") as name, ExitStack() as stack:
        paths = write_tables(asked.lines, Path(name))
        remotes = asked.remotes or [stack.enter_context(sail())]
        frames = {"polars": {table: pl.scan_parquet(path) for table, path in paths.items()}}
        for remote in remotes:
            far = stack.enter_context(engine.cluster(remote))
            called = f"{remote.removeprefix('sc://')} ({far.session.version})"
            frames[called] = {table: far.parquet(path) for table, path in paths.items()}
        compare(frames, asked.lines)


def compare(engines: Mapping[str, Frames], lines: int) -> None:
    """The table of all reductions, the engine of the first column being the one that the others are held against."""
    write(f"{lines:,} lines; seconds\n{'':<40}{'rows':>10}" + "".join(f"{name:>24}" for name in engines) + "\n")
    totals, differing = dict.fromkeys(engines, 0.0), 0
    for name, case in CASES.items():
        first: pl.DataFrame | None = None
        cells = []
        for called, frames in engines.items():
            seconds, table = timed(case, frames)
            totals[called] += seconds
            first = table if first is None else first
            same = first.sort(pl.all()).equals(table.sort(pl.all())) and first.schema == table.schema
            differing += not same
            cells.append(f"{'' if first is table else 'equal ' if same else 'DIFFERS ':>16}{seconds:>8.2f}")
        write(f"{name:<40}{0 if first is None else first.height:>10,}{''.join(cells)}\n")
    write(f"{'together':<50}" + "".join(f"{seconds:>24.2f}" for seconds in totals.values()) + "\n")
    write(f"tables that differ: {differing}; lines of acrm/summaries that name an engine: {naming()}\n")


def timed(case: Callable[[Frames], Any], frames: Frames) -> tuple[float, pl.DataFrame]:
    """The second of two runs: what a session does once for all is no part of it."""
    engine.collect(case(frames))
    start = time.perf_counter()
    table = engine.collect(case(frames))
    return time.perf_counter() - start, table


def naming() -> int:
    """Lines of code of the reductions that differ per engine."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in SUMMARIES.glob("*.py")]
    named = [
        (node.lineno, word)
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute | ast.Import | ast.ImportFrom)
        for word in ENGINES
        if word in ast.unparse(node)
    ]
    return len(named)


def write(words: str) -> None:
    """Print at once."""
    sys.stdout.write(words)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
