"""The table of costs and ratios, row by row as they come, for a terminal or as Markdown."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.benchmarks.measure import Cost, Ran

COLUMNS = (
    "case",
    "lines",
    "program",
    "wall s",
    "CPU s",
    "MB",
    "wall x",
    "CPU x",
    "MB x",
    "CPU growth",
    "MB growth",
    "",
)
WIDTHS = (36, 14, 26, 8, 8, 7, 7, 7, 7, 12, 11, 0)
WORDS = 3
"""So many columns are words, on the left."""
LEGEND = """\
wall, CPU (user and system, all threads), MB (peak resident): medians. x: times what acrm took; above 1, acrm needs
less. growth: times what the same program took for the fewest made-up lines of this table. real: Online Retail, 541,909
lines, unless another set is named.
"""


@dataclass(kw_only=True)
class Table:
    """Where rows go."""

    markdown: bool
    smallest: dict[tuple[str, str], Cost] = field(default_factory=dict)

    def head(self) -> None:
        """Names of the columns."""
        self._row(COLUMNS)
        if self.markdown:
            self._row(["---"] * WORDS + ["--:"] * (len(COLUMNS) - WORDS - 1) + ["---"])

    def case(self, title: str, lines: str, ran: Mapping[str, Ran], key: str | None = None) -> None:
        """A row for each program; `key` is what the case is called whatever its size, None where it has one size."""
        first = next(iter(ran.values())).cost
        for place, (name, found) in enumerate(ran.items()):
            cells = ["", ""] if place else [title, lines]
            cost = found.cost
            if cost is None:
                self._row([*cells, name, *[""] * 8, found.told])
                continue
            times = _cells(cost.times(first)) if first and place else [""] * 3
            growth = ["", ""]
            if key:
                before = self.smallest.setdefault((key, name), cost)
                if before is not cost:
                    growth = _cells(cost.times(before))[1:]
            self._row([*cells, name, *_cells(cost), *times, *growth, found.told])

    def _row(self, cells: list[str] | tuple[str, ...]) -> None:
        if self.markdown:
            words = f"| {' | '.join(cells)} |"
        else:
            padded = [
                cell.ljust(width) if place < WORDS else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(cells[:-1], WIDTHS, strict=False))
            ]
            words = f"{''.join(padded)}  {cells[-1]}".rstrip()
        # At once, so that a long run can be watched.
        sys.stdout.write(words + "\n")
        sys.stdout.flush()


def _cells(cost: Cost) -> list[str]:
    return [_number(cost.wall), _number(cost.cpu), _number(cost.memory)]


def _number(value: float) -> str:
    """Three digits that count, or all of a whole number."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
