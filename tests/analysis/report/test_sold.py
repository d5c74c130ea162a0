"""What was sold, read once."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from acrm.analysis.report.sold import read_sold
from acrm.errors import InputError
from tests.analysis.report.orders import counted, random_lines, table


@pytest.mark.parametrize("seed", range(3))
def test_every_line_is_accounted_for_and_money_adds_up(seed: int) -> None:
    rows = random_lines(seed)
    sold = read_sold({"transactions": table(rows)}, ("channel",))
    assert Decimal(sold.rows["amount"].sum()) == sum(row["line_amount"] for row in rows if counted(row))
    left = {name: n for name, n in sold.figures.items() if name.startswith("lines_") and name != "lines_used"}
    del left["lines_without_customer"]
    assert sold.figures["lines"] == len(rows) == sold.figures["lines_used"] + sum(map(int, left.values()))  # type: ignore[arg-type, operator]
    without = sum(row["customer_id"] is None for row in rows if counted(row))
    assert sold.figures["lines_without_customer"] == without
    assert any(note.id == "report.nobody" for note in sold.notes)


def test_what_comes_after_today_is_left_out_and_today_is_the_day_after_the_last_event() -> None:
    rows = [{"ordered_on": date(2025, 1, day)} for day in (1, 5, 9)]
    sold = read_sold({"transactions": table(rows)})
    assert sold.as_of == date(2025, 1, 10)
    early = read_sold({"transactions": table(rows)}, as_of=date(2025, 1, 5))
    assert early.rows.height == 2
    assert early.figures["lines_after"] == 1


def test_a_mistyped_year_does_not_make_today() -> None:
    days = [date(2025, 1, 1) + timedelta(day) for day in range(50)]
    rows = [{"ordered_on": day} for day in [*days, date(2052, 1, 3)]]
    sold = read_sold({"transactions": table(rows)})
    assert sold.as_of == date(2025, 2, 20)
    assert sold.notes[0].id == "history.far_dates"


def test_lines_of_one_order_with_and_without_a_currency_are_one_order() -> None:
    rows = [{"order_id": "1", "currency": "EUR"}, {"order_id": "1"}, {"order_id": "2", "currency": "EUR"}]
    sold = read_sold({"transactions": table(rows)})
    assert sold.rows.height == 2
    assert sold.figures["currency"] == "EUR"
    with pytest.raises(InputError, match="more than one currency"):
        read_sold({"transactions": table([{"currency": "EUR"}, {"currency": "USD"}])})


def test_without_a_sale_there_is_no_report() -> None:
    with pytest.raises(InputError, match="cancelled"):
        read_sold({"transactions": table([{"status": "cancelled"}])})


def test_costs_come_from_the_list_of_products() -> None:
    lines = table([{"product_id": "pen", "quantity": Decimal(2)}])
    products = pl.LazyFrame({"product_id": ["pen"], "cost": [Decimal(3)]})
    assert read_sold({"transactions": lines, "products": products}).rows["cost"].to_list() == [Decimal(6)]
