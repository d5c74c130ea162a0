"""Sales rolled up: what adds up, and what does not belong."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.analysis.report.units import _path, _trees, units
from acrm.errors import InputError
from tests.analysis.report.orders import counted, random_lines, table

TREE = pl.LazyFrame(
    {
        "unit": ["A1", "A2", "B1", "A", "B", "root"],
        "kind": ["shop", "shop", "shop", "town", "town", "country"],
        "parent": ["A", "A", "B", "root", "root", None],
        "region": ["west", "west", "east", None, None, None],
    }
)


def test_leaves_and_own_sales_add_up_to_the_root_at_every_level() -> None:
    lines = random_lines(2)
    found = units({"transactions": table(lines), "units": TREE})
    rows = {row["unit"]: row for row in found.table.iter_rows(named=True)}

    def below(*names: str | None) -> list[dict[str, Any]]:
        return [row for row in lines if counted(row) and row["unit"] in names]

    for unit, mine in {
        "root": ("A1", "A2", "B1", "B"),
        "A": ("A1", "A2"),
        "B": ("B1", "B"),
        "A1": ("A1",),
        "Z": ("Z",),
    }.items():
        assert rows[unit]["revenue"] == sum((row["line_amount"] for row in below(*mine)), Decimal(0))
        assert rows[unit]["orders"] == len(
            {(row["customer_id"], row["order_id"]) for row in below(*mine) if not row["is_refund"]}
        )
        assert rows[unit]["buyers"] == len(
            {row["customer_id"] for row in below(*mine) if not row["is_refund"]} - {None}
        )
    assert rows["B"]["own_revenue"] == sum(row["line_amount"] for row in below("B"))
    for unit, row in rows.items():
        children = [other["revenue"] for other in rows.values() if unit is not None and other["parent"] == unit]
        assert row["revenue"] == row["own_revenue"] + sum(children)
    roots = found.table.filter((pl.col("level") == 0) | pl.col("unit").is_null())
    assert Decimal(roots["revenue"].sum()) == sum(row["line_amount"] for row in lines if counted(row))
    # Parents come before what is below them.
    assert [unit for unit in rows if unit in TREE.collect()["unit"].to_list()] == ["root", "A", "A1", "A2", "B", "B1"]
    assert found.defects.rows() == [("Z", "unlisted", None)]
    levels = {(row["level"], row["kind"]): row["revenue"] for row in found.levels.iter_rows(named=True)}
    assert levels[1, "town"] == rows["A"]["revenue"] + rows["B"]["revenue"] == levels[0, "country"]


def test_circles_strangers_and_two_parents_are_told() -> None:
    tree = pl.LazyFrame(
        {"unit": ["a", "b", "c", "d", "e", "e"], "parent": ["b", "a", "b", "nowhere", "a", "c"]},
    )
    found = units({"transactions": table([{"unit": "c"}]), "units": tree})
    assert found.defects.rows() == [
        ("a", "cycle", "b"),
        ("d", "unknown_parent", "nowhere"),
        ("e", "twice", "a"),
    ]
    assert {note.id for note in found.notes} >= {
        "report.units_cycle",
        "report.units_unknown_parent",
        "report.units_twice",
    }
    rows = {row["unit"]: row for row in found.table.iter_rows(named=True)}
    assert (rows["c"]["root"], rows["c"]["level"], rows["a"]["revenue"]) == ("a", 2, 10)


def test_without_a_list_every_unit_is_a_root() -> None:
    found = units({"transactions": table([{"unit": "x"}, {"unit": "y"}, {}])})
    assert found.table.select("unit", "revenue", "leaf").rows() == [("x", 10, True), ("y", 10, True), (None, 10, None)]
    assert found.defects.is_empty()
    with pytest.raises(InputError, match="unit"):
        units({"transactions": table([{}])})


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([*"abcdefx", None]), max_size=6))
def test_every_unit_has_a_root_and_nothing_is_cut_without_need(parents: dict[str, str | None]) -> None:
    found, defects = _trees(parents)
    assert found.keys() == parents.keys()
    for unit in found:
        path = _path(unit, found)
        assert len(set(path)) == len(path)
    cut = {unit for unit, _, _ in defects}
    assert all(found[unit] == parents[unit] for unit in found if unit not in cut)
