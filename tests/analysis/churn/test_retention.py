"""How long customers stay: Telco's curves, simulated contracts, reasons, cohorts that end where the data do."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.retention import COUNTED, retained
from acrm.analysis.churn.stays import stays_of_contracts, stays_of_tenures
from acrm.analysis.clv.contract_groups import ContractParams

TODAY = date(2024, 1, 1)
SHARE = 0.06


def contracts(rows: int = 1500, *, worse: float = 1.0) -> pl.DataFrame:
    """Monthly contracts that end at a constant rate, `worse` times as high in plan b; two of three go to a rival."""
    rng = np.random.default_rng(31)
    plan = np.where(np.arange(rows) % 2 == 0, "a", "b")
    months = rng.geometric(SHARE * np.where(plan == "b", worse, 1.0))
    start = [date(2020, 1, 1) + timedelta(days=int(day)) for day in rng.integers(0, 1400, rows)]
    reason = rng.choice(["competitor", "competitor", "moved"], rows)
    table = pl.DataFrame({"customer_id": [f"c{n:04}" for n in range(rows)], "start_at": start, "plan": plan})
    table = table.with_columns(_m=pl.Series(months), end_reason=pl.Series(reason))
    table = table.with_columns(end_at=pl.col("start_at").dt.offset_by(pl.format("{}mo", "_m")))
    gone = pl.col("end_at") < TODAY
    return table.with_columns(pl.when(gone).then(name).alias(name) for name in ("end_at", "end_reason")).drop("_m")


def params(by: str | None = None) -> ContractParams:
    return ContractParams(as_of=TODAY, period="month", by=by, interval=0.95)


def test_telco_by_contract(data: Path) -> None:
    table = pl.read_csv(data / "churn" / "Telco-Customer-Churn.csv", infer_schema_length=None)
    table = table.rename({"customerID": "customer_id"})
    asked = ContractParams(by="Contract", interval=0.95)
    found = retained(stays_of_tenures(table, "tenure", table["Churn"] == "Yes", asked), asked)
    assert found.figures["log_rank"] == pytest.approx(2352.8725, abs=5e-5)
    curve = found.tables["survival"]
    at = {(group, period): share for group, period, share in curve.select("group", "period", "survival").rows()}
    assert at["Month-to-month", 24] == pytest.approx(0.5859, abs=5e-5)
    assert at["One year", 72] == pytest.approx(0.5681, abs=5e-5)
    assert at["Two year", 72] == pytest.approx(0.9357, abs=5e-5)
    groups = found.tables["groups"]
    assert groups.select("customers", "left", "median").rows() == [
        (3875, 1655, 35),
        (1473, 166, None),
        (1695, 48, None),
    ]
    # Leavers' starts are not told, so nobody knows who was there a year ago.
    assert groups["retention"].null_count() == 3
    # The curve of one-year contracts falls faster and faster, as no model here does: it is counted.
    assert groups.filter(group="One year")["model"].item() == COUNTED
    everybody = retained(stays_of_tenures(table, "tenure", table["Churn"] == "Yes", ContractParams()), ContractParams())
    whole = dict(everybody.tables["survival"].select("period", "survival").rows())
    assert [whole[month] for month in (12, 24, 72)] == pytest.approx([0.843200, 0.788736, 0.592790], abs=5e-7)
    assert everybody.tables["groups"]["mean"].item() == pytest.approx(54.4924, abs=5e-5)


def test_contracts_are_foretold() -> None:
    found = retained(stays_of_contracts(contracts().lazy(), params()), params())
    row = found.tables["groups"].row(0, named=True)
    truth = (1 - SHARE) ** 12
    assert row["forecast_low"] < truth < row["forecast_high"]
    assert row["retention"] == pytest.approx(truth, abs=0.05)
    assert row["median"] == pytest.approx(np.ceil(np.log(0.5) / np.log(1 - SHARE)), abs=1)
    remaining = found.tables["remaining"]
    assert remaining.height == row["here"]
    assert remaining["stay_year"].mean() == pytest.approx(row["forecast"])


def test_groups_that_differ_are_told_apart() -> None:
    alike = retained(stays_of_contracts(contracts().lazy(), params("plan")), params("plan"))
    assert alike.figures["log_rank_p"] > 0.01  # type: ignore[operator]
    apart = retained(stays_of_contracts(contracts(worse=2).lazy(), params("plan")), params("plan"))
    assert apart.figures["log_rank_p"] < 1e-6  # type: ignore[operator]
    assert "churn_retention.groups_differ" in [note.id for note in apart.notes]
    means = apart.tables["groups"]["mean"].to_list()
    assert means[0] > means[1]


def test_reasons_compete() -> None:
    found = retained(stays_of_contracts(contracts().lazy(), params()), params())
    reasons = {row["reason"]: row for row in found.tables["reasons"].iter_rows(named=True)}
    assert set(reasons) == {"rival", "moved"}
    gone = 1 - (1 - SHARE) ** 12
    assert reasons["rival"]["low"] < 2 / 3 * gone < reasons["rival"]["high"]
    assert reasons["rival"]["next_year"] == pytest.approx(2 / 3 * gone, abs=0.06)
    curve = dict(found.tables["survival"].select("period", "survival").rows())
    assert sum(row["within_year"] for row in reasons.values()) == pytest.approx(1 - curve[12])


def test_without_reasons_or_starts_there_are_no_such_rows() -> None:
    table = pl.DataFrame({"customer_id": [f"c{n}" for n in range(80)], "months": [n % 20 for n in range(80)]})
    found = retained(stays_of_tenures(table, "months", table["months"] % 2 == 1, ContractParams()), ContractParams())
    assert found.tables["reasons"].is_empty()
    assert found.tables["cohorts"].is_empty()
    assert found.figures["retention_left"] == 40
