from __future__ import annotations

import polars as pl
import pytest

from acrm.analysis.churn.rows import with_customers
from acrm.errors import InputError


def test_a_table_that_fits_nothing_stands_for_the_customers_if_it_has_the_label() -> None:
    other = pl.LazyFrame({"row": [2, 3], "state": ["a", "a"], "clientnum": ["7", "8"], "churn": ["yes", "no"]})
    tables, notes = with_customers({"other_bank": other, "other_rates": pl.LazyFrame({"row": [1]})}, None)
    made = tables["customers"].collect()
    assert made.rows() == [("7", "a", "yes"), ("8", "a", "no")]
    assert made.columns == ["customer_id", "x_state", "x_churn"]
    assert [str(note) for note in notes] == ["rows of other_bank are the customers, called by clientnum"]


def test_without_an_id_of_their_own_rows_are_numbered() -> None:
    other = pl.LazyFrame({"state": ["a", "a"], "id": ["7", "7"], "gone_by": ["yes", "no"]})
    tables, notes = with_customers({"other_bank": other}, "Gone By")
    assert tables["customers"].collect().columns == ["customer_id", "x_state", "x_id", "x_gone_by"]
    assert tables["customers"].collect()["customer_id"].to_list() == ["1", "2"]
    assert "number of the row" in str(notes[0])


def test_contracts_with_the_label_are_the_customers_without_their_names() -> None:
    contracts = pl.LazyFrame(
        {
            "customer_id": ["c2", "c1", "c2"],
            "plan": ["s", "m", "l"],
            "x_who": ["Li", "Wu", "Li"],
            "x_churn": ["no", "yes", "yes"],
            "_source_row": [2, 3, 4],
        }
    )
    customers = pl.LazyFrame({"customer_id": ["c1", "c2"], "full_name": ["Wu", "Li"]})
    tables, notes = with_customers({"contracts": contracts, "customers": customers}, None)
    made = tables["customers"].collect()
    assert made.columns == ["customer_id", "x_plan", "x_churn", "_source_row"]
    assert made.rows() == [("c1", "m", "yes", 3), ("c2", "l", "yes", 4)]
    assert [note.id for note in notes] == ["churn_label.rows", "churn_label.repeated"]
    assert notes[1].values == {"rows": 3, "customers": 2}


def test_customers_with_the_label_stay_as_they_are() -> None:
    tables = {"customers": pl.LazyFrame({"customer_id": ["a", "b"], "x_churn": ["1", "0"]}), "other_x": pl.LazyFrame()}
    assert with_customers(tables, None) == (tables, ())
    nobody = {"other_x": pl.LazyFrame({"churn": ["1", "1"]})}
    assert with_customers(nobody, None) == (nobody, ())


def test_a_table_with_the_columns_of_a_model_needs_no_label() -> None:
    other = {"other_x": pl.LazyFrame({"id": ["7", "8"], "fee": ["1", "2"]})}
    made = with_customers(other, None, ["x_fee"])[0]["customers"].collect()
    assert made.rows() == [("7", "1"), ("8", "2")]
    assert with_customers(other, None, ["x_fee", "x_plan"]) == (other, ())


def test_a_column_that_no_table_has_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        with_customers({"other_x": pl.LazyFrame({"fee": ["1", "2"]})}, "chrun")
    assert "chrun" in str(refused.value)
    assert "fee" in str(refused.value)


def test_rows_of_one_customer_are_told() -> None:
    customers = pl.LazyFrame({"customer_id": ["1", "2"], "x_churn": ["yes", "no"]})
    kept, notes = with_customers({"customers": customers}, None, told=5)
    assert kept["customers"].collect().height == 2
    assert [str(note).partition(":")[0] for note in notes] == ["5 rows tell of 2 customers"]
    assert with_customers({"customers": customers}, None, told=2)[1] == ()
