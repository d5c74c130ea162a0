"""`acrm churn` from files to files."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.conftest import Acrm

COLUMNS = [
    *("customer_id", "churn_probability", "low", "high", "risk_band", "expected_loss"),
    *("reason_1", "reason_2", "reason_3", "action"),
]


def rows(n: int = 300, seed: int = 0) -> list[list[object]]:
    """Customers of a service: those with a monthly plan and complaints leave."""
    random = np.random.default_rng(seed)
    monthly, complaints = random.random(n) < 0.5, random.poisson(0.7, n)
    tenure, fee = random.integers(1, 60, n), random.integers(20, 90, n)
    left = random.random(n) < 1 / (1 + np.exp(3.2 - 2.2 * monthly - 1.3 * complaints + tenure / 30))
    mail = random.choice(["none", "letter"], n)
    return [
        [
            *(f"c{at:04}", "monthly" if monthly[at] else "yearly", complaints[at], tenure[at], fee[at], mail[at]),
            "yes" if left[at] else "no",
        ]
        for at in range(n)
    ]


def write(path: Path, table: list[list[object]], *more: str) -> Path:
    header = ",".join(["customer_id", "plan_kind", "complaints", "tenure", "fee", "mailing", "churn", *more])
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in table)]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def service(tmp_path: Path) -> Path:
    return write(tmp_path / "service.csv", rows())


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_page_and_the_tables(acrm: Acrm, service: Path, lang: str) -> None:
    ran = acrm("churn", service, "--lang", lang, "-o", "made", "--by", "plan_kind", "--value", "fee", "--contact", "1")
    assert ran.code == 0, ran.err
    assert max(map(len, ran.out.splitlines())) <= 80
    table = pl.read_parquet("made/churn.parquet")
    assert table.columns == COLUMNS
    assert table.height == 300
    assert table["expected_loss"].null_count() == 0
    cuts = pl.read_parquet("made/churn_by.parquet")
    assert set(cuts["group"]) == {"monthly", "yearly"}
    assert {path.name for path in Path("made").glob("churn_retention_*.parquet")} >= {
        "churn_retention_groups.parquet",
        "churn_retention_survival.parquet",
    }


def test_json_and_limits(acrm: Acrm, service: Path) -> None:
    ran = acrm("churn", service, "-o", "made", "--json", "--quiet", "--fail-on", "roc_auc<0.99")
    assert ran.code == 1
    told = json.loads(ran.out)
    assert told["setting"] == "labelled"
    assert {"roc_auc", "roc_auc_low", "pr_auc", "brier", "ece", "lift_10", "rules"} <= set(told["metrics"])


def test_a_leak_is_named_and_may_be_left_out(acrm: Acrm, tmp_path: Path) -> None:
    table = rows()
    leaky = write(tmp_path / "leaky.csv", [[*row, 5 if row[6] == "yes" else 0] for row in table], "final_bill")
    ran = acrm("churn", leaky, "-o", "made")
    assert ran.code == 3
    assert "final_bill" in ran.err
    assert not Path("made/churn.parquet").exists()
    assert acrm("churn", leaky, "-o", "made", "--quiet", "--drop", "final_bill").code == 0
    assert acrm("churn", leaky, "-o", "allowed", "--quiet", "--allow", "final_bill").code == 0
    assert "final bill" in pl.read_parquet("allowed/churn.parquet")["reason_1"].drop_nulls().str.join().item()


def test_a_past_campaign(acrm: Acrm, service: Path) -> None:
    ran = acrm("churn", service, "-o", "made", "--treatment", "mailing", "--quiet")
    assert ran.code == 0, ran.err
    arms = pl.read_parquet("made/churn_uplift_arms.parquet")
    assert arms["arm"].to_list() == ["letter"]
    assert "mailing" not in " ".join(pl.read_parquet("made/churn_people.parquet").columns)
    assert acrm("churn", service, "-o", "made", "--outcome", "fee").code == 2
    assert acrm("churn", service, "-o", "made", "--treatment", "mialing").code == 3


def orders(path: Path, customers: int = 400, days: int = 300) -> Path:
    random = np.random.default_rng(4)
    first = date(2024, 1, 1)
    lines = ["order_id,customer_id,order_date,amount"]
    for customer in range(customers):
        usual, day, left = random.gamma(3, 6), float(random.integers(0, 120)), random.exponential(220)
        begun = day
        while day < min(days, begun + left):
            lines.append(f"{len(lines)},c{customer:03},{first + timedelta(int(day))},{random.gamma(4, 10) + 1:.2f}")
            day += max(1.0, random.gamma(3, usual / 3))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_purchases_alone(acrm: Acrm, tmp_path: Path) -> None:
    shop = orders(tmp_path / "orders.csv")
    ran = acrm("churn", shop, "-o", "made", "--window", "45", "--value", "100")
    assert ran.code == 0, ran.err
    assert "by purchases: none in 45 days" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    table = pl.read_parquet("made/churn.parquet")
    assert table.columns == COLUMNS
    lost = pl.read_parquet("made/churn_lost.parquet")["customer_id"]
    assert not set(lost) & set(table["customer_id"])
    told = json.loads(Path("made/churn.json").read_text(encoding="utf-8"))["summary"]
    assert told["lost_customers"] == len(lost)
    assert told["window_days"] == 45


def test_what_can_not_be_asked(acrm: Acrm, service: Path, tmp_path: Path) -> None:
    shop = orders(tmp_path / "orders.csv", 30, 40)
    asked: tuple[tuple[tuple[object, ...], int, str], ...] = (
        ((shop,), 3, "carry no window"),
        ((shop, "--treatment", "mailing"), 2, "--treatment"),
        ((service, "--target", "chrun"), 3, "chrun"),
        ((service, "--by", "nothing"), 3, "no such column"),
        ((service, "--value", "plan_kind"), 3, "no such column"),
        ((service, "--value", "-3"), 2, "value"),
        ((service, "--tenure", "plan_kind"), 0, "no such column"),
        ((service, "--ending", "30"), 3, "contracts"),
        ((service, "--apply", "model.json", "--allow", "fee"), 2, "--allow"),
        ((service, "--apply", "model.json"), 3, "model.json"),
        ((service, "--compare", "model.json"), 3, "model.json"),
        ((service, "--save", service), 2, "service.csv"),
    )
    for words, code, said in asked:
        ran = acrm("churn", *words, "-o", "made")
        assert ran.code == code, (words, ran.err)
        assert said in ran.err + ran.out, (words, ran.err)


def test_a_model_is_kept_and_used_later(acrm: Acrm, service: Path, tmp_path: Path) -> None:
    ran = acrm("churn", service, "-o", "first", "--save", "kept/model.json", "--json", "--quiet")
    assert ran.code == 0, ran.err
    learned = pl.read_parquet("first/churn.parquet")
    again = acrm("churn", service, "-o", "second", "--apply", "kept/model.json", "--compare", "first")
    assert again.code == 0, again.err
    scored = pl.read_parquet("second/churn.parquet")
    assert scored.equals(learned)
    assert pl.read_parquet("second/churn_compare_entered.parquet").is_empty()
    assert set(pl.read_parquet("second/churn_drift.parquet")["drift"]) == {"none"}
    # Later customers have no label yet; some of them changed.
    later = [[row[0], *(("monthly", 4, 2) if place < 40 else row[1:4]), *row[4:6]] for place, row in enumerate(rows())]
    header = "customer_id,plan_kind,complaints,tenure,fee,mailing"
    path = tmp_path / "later.csv"
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in later)]) + "\n", encoding="utf-8")
    ran = acrm(
        "churn", path, "-o", "third", "--apply", "first", "--compare", "first", "--fail-on", "at_risk_share>0.01"
    )
    assert ran.code == 1, ran.err
    assert "complaints" in ran.out
    # Who had left in the first file is new to the second.
    entered = pl.read_parquet("third/churn_compare_entered.parquet").drop_nulls("before")
    assert set(entered["customer_id"]) <= {f"c{at:04}" for at in range(40)}
    assert entered.height > 2
    assert pl.read_parquet("third/churn.parquet").columns == COLUMNS


def test_segments_without_orders_are_the_customers_own_or_are_refused(acrm: Acrm, tmp_path: Path) -> None:
    table = rows()
    write(tmp_path / "left.csv", table)
    ran = acrm("churn", "left.csv", "--by", "segment")
    assert (ran.code, ran.out) == (3, "")
    assert "segments are made of orders, and the sources have none" in ran.err
    assert "hint: name a source with orders" in ran.err
    write(tmp_path / "own.csv", [[*row, "gold" if row[2] else "basic"] for row in table], "segment")
    assert acrm("churn", "own.csv", "--by", "segment").code == 0
    assert set(pl.read_parquet(tmp_path / "acrm-out" / "churn_by.parquet")["group"]) == {"gold", "basic"}


def test_a_column_to_cut_by_is_looked_for_before_the_fit(
    acrm: Acrm, service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[object] = []
    monkeypatch.setattr("acrm.commands.churn._analysed", lambda *given: fitted.append(given))
    ran = acrm("churn", service, "--by", "nothing")
    assert (ran.code, fitted) == (3, []), ran.err
    assert "nothing" in ran.err
