from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.guards import LEAKS, guarded, guards, without
from acrm.analysis.churn.label import Labelled
from acrm.analysis.churn.records import read_records
from acrm.analysis.churn.snapshots import case as case_on
from acrm.analysis.people.features import Feature
from acrm.errors import InputError
from tests.analysis.churn.conftest import FIRST, Lines, buyers

FILES = ("telco", "campaign")


def planted(outcome: np.ndarray) -> dict[str, list[str | None]]:
    """Columns as they are found in real files, written when or after customers left."""
    random = np.random.default_rng(0)
    half = random.random(len(outcome)) < 0.5
    day = random.integers(10, 28, len(outcome))

    def where(rows: np.ndarray, values: np.ndarray) -> list[str | None]:
        return [str(value) if row else None for row, value in zip(rows, values, strict=True)]

    return {
        "again": [str(2 - value) for value in outcome.astype(int)],
        "noisy": [f"{value:.4f}" for value in outcome + random.normal(0, 0.25, len(outcome))],
        "score": [str(value) for value in np.where(outcome, day + 50, day + 36)],
        "apart": [str(value) for value in np.where(outcome, random.choice([1, 9], len(outcome)), 5)],
        "reason": where(outcome & half, random.choice(["price", "moved", "rival"], len(outcome))),
        "exit_day": where(outcome, np.char.add("2026-01-", day.astype(str))),
        "last_seen": [f"2026-0{1 + (not value)}-{at}" for value, at in zip(outcome, day, strict=True)],
        "account": ["closed" if value else "open" for value in outcome & half],
        "survey": where(~(outcome & half), day),
        "renewal": where(~outcome & half, day),
        "churn_score": [f"{value:.3f}" for value in 1.6 * outcome + random.normal(size=len(outcome))],
    }


@pytest.mark.parametrize("name", FILES)
def test_honest_columns_are_not_called_leaks(labelled_file: Callable[..., Labelled], name: str) -> None:
    case = labelled_file(name).case
    found = guards(case)
    assert not LEAKS & set(found["guard"])
    if name == "telco":
        assert found.is_empty()
    else:
        assert found["column"].to_list() == ["", "x_complain", "x_dt_customer", "x_z_costcontact", "x_z_revenue"]
    assert guarded(case, found).case.table.height == case.table.height


@pytest.mark.parametrize("name", FILES)
def test_planted_leaks_are_named_and_stop(labelled_file: Callable[..., Labelled], name: str) -> None:
    case = labelled_file(name, planted).case
    found = guards(case).filter(pl.col("guard").is_in(sorted(LEAKS)))
    assert dict(zip(found["column"], found["guard"], strict=True)) == {
        "x_account": "level",
        "x_again": "label",
        "x_apart": "label",
        "x_churn_score": "named",
        "x_exit_day": "filled",
        "x_last_seen": "label",
        "x_noisy": "auc",
        "x_reason": "filled",
        "x_renewal": "filled",
        "x_score": "auc",
        "x_survey": "filled",
    }
    with pytest.raises(InputError) as stopped:
        guarded(case, found, allow=["again", "apart", "score"])
    assert "account" in str(stopped.value)
    names = "account,churn_score,exit_day,last_seen,noisy,reason,renewal,survey"
    assert str(stopped.value.hint) == f"--drop {names} leaves them out; --allow {names} keeps them"
    allowed = guarded(case, found, allow=found["column"].to_list())
    assert "x_noisy" in {feature.name for feature in allowed.case.features}
    assert "as asked" in str(allowed.notes[0])


def simple(n: int = 400, **columns: pl.Series) -> Case:
    random = np.random.default_rng(1)
    outcome = random.random(n) < 0.3
    table = pl.DataFrame({"customer_id": [f"c{at:04}" for at in range(n)], "x_age": random.normal(40, 9, n)})
    table = table.with_columns(values.alias(f"x_{name}") for name, values in columns.items())
    kinds = {name: "number" if table[name].dtype.is_numeric() else "category" for name in table.columns[1:]}
    features = tuple(Feature(name=name, axis="extra", kind=kind) for name, kind in kinds.items())  # type: ignore[arg-type]
    return Case(table=table, features=features, outcome=pl.Series("left", outcome), cutoff=date(2026, 1, 1))


def test_the_label_of_the_row_before_is_found_in_the_order_of_the_file() -> None:
    case = simple()
    order = np.random.default_rng(2).permutation(400)
    in_file = np.empty(400, dtype=bool)
    in_file[order] = case.outcome.to_numpy()
    shifted = np.roll(in_file, 1)[order]
    flagged = simple(flag=pl.Series(np.where(shifted, "y", "n")))
    raw = flagged.table.with_columns(_source_row=pl.Series(order))
    assert guards(flagged, raw).row(0)[:2] == ("x_flag", "shifted")
    assert "x_flag" not in guards(flagged)["column"]


def test_days_after_the_cutoff_are_leaks_unless_they_are_planned() -> None:
    random = np.random.default_rng(3)
    days = [(date(2025, 12, 1) + timedelta(days=int(at))).isoformat() for at in random.integers(0, 60, 400)]
    case = simple(last_call=pl.Series(days), contract_end=pl.Series(days))
    found = guards(case, case.table)
    late = found.filter(guard="after_cutoff")
    assert late["column"].to_list() == ["x_last_call"]
    assert late["figure"][0] == pytest.approx(np.mean([day > "2026-01-01" for day in days]))


def test_a_column_that_tells_more_than_all_others_together_is_a_leak() -> None:
    base = simple(1500)
    left = base.outcome.to_numpy()
    random = np.random.default_rng(5)
    score = pl.Series((2 * left + random.normal(size=1500)).round(3))
    alone = simple(1500, score=score)
    assert guards(alone).row(0)[:2] == ("x_score", "beyond")
    beside = {f"part{at}": pl.Series((1.6 * left + random.normal(size=1500)).round(3)) for at in range(4)}
    found = guards(simple(1500, score=score, **beside))
    assert dict(found.select("column", "guard").iter_rows()) == {"x_score": "strong"}


def test_columns_are_left_out_by_name() -> None:
    case = simple(card=pl.Series(np.arange(400.0) % 7))
    assert [feature.name for feature in without(case, ["Card"]).features] == ["x_age"]
    assert without(case, ()).features == case.features
    for option in ("drop", "allow"):
        with pytest.raises(InputError) as refused:
            without(case, ["cards"]) if option == "drop" else guarded(case, guards(case), allow=["cards"])
        assert refused.value.id == "churn_no_column"
        assert f"--{option} cards" in str(refused.value)


def test_what_customers_are_today_is_looked_at_where_purchases_tell_who_left(lines: Lines) -> None:
    """Rows cannot come from after the cutoff; a column of customers as they stand today can."""
    rows = buyers()
    last: dict[str, int] = {}
    for row in rows:
        last[str(row[0])] = int(str(row[1]))
    seen = [(FIRST + timedelta(day)).isoformat() for day in last.values()]
    customers = pl.LazyFrame(
        {"customer_id": [*last], "x_last_seen": seen, "x_shoe": [36 + at % 9 for at in range(len(last))]}
    )
    learned = case_on(read_records(lines(rows), {"customers": customers}), FIRST + timedelta(250), 90)
    assert {"x_last_seen", "x_shoe", "days_since_last"} <= set(learned.table.columns)
    found = guards(learned).filter(pl.col("guard").is_in(sorted(LEAKS)))
    assert found["column"].to_list() == ["x_last_seen"]


def test_ids_and_columns_of_no_use_are_left_out() -> None:
    case = simple(card=pl.Series([f"k{at}" for at in range(400)]), planet=pl.Series(["Earth"] * 400))
    found = guards(case)
    assert dict(found.select("column", "guard").iter_rows()) == {"x_card": "id", "x_planet": "constant"}
    assert [feature.name for feature in guarded(case, found).case.features] == ["x_age"]


def test_few_leavers_are_said_and_too_few_refused() -> None:
    case = simple(120)
    assert "few" in guards(case)["guard"]
    few = simple(50)
    with pytest.raises(InputError) as refused:
        guarded(few, guards(few))
    assert refused.value.id == "churn_few"


def test_customers_alike_in_everything_are_counted() -> None:
    case = simple()
    table = case.table.with_columns(x_age=pl.lit(1.0) + (pl.int_range(400) % 7))
    found = guards(Case(table=table, features=case.features, outcome=case.outcome))
    assert found.filter(guard="duplicates")["figure"].to_list() == [400.0]
