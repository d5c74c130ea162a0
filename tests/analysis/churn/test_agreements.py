"""Contracts as they were known on a day."""

from datetime import date, timedelta
from typing import Any

import polars as pl

from acrm.analysis.churn.agreements import FEATURES, contract_features, read_agreements
from acrm.analysis.churn.records import Past

TODAY = date(2025, 7, 1)


def contracts(*rows: tuple[object, ...]) -> pl.LazyFrame:
    """Rows of (customer, start, end, plan, price, reason), the last four of them optional."""
    schema: dict[str, Any] = {
        "customer_id": pl.String,
        "start_at": pl.Date,
        "end_at": pl.Date,
        "plan": pl.String,
        "price": pl.Decimal(38, 4),
        "end_reason": pl.String,
    }
    return pl.LazyFrame([(*row, *[None] * (6 - len(row))) for row in rows], schema=schema, orient="row")


def seen(of: pl.LazyFrame, cutoff: date) -> dict[str, dict[str, Any]]:
    """The features of each customer on a day."""
    nothing = pl.DataFrame(schema={"customer_id": pl.String, "day": pl.Date})
    whole = Past(cutoff=TODAY, days=nothing, refunds=nothing, contracts=read_agreements(of, TODAY).contracts)
    known = whole.until(cutoff).contracts
    assert known is not None
    return {row["customer_id"]: row for row in contract_features(known, cutoff).iter_rows(named=True)}


def years(customer: str, first: int, last: int, price: float = 100) -> list[tuple[object, ...]]:
    """Terms of a year from 10 March on."""
    return [
        (customer, date(year, 3, 10), date(year + 1, 3, 9), "yearly", price + 10 * (year - first))
        for year in range(first, last)
    ]


def test_renewals_are_one_stay_and_the_last_contract_tells_the_terms() -> None:
    many = [row for number in range(5) for row in years(f"x{number}", 2019, 2025)]
    found = seen(contracts(*years("ann", 2022, 2025), *many), date(2024, 5, 9))["ann"]
    assert list(found) == ["customer_id", *FEATURES]
    assert found["days_under_contract"] == (date(2024, 5, 9) - date(2022, 3, 10)).days
    assert (found["contract_days"], found["contracts_so_far"], found["earlier_stays"]) == (60, 3, 0)
    assert (found["plan"], found["price"], found["price_change"]) == ("yearly", 120, round(120 / 110 - 1, 6))
    assert (found["days_to_renewal"], found["term_share"]) == (305, round(60 / 365, 6))


def test_the_end_of_a_term_is_told_by_its_length_whatever_the_file_says_now() -> None:
    """Cancelled early, or written over with a new end: on the day before nobody knew."""
    many = [row for number in range(12) for row in years(f"x{number}", 2019, 2025)]
    honest = contracts(*many, ("ann", date(2024, 3, 10), date(2025, 3, 9), "yearly", 100))
    early = contracts(*many, ("ann", date(2024, 3, 10), date(2024, 8, 1), "yearly", 100, "moved"))
    longer = contracts(*many, ("ann", date(2024, 3, 10), date(2027, 3, 9), "yearly", 100))
    cutoff = date(2024, 7, 1)
    assert seen(honest, cutoff) == seen(early, cutoff) == seen(longer, cutoff)
    assert seen(honest, cutoff)["ann"]["days_to_renewal"] == (date(2025, 3, 10) - cutoff).days
    # Written over, the second year has a term of its own.
    assert seen(longer, date(2025, 4, 1))["ann"]["days_to_renewal"] == (date(2026, 3, 10) - date(2025, 4, 1)).days


def test_a_contract_that_ends_when_the_customer_cancels_has_no_term() -> None:
    rows = [(f"c{n}", date(2023, 1, 1), date(2023, 2, 1) + timedelta(days=17 * n), "open", 10) for n in range(20)]
    found = seen(contracts(*rows, ("z", date(2023, 1, 1), None, "open", 10)), date(2023, 5, 1))
    assert all(row["days_to_renewal"] is None and row["term_share"] is None for row in found.values())


def test_of_several_contracts_the_prices_add_up_and_one_that_ended_is_none() -> None:
    rows = contracts(
        ("ann", date(2024, 1, 1), None, "net", 10),
        ("ann", date(2024, 6, 1), None, "phone", 5),
        ("bob", date(2024, 1, 1), date(2024, 3, 1), "net", 10),
        ("bob", date(2024, 9, 1), None, "net", None),
        ("cleo", date(2024, 1, 1), date(2024, 3, 1), "net", 10),
    )
    found = seen(rows, date(2024, 10, 1))
    assert sorted(found) == ["ann", "bob"]
    assert (found["ann"]["price"], found["ann"]["contracts_in_force"], found["ann"]["plan"]) == (15, 2, "phone")
    assert (found["bob"]["price"], found["bob"]["earlier_stays"], found["bob"]["contracts_so_far"]) == (None, 1, 1)
    assert found["bob"]["price_change"] is None
    # A day before the second contract, and on the days around an end.
    assert seen(rows, date(2024, 5, 31))["ann"]["price"] == 10
    assert "bob" in seen(rows, date(2024, 2, 29))
    assert "bob" not in seen(rows, date(2024, 3, 1))


def test_the_grace_is_as_long_as_renewals_take() -> None:
    slow = [
        row
        for number in range(200)
        for row in (
            (f"c{number}", date(2024, 1, 1), date(2024, 3, 31), "quarter", 10),
            (f"c{number}", date(2024, 4, 1) + timedelta(days=number % 12), date(2024, 6, 30), "quarter", 10),
        )
    ]
    late = ("late", date(2024, 1, 1), date(2024, 3, 31)), ("late", date(2024, 5, 10), date(2024, 8, 9))
    found = read_agreements(contracts(*slow, *late), TODAY)
    assert found.grace == 12
    assert found.stays.filter(customer_id="c11").height == 1
    # Back after 40 days, which 1 in 200 takes: that is a new stay.
    assert found.stays.filter(customer_id="late").select("end_at").rows() == [(date(2024, 3, 31),), (date(2024, 8, 9),)]
    assert read_agreements(contracts(("a", date(2024, 1, 1)), ("b", date(2024, 1, 1), date(2024, 2, 1)))).grace == 3


def test_terms_are_over_on_the_day_after_their_end() -> None:
    terms = contracts(("ann", date(2024, 1, 1), date(2024, 3, 31)), ("bob", date(2024, 4, 1), date(2025, 9, 30)))
    assert read_agreements(terms, TODAY).stays["left_on"].to_list() == [date(2024, 4, 1), date(2025, 10, 1)]
    opened = pl.concat([terms, contracts(("cleo", date(2024, 1, 1)))])
    assert read_agreements(opened, TODAY).stays["left_on"].to_list() == [date(2024, 3, 31), date(2025, 9, 30), None]
