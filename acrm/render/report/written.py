"""How figures are written: money without cents, periods as people name them, changes with their sign."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from acrm.messages import number, text

if TYPE_CHECKING:
    from datetime import date

    from acrm.analysis.report.periods import Period

CENTS = 100
"""Money below this keeps its cents."""
MILLION = 1_000_000


def word(key: str, /, **values: object) -> str:
    """A word of the report itself."""
    return text(f"render.report.{key}", **values)


def named(start: date, period: Period) -> str:
    """A period as people name it.

    >>> from datetime import date
    >>> named(date(2025, 3, 1), "month"), named(date(2025, 3, 10), "week")
    ('March 2025', 'week of 2025-03-10')
    """
    if period == "month":
        return word("month", month=word(f"months.{start.month}"), year=str(start.year))
    return word(f"of_{period}", day=start)


def amount(value: float | Decimal | None, currency: str | None = None) -> str:
    """Money as far as it matters.

    >>> amount(1234.5), amount(12.5), amount(None)
    ('1,234', '12.50', '-')
    """
    if value is None:
        return "-"
    written = number(value, ",.0f" if abs(float(value)) >= CENTS else ",.2f")
    return f"{written}\u00a0{currency}" if currency else written


def figure(value: float | None, unit: str, currency: str | None) -> str:
    """A measure in its unit.

    >>> figure(0.155, "share", None), figure(31.0, "count", None), figure(1.25, "hours", None)
    ('15.5%', '31', '1.2 h')
    """
    if value is None:
        return "-"
    match unit:
        case "share":
            return number(value, ".1%")
        case "money":
            return amount(value, currency)
        case "count":
            return number(round(value))
        case "hours":
            return word("hours", hours=number(value, ",.1f"))
    return number(value, ",.2f")


def shortly(value: float, unit: str, currency: str | None) -> str:
    """A measure where there is little room: millions with two decimals.

    >>> shortly(3091941.0, "money", None), shortly(249611.0, "money", None)
    ('3.09M', '249,611')
    """
    if unit != "money" or abs(value) < MILLION:
        return figure(value, unit, currency)
    written = text("render.chart.millions", figure=number(value / MILLION, ",.2f"))
    return f"{written}\u00a0{currency}" if currency else written


def change(by: float, unit: str) -> str:
    """A relative change, of shares one in points; with its sign.

    >>> change(-0.478, "money"), change(0.271, "share")
    ('-47.8%', '+27.1 points')
    """
    return word("points", change=number(by * 100, "+.1f")) if unit == "share" else number(by, "+.1%")
