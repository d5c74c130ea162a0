"""How long customers stayed: contracts and tenures in the same shape."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from acrm.analysis.churn.stays import stays_of_contracts, stays_of_tenures
from acrm.analysis.clv.contract_groups import ContractParams
from acrm.errors import InputError


def test_contracts_are_spells_in_periods() -> None:
    table = pl.DataFrame(
        {
            "customer_id": [f"c{place:02}" for place in range(22)],
            "start_at": [date(2023, 1, 10)] * 22,
            "end_at": [date(2023, 3, 1)] * 20 + [None, date(2024, 2, 1)],
            "end_reason": ["moved"] * 20 + [None, "price"],
        }
    )
    found = stays_of_contracts(table.lazy(), ContractParams(as_of=date(2024, 1, 1), period="month"))
    first, here, announced = (found.rows.row(place, named=True) for place in (0, 20, 21))
    assert (first["time"], first["left"], first["here"], first["reason"]) == (2, True, False, "moved")
    assert (here["time"], here["age"], here["left"], here["here"], here["reason"]) == (11, 11, False, True, None)
    # Someone whose end is announced is still there.
    assert (announced["left"], announced["here"]) == (False, True)
    assert [group.name for group in found.groups] == [""]


def test_tenures_of_a_labelled_file() -> None:
    table = pl.DataFrame({"customer_id": [f"c{n:02}" for n in range(50)], "months": [n % 10 for n in range(50)]})
    left = pl.Series([n % 2 == 0 for n in range(49)] + [None])
    found = stays_of_tenures(table.with_columns(months=pl.col("months") + 0.5), "months", left, ContractParams())
    assert found.rows["time"].to_list() == [float(n % 10) for n in range(50)]
    # Of 25 who left five did so before the first period was over: those are at risk at the start alone.
    assert found.rows["left"].sum() == 20
    assert found.rows["here"].sum() == 25


def test_too_few_who_left_and_unknown_columns() -> None:
    table = pl.DataFrame({"customer_id": ["a", "b"], "months": [1, 2]})
    with pytest.raises(InputError, match="20"):
        stays_of_tenures(table, "months", pl.Series([True, False]), ContractParams())
    with pytest.raises(InputError, match="tariff"):
        stays_of_tenures(table, "months", pl.Series([True, False]), ContractParams(by="tariff"))
