"""One picture of each kind, small enough to count what must be drawn; names that would do harm if they were markup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from acrm.render.blocks import Chart
from acrm.render.pictures import (
    Axis,
    Bars,
    Calibration,
    Concentration,
    Funnel,
    Heat,
    Histogram,
    Panels,
    Picture,
    Point,
    Row,
    Scatter,
    Stack,
    Survival,
    Trend,
    Waterfall,
)

EVIL = "</script><img src=x onerror=alert(1)>"
MONEY, SHARE, COUNT = Axis("revenue, GBP", "money"), Axis("share of all", "share"), Axis("customers", "int")
MONTHS = [date(2010 + month // 12, month % 12 + 1, 1) for month in range(24)]


@dataclass(frozen=True)
class Sample:
    """A picture, and how many marks of it can be pointed at."""

    picture: Picture
    marks: int


def _trend(scale: int = 1) -> Trend:
    seen = [Point(day, Decimal(100_000 + 5_000 * place) * scale, n=50) for place, day in enumerate(MONTHS)]
    ahead = [Point(date(2012, month, 1), 220_000, 200_000, 260_000) for month in (1, 2, 3)]
    naive = [Point(date(2012, month, 1), 190_000) for month in (1, 2, 3)]
    return Trend(MONEY, seen, forecast=ahead, naive=naive)


SAMPLES = {
    "trend": Sample(_trend(), 30),
    "bars": Sample(Bars(MONEY, [Row("Perm", 12_345), Row(EVIL, 5_000, n=7)]), 2),
    "dots": Sample(
        Bars(
            SHARE,
            [Row("East", 0.63, 0.60, 0.66, 2_000), Row("West", 0.64, 0.61, 0.67, 1_800)],
            reference=0.6315,
            reference_name="all",
        ),
        2,
    ),
    "stack": Sample(Stack(["new", EVIL], [("customers", [1, 3]), ("spend", [3, 2])], COUNT), 4),
    "stack by day": Sample(Stack(["new", "loyal"], [(day, [1, place]) for place, day in enumerate(MONTHS)], COUNT), 48),
    "heat": Sample(
        Heat(["2011-01 (40)", EVIL], ["1", "2", "3"], [[0.3, 0.2, 0.0], [0.25, 0.1, None]], SHARE, "cohort", "month"), 5
    ),
    "funnel": Sample(Funnel([Row("Lead", 1_000), Row(EVIL, 400, 0.37, 0.43)]), 2),
    "concentration": Sample(
        Concentration(COUNT, SHARE, [Point(step / 10, (step / 10) ** 0.5) for step in range(11)], Point(0.2, 0.447)), 11
    ),
    "survival": Sample(
        Survival(
            Axis("months", "int"),
            [
                ("Britain", [Point(month, 0.9**month, 0.9**month - 0.02, 0.9**month + 0.02) for month in range(6)]),
                (EVIL, [Point(month, 0.8**month) for month in range(6)]),
            ],
            SHARE,
        ),
        12,
    ),
    "histogram": Sample(Histogram(MONEY, [0, 100, 200, 300], [5, 10, 2], [("median", 130)]), 3),
    "calibration": Sample(
        Calibration(SHARE, SHARE, [Point(0.1, 0.12, 0.08, 0.15, 100), Point(0.5, 0.4, 0.35, 0.5, 90)]), 2
    ),
    "scatter": Sample(Scatter(COUNT, MONEY, [(1, 10), (2, 200), (5, 3_000)], ["a", "b", EVIL], log=True), 3),
    "waterfall": Sample(Waterfall(MONEY, Row("2010", 100_000), [Row("price", 12_000), Row(EVIL, -5_000)], "2011"), 4),
    "panels": Sample(Panels([("East", _trend()), ("East", _trend(2)), (EVIL, _trend(3))]), 72),
}


def chart(name: str) -> Chart:
    """The sample as a chart."""
    return Chart(f"All about {name}", f"What {name} shows & what not.", SAMPLES[name].picture, 1234, f"note: {EVIL}")
