"""Which table a measure is looked for in, what its columns are called there, and what is said once only."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from acrm.analysis.drivers.both import explained
from acrm.analysis.drivers.drivers import DriverParams
from acrm.errors import InputError

ROWS = 300
VISITS = pl.LazyFrame(
    {
        "row": range(ROWS),
        "_source_row": range(ROWS),
        "x_Sold": [str(number % 7 + 5 * (number % 2)) for number in range(ROWS)],
        "x_poster": [str(number % 2) for number in range(ROWS)],
        "x_place": [f"shop {number % 3}" for number in range(ROWS)],
    }
)


def test_a_measure_of_any_table_by_the_name_of_its_file() -> None:
    params = DriverParams(factors=("poster",), hold=("PLACE",), each=("place",), randomised=("poster",))
    found, beside = explained({"other_visits": VISITS}, None, "sold", params, None)
    assert found.params.factors == ("x_poster",)
    assert (found.params.hold, found.params.each, found.params.randomised) == (
        ("x_place",),
        ("x_place",),
        ("x_poster",),
    )
    row = found.tables["coefficients"].row(0, named=True)
    assert row["pooled_low"] < 5 < row["pooled_high"]
    assert beside is not None
    assert found.summary["conditions_findings"] == found.tables["conditions"].height >= 1
    assert "segment_drivers.randomised" in {note.id for note in found.notes}


def test_a_sentence_stands_once() -> None:
    found, beside = explained({"other_visits": VISITS}, None, "sold", DriverParams(factors=("poster",)), None)
    assert beside is not None
    ids = [note.id for note in (*found.notes, *beside.notes)]
    assert ids.count("segment_drivers.associated") == 1


def test_of_customers_if_they_have_all_columns_else_of_the_table_that_has_them() -> None:
    customers = pl.LazyFrame(
        {
            "customer_id": [f"c{number:03}" for number in range(ROWS)],
            "x_income": [str(number) for number in range(ROWS)],
        }
    )
    tables = {"customers": customers, "other_visits": VISITS}
    params = DriverParams(factors=())
    assert explained(tables, None, "income", params, date(2025, 1, 1))[0].summary["rows"] == ROWS
    assert explained(tables, None, "sold", params, date(2025, 1, 1))[0].summary["rows"] == ROWS


def test_columns_of_no_table_are_told_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match="x_poster") as raised:
        explained({"other_visits": VISITS}, None, "sold", DriverParams(hold=("plaice",)), None)
    assert "plaice" in str(raised.value)


def test_an_outcome_of_several_texts_is_refused() -> None:
    with pytest.raises(InputError, match="place"):
        explained({"other_visits": VISITS}, None, "place", DriverParams(), None)


def test_without_numbers_the_levels_differ_by_group_and_without_either_that_is_said() -> None:
    tables = {"other_visits": VISITS}
    found = explained(tables, None, "sold", DriverParams(factors=("poster",), each=("place",)), None)[0]
    each = found.tables["each"]
    assert each["x_place"].to_list() == ["shop 0", "shop 1", "shop 2"]
    # In every shop the poster goes with 5 more, as it was made, give or take the rest.
    assert ((each["low"] < 5) & (each["high"] > 5)).all()
    numbered = VISITS.with_columns(x_place=pl.int_range(pl.len()) % 11 * 5)
    params = DriverParams(factors=("poster",), each=("place",))
    each = explained({"other_visits": numbered}, None, "sold", params, None)[0].tables["each"]
    assert each["x_place"].to_list() == [str(5 * number) for number in range(11)]
    alone = explained(tables, None, "sold", DriverParams(factors=("place",), each=("place",)), None)[0]
    assert "segment_drivers.no_each" in {note.id for note in alone.notes}
