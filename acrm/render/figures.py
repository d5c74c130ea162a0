"""How the cells of a column are written, before anything is known about the space they get."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from acrm.messages import number
from acrm.render.blocks import Cell, Col

Number = int | float | Decimal
_LEVELS = {True: "▁▂▃▄▅▆▇█", False: "12345678"}
_EIGHTHS = " ▏▎▍▌▋▊▉"


def known(cell: Cell) -> Cell:
    """The cell, or None for a number that is none: NaN or infinite."""
    return None if isinstance(cell, Number) and not math.isfinite(cell) else cell


def figures(col: Col, cells: Sequence[Cell], unicode: bool = True) -> list[str]:
    """The column's cells (see `known`) as text, without bars; None is a dash.

    >>> figures(Col("median", "number"), [12, 7.5, None]), figures(Col("moved", "heat"), [0.413, 0.004, 0.0])
    (['12.0', '7.5', '-'], ['41', '<1', '·'])
    """
    if col.kind == "number":
        spec = f",.{max((_decimals(cell) for cell in cells), default=0)}f"
    else:
        spec = {"int": ",.0f", "share": ",.1%", "money": ",.2f"}.get(col.kind, "")
    return [_figure(col, cell, spec, unicode) for cell in cells]


def _figure(col: Col, cell: Cell, spec: str, unicode: bool) -> str:
    if col.kind == "spark" and isinstance(cell, Sequence) and not isinstance(cell, str):
        return spark(cell, unicode)
    if not isinstance(cell, Number):
        return "-" if cell is None else str(cell)
    if col.kind == "heat":
        return "·" if not cell else "<1" if 0 < cell <= 0.005 else number(cell, ".0%").rstrip("%")
    if col.kind == "bar":
        return number(cell) if isinstance(cell, int) else number(cell, ",.1%")
    return number(cell, spec)


def _decimals(cell: Cell) -> int:
    """Decimals that write the number as far as hundredths go."""
    if not isinstance(cell, Number):
        return 0
    return len(f"{cell:.2f}".rstrip("0").partition(".")[2])


def spark(values: Sequence[float | None], unicode: bool = True) -> str:
    """One sign per value, its height the value's share of the greatest; a gap where there is none.

    >>> spark([0, 2, None, 7]), spark([0, 2, None, 7], unicode=False)
    ('▁▃ █', '13 8')
    """
    levels = _LEVELS[unicode]
    top = max((value for value in values if value is not None), default=0) or 1
    steps = [None if value is None else round(max(value, 0) / top * 7) for value in values]
    return "".join(" " if step is None else levels[step] for step in steps)


def bar(share: float, width: int, unicode: bool = True) -> str:
    """A bar of `share` of `width` cells, to an eighth of a cell; what is above 0 is never invisible.

    >>> bar(0.5, 5), bar(0.001, 5), bar(0.5, 4, unicode=False)
    ('██▌', '▏', '##')
    """
    if share <= 0:
        return ""
    if not unicode:
        return "#" * max(1, round(share * width))
    full, rest = divmod(max(1, round(share * width * 8)), 8)
    return "█" * full + _EIGHTHS[rest].strip()


def scales(columns: Sequence[Col], rows: Sequence[Sequence[Cell]]) -> list[float]:
    """The value of a full bar for each column: counts have a scale per column, shares one for the whole grid."""
    tops, shares = [], []
    for position, col in enumerate(columns):
        values = [row[position] for row in rows] if col.kind == "bar" else []
        tops.append(max([0.0, *(float(value) for value in values if isinstance(value, Number))]))
        shares.append(any(isinstance(value, float | Decimal) for value in values))
    widest = max((top for top, is_share in zip(tops, shares, strict=True) if is_share), default=0.0)
    return [widest if is_share else top for top, is_share in zip(tops, shares, strict=True)]
