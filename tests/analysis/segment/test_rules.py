"""Segments by conditions: who fits which, overlap and coverage, and all faults at once."""

from random import Random
from typing import Any

import polars as pl
import pytest

from acrm.analysis.segment.rules import rule_segments
from acrm.errors import UsageError

RULES = [
    {"id": "big", "where": "spend > 500", "label": "Big ones"},
    {"id": "north", "where": "region = 'North' AND spend > 100"},
    {"id": "huge", "where": "spend > 800"},
    {"id": "never", "where": "spend > 5000"},
]


def people() -> pl.DataFrame:
    draw = Random(3)
    rows = [
        (f"c{n:03}", draw.choice([None, float(draw.randrange(1000))]), draw.choice(["North", "South", None]))
        for n in range(300)
    ]
    return pl.DataFrame(rows, schema={"customer_id": pl.String, "spend": pl.Float64, "region": pl.String}, orient="row")


def test_the_first_condition_that_fits_decides() -> None:
    table = people()
    found = rule_segments(table.sample(fraction=1, shuffle=True, seed=2), {"segment": RULES})

    def fits(spend: float | None, region: str | None) -> list[str]:
        if spend is None:
            return []
        told = {"big": spend > 500, "north": region == "North" and spend > 100, "huge": spend > 800}
        return [name for name, fit in told.items() if fit]

    each = {customer: fits(spend, region) for customer, spend, region in table.rows()}
    assert found.table.rows() == [(one, next(iter(names), "other"), len(names)) for one, names in each.items()]
    check = {row["segment"]: row for row in found.check.iter_rows(named=True)}
    for name in ("big", "north", "huge"):
        fit = [names for names in each.values() if name in names]
        assert check[name]["fit"] == len(fit)
        assert check[name]["only"] == sum(names == [name] for names in fit)
        assert check[name]["customers"] == sum(names[0] == name for names in fit)
        assert check[name]["earlier"] == check[name]["fit"] - check[name]["customers"]
    assert found.check["customers"].sum() == 300
    assert found.figures["fit_none"] == sum(not names for names in each.values()) == check["other"]["customers"]
    assert found.figures["fit_several"] == sum(len(names) > 1 for names in each.values())
    both = sum({"big", "north"} <= set(names) for names in each.values())
    assert found.overlap.row(0) == ("big", "north", both)
    assert check["big"]["label"] == "Big ones"


def test_conditions_that_do_nothing_are_named() -> None:
    notes = {note.id.rpartition(".")[2]: str(note) for note in rule_segments(people(), {"segment": RULES}).notes}
    assert notes.keys() == {"none", "several", "nobody", "covered"}
    assert notes["nobody"].endswith("never")
    assert notes["covered"].endswith("huge")


def test_all_faults_come_at_once() -> None:
    rules: list[dict[str, Any]] = [
        {"id": "a", "where": "spend >"},
        {"id": "a", "where": "spent > 5"},
        {"id": "other", "where": "spend > 5"},
        {"id": "b"},
        {"id": "c", "where": "spend + 1", "colour": "red"},
    ]
    with pytest.raises(UsageError) as raised:
        rule_segments(people(), {"segment": rules, "default": "x"})
    said = str(raised.value)
    parts = (
        "'default'",
        "segment 1: condition",
        "'spent'",
        "2: the id 'a'",
        "segment 3 needs an id",
        "4 needs a condition",
    )
    for part in (*parts, "'colour'", "segment 5: condition"):
        assert part in said, part
    with pytest.raises(UsageError):
        rule_segments(people(), {})


def test_nobody_is_nobody() -> None:
    found = rule_segments(people().clear(), {"segment": RULES[:1]})
    assert (found.table.height, found.figures["fit_none_share"]) == (0, 0)
