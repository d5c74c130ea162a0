"""Options that would do nothing are refused, with what can be typed instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Acrm

ORDERS = "order_id,customer_id,date,amount\n1,a,2024-01-05,10\n2,b,2024-01-06,4\n"


@pytest.fixture
def store(acrm: Acrm, tmp_path: Path) -> str:
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    assert acrm("clean", "orders.csv", "-o", "store").code == 0
    return "store"


@pytest.mark.parametrize("command", ["clean", "doctor", "rfm"])
def test_a_table_that_no_file_is(acrm: Acrm, store: str, command: str) -> None:
    ran = acrm(command, "orders.csv", "--table", "customers=clients*.csv")
    assert (ran.code, ran.out) == (2, "")
    assert "clients*.csv" in ran.err
    assert "orders.csv" in ran.err
    assert acrm(command, "orders.csv", "--table", "transactions=orders.*").code == 0


@pytest.mark.parametrize("command", ["clean", "doctor", "rfm"])
def test_a_map_of_a_store(acrm: Acrm, store: str, command: str) -> None:
    ran = acrm(command, store, "--map", "line_amount=line_amount")
    assert (ran.code, ran.out) == (2, "")
    assert "--map" in ran.err
    assert acrm(command, store, "orders.csv", "--map", "line_amount=amount").code == 0
    # The column of a store is none of an export's.
    assert acrm(command, store, "orders.csv", "--map", "line_amount=line_amount").code == 2


def test_what_the_configuration_says_need_not_fit_every_run(acrm: Acrm, store: str, tmp_path: Path) -> None:
    (tmp_path / "acrm.toml").write_text(
        'map = ["line_amount=amount"]\ntable = ["customers=c*.csv"]\n', encoding="utf-8"
    )
    assert acrm("rfm", store).code == 0
    assert acrm("clean", "orders.csv").code == 0


def test_a_column_that_no_export_has(acrm: Acrm, store: str, tmp_path: Path) -> None:
    ran = acrm("clean", "orders.csv", "--map", "line_amount=amonut")
    assert ran.code == 2
    assert "--map line_amount=amount" in ran.err
    header = ",".join(f"name {letter}{other}" for letter in "abcdefghij" for other in "klmnopqrstuvwxyz")
    (tmp_path / "wide.csv").write_text(header + "\n" + ORDERS, encoding="utf-8")
    ran = acrm("clean", "wide.csv", "--map", "line_amount=%%%")
    assert ran.code == 2
    assert "(152 more)" in ran.err
