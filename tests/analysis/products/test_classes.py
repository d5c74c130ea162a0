"""ABC and XYZ: where the limits fall, which months are whole, and what months without a sale do."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.analysis.products.classes import abc, variation, whole_months, xyz

LIMITS = (Decimal(80), Decimal(95))


@given(st.lists(st.integers(-5, 10_000), min_size=1, max_size=40))
def test_classes_fall_with_the_values_and_a_holds_its_share(values: list[int]) -> None:
    classes = abc(pl.Series(values), LIMITS).to_list()
    ordered = [name for _, name in sorted(zip(values, classes, strict=True), key=lambda pair: (-pair[0], pair[1]))]
    assert ordered == sorted(ordered)
    total = sum(value for value in values if value > 0)
    best = sum(value for value, name in zip(values, classes, strict=True) if name == "A")
    assert 100 * best >= 80 * total
    last = min((value for value, name in zip(values, classes, strict=True) if name == "A"), default=0)
    assert 100 * (best - last) < 80 * total or not total
    assert all(name == "C" for value, name in zip(values, classes, strict=True) if value <= 0)


def test_a_product_that_ends_on_the_limit_exactly_is_the_last_of_its_class() -> None:
    assert abc(pl.Series([80, 15, 5]), LIMITS).to_list() == ["A", "B", "C"]
    assert abc(pl.Series([79, 16, 5]), LIMITS).to_list() == ["A", "A", "C"]


@pytest.mark.parametrize(
    ("first", "last", "step", "months"),
    [
        (date(2024, 12, 1), date(2025, 2, 28), 1, 3),
        (date(2024, 12, 2), date(2025, 2, 27), 1, 1),
        # On Mondays only: six days without a sale are usual.
        (date(2024, 12, 2), date(2025, 2, 24), 7, 3),
        (date(2024, 12, 9), date(2025, 2, 24), 7, 2),
        (date(2025, 1, 5), date(2025, 1, 20), 1, 0),
    ],
)
def test_edge_months_count_when_no_more_than_a_usual_pause_is_missing(
    first: date, last: date, step: int, months: int
) -> None:
    days = pl.Series([first + timedelta(days=n) for n in range(0, (last - first).days + 1, step)])
    assert len(whole_months(days)) == months


def test_months_without_a_sale() -> None:
    sold = [("old", 1, 4), ("old", 2, 4), ("old", 6, 4), ("late", 5, 3), ("late", 6, 3), ("once", 6, 1)]
    rows = pl.DataFrame(
        [(name, date(2025, month, 3), amount) for name, month, amount in sold],
        schema=["product_id", "day", "quantity"],
        orient="row",
    )
    ids, months = pl.Series(["late", "old", "once"]), [date(2025, month, 1) for month in range(1, 7)]

    def cv(zeros: str) -> list[float | None]:
        return variation(rows, ids, months, "quantity", zeros)["cv"].to_list()  # type: ignore[arg-type]

    assert cv("ignore") == [0, 0, None]
    # Three 4 and three 0: mean 2, sample variance 24 / 5.
    assert cv("since-first") == [0, pytest.approx((24 / 5) ** 0.5 / 2), None]
    assert cv("count") == pytest.approx([(12 / 5) ** 0.5 / 1, (24 / 5) ** 0.5 / 2, 6**0.5])
    orders = variation(rows, ids, months, "orders", "count")["cv"]
    assert orders[0] == pytest.approx(((4 * (1 / 3) ** 2 + 2 * (2 / 3) ** 2) / 5) ** 0.5 * 3)


def test_limits_of_evenness_belong_to_the_class_above() -> None:
    classes = pl.DataFrame({"cv": [0.49, 0.5, 0.99, 1.0, None]}).select(xyz(pl.col("cv"), (0.5, 1.0)))
    assert classes.to_series().to_list() == ["X", "Y", "Y", "Z", None]
