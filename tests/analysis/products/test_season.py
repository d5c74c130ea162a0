"""Seasons: told by months in a row, not by a short life or a few orders."""

from datetime import date, timedelta

import polars as pl

from acrm.analysis.products.season import seasonal


def rows(product: str, days: list[date]) -> pl.DataFrame:
    return pl.DataFrame({"product_id": [product] * len(days), "day": days})


def winter(years: tuple[int, ...], orders: int = 10) -> list[date]:
    return [date(year, 11, 10) + timedelta(days=9 * number) for year in years for number in range(orders)]


def test_what_sells_over_the_turn_of_the_year_has_a_season() -> None:
    found = seasonal(rows("sledge", winter((2023, 2024))), date(2025, 10, 1))
    assert found.rows() == [("sledge", 11, 1)]


def test_all_year_few_orders_and_new_products_have_none() -> None:
    year = [date(2024, 1, 5) + timedelta(days=12 * number) for number in range(30)]
    assert seasonal(rows("soap", year), date(2025, 1, 1)).is_empty()
    assert seasonal(rows("few", winter((2023,), orders=7)), date(2024, 10, 1)).is_empty()
    assert seasonal(rows("new", winter((2024,))), date(2025, 3, 1)).is_empty()


def test_a_season_that_was_skipped_is_over() -> None:
    days = winter((2022,))
    assert not seasonal(rows("sledge", days), date(2024, 1, 1)).is_empty()
    assert seasonal(rows("sledge", days), date(2024, 12, 1)).is_empty()
