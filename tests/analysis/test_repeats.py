"""Payments told by several files, counted as often as they were made."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from acrm.analysis.repeats import told_again

SCHEMA = {"at": pl.Int64, "file": pl.String, "on": pl.Date, "amount": pl.Int64, "currency": pl.String}
SCHEMA |= dict.fromkeys(("party", "order_id", "deal_id", "purpose"), pl.String)
USUAL = {"on": date(2026, 2, 12), "amount": 100, "currency": "RUB", "party": "ada", "purpose": "Счёт № 17"}


def payments(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([USUAL | {"at": at} | row for at, row in enumerate(rows)], schema=SCHEMA)


def told_by(*rows: dict[str, Any]) -> list[int | None]:
    return told_again(payments(*rows), pl.Series(["ada"]))["told_by"].to_list()


BANK, LEDGER, THIRD = {"file": "bank"}, {"file": "1c"}, {"file": "bank2"}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([BANK, LEDGER], [None, 0]),
        ([BANK, BANK], [None, None]),
        ([BANK, BANK, LEDGER, THIRD], [None, None, 0, 0]),
        ([BANK, BANK, LEDGER, LEDGER], [None, None, 0, 1]),
        ([BANK, LEDGER | {"purpose": "счет №18"}], [None, None]),
        ([BANK, LEDGER | {"purpose": "СЧЕТ №17"}], [None, 0]),
        ([BANK, LEDGER | {"amount": 101}], [None, None]),
        ([BANK, LEDGER | {"on": date(2026, 2, 13)}], [None, None]),
        ([BANK, LEDGER | {"currency": "USD"}], [None, None]),
        # The payer may be told in two ways, if the purpose has a number; else the payer must be one.
        ([BANK | {"party": "7701"}, LEDGER], [1, None]),
        ([BANK | {"purpose": "аванс"}, LEDGER | {"purpose": "аванс"}], [None, 0]),
        ([BANK | {"purpose": "аванс", "party": "7701"}, LEDGER | {"purpose": "аванс"}], [None, None]),
        ([BANK | {"purpose": "аванс", "party": None}, LEDGER | {"purpose": "аванс", "party": None}], [None, None]),
        # A file without purposes.
        ([BANK, LEDGER | {"purpose": None}], [None, 0]),
        ([BANK, LEDGER | {"purpose": None}, LEDGER | {"purpose": None}], [None, 0, None]),
        ([BANK | {"purpose": None}, LEDGER | {"purpose": None}, THIRD], [2, 2, None]),
        ([BANK | {"order_id": "1"}, LEDGER | {"order_id": "2"}], [None, None]),
        ([BANK | {"order_id": "1"}, LEDGER | {"order_id": "2", "purpose": None}], [None, None]),
    ],
)
def test_the_same_payment_in_another_file(rows: list[dict[str, Any]], found: list[int | None]) -> None:
    assert told_by(*rows) == found


def test_the_one_that_counts_knows_what_both_know() -> None:
    made = told_again(
        payments(BANK | {"party": "7701", "order_id": "17"}, LEDGER | {"party": "ada"}), pl.Series(["ada"])
    )
    assert made.filter(pl.col("told_by").is_null()).select("at", "party", "order_id").rows() == [(1, "ada", "17")]
