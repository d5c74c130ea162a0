"""The self-test itself: all is reproduced, and what is not would be seen."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from acrm.analysis.clv import selftest as module
from acrm.analysis.clv.selftest import selftest


def test_every_published_figure_is_reproduced() -> None:
    result = selftest()
    table = result.tables["selftest"]
    assert table.filter(~pl.col("ok")).is_empty()
    assert result.summary == {"checks": table.height, "off": 0}
    assert set(table["model"]) == {"bg-nbd", "mbg-nbd", "pareto-nbd", "gamma-gamma", "bg-bb", "sbg", "bdw", "npv"}
    assert table.height >= 70
    # No tolerance hides a difference in the fourth digit.
    assert (table["tolerance"] <= 0.01 * table["expected"].abs() + 5e-4).all()


def test_a_figure_that_is_off_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    published = module._published()
    rows = published["expected"]["rows"]
    rows[0][3] += 2 * rows[0][4]
    rows[1][3] = math.nan
    monkeypatch.setattr(module, "_published", lambda: published)
    result = selftest()
    assert result.summary["off"] == 2
    assert result.tables["selftest"]["ok"].to_list()[:3] == [False, False, True]


def test_the_data_are_those_of_the_sources(data: Path) -> None:
    published = module._published()
    days: dict[str, Counter[date]] = {}
    for line in (data / "clv" / "CDNOW_sample.txt").read_text(encoding="utf-8").splitlines():
        _, customer, day, _, amount = line.split()
        on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        days.setdefault(customer, Counter())[on] += round(100 * float(amount))
    end, rows = date(1997, 9, 30), Counter[tuple[int, ...]]()
    for spent in days.values():
        first, *back = sorted(day for day in spent if day <= end)
        last = back[-1] if back else first
        later = sum(day > end for day in spent)
        rows[len(back), (last - first).days, (end - first).days, sum(spent[day] for day in back), later] += 1
    assert sorted([*key, count] for key, count in rows.items()) == published["cdnow"]["rows"]
    donors = (data / "clv" / "donations.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [list(map(int, line.split(","))) for line in donors] == published["donations"]["rows"]
    years = (data / "clv" / "sbg_retention.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [list(map(float, line.split(","))) for line in years] == published["retention"]["rows"]
