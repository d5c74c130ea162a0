"""Rows that say nothing without the value they lack."""

from __future__ import annotations

import pytest

from tests.ingest.conftest import Load, rejected, rows


@pytest.mark.parametrize(
    ("text", "rule", "table"),
    [
        ("payment date,payment amount,client id\n2025-01-13,,a\n2025-01-14,5,a\n", "missing_amount", "payments"),
        (
            "payment date,payment amount,client id\n2025-01-13,five,a\n2025-01-14,5,a\n2025-01-14,5,b\n",
            "bad_amount",
            "payments",
        ),
        ("date,campaign,spend\n2025-01-13,a,\n2025-01-14,a,5\n", "missing_amount", "campaigns"),
        ("period,cost,segment\n2025-01-01,,x\n2025-02-01,5,x\n", "missing_amount", "service_costs"),
        ("client id,contract start,contract end,plan\na,,2025-03-01,x\nb,2025-01-01,,x\n", "missing_date", "contracts"),
    ],
)
def test_a_row_without_what_its_table_is_about(load: Load, text: str, rule: str, table: str) -> None:
    dataset = load(text)
    assert rejected(dataset) == [(rule, 2)]
    assert len(rows(dataset, table, "_source_row")) == text.count("\n") - 2


def test_deleted_customers_are_rejected_but_what_they_bought_stays(load: Load) -> None:
    people = "customer id,email,name,Is Deleted\na,a@x.com,Ann,true\nb,b@x.com,Bob,false\n"
    dataset = load({"p.csv": people, "o.csv": "order_id,date,customer id,product,amount\n1,2025-01-13,a,tea,5\n"})
    assert rejected(dataset) == [("deleted_row", 2)]
    assert rows(dataset, "transactions", "customer_id", "line_amount") == [("a", 5)]


def test_a_mark_that_is_no_word_for_yes_deletes_nothing(load: Load) -> None:
    people = "customer id,email,name,Archived\na,a@x.com,Ann,box 5\nb,b@x.com,Bob,shelf\n"
    assert len(rows(load(people), "customers", "customer_id")) == 2
