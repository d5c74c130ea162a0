"""All parts together."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from acrm.analysis.report import parts
from acrm.analysis.report.params import Gathered, ReportParams
from acrm.analysis.report.report import report
from acrm.errors import InputError, ModelError, UsageError
from tests.analysis.report.orders import random_lines, table

TABLES = {"transactions": table(random_lines(3))}


def test_a_part_that_cannot_answer_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ModelError("clv_not_converged", model="x", slope=1.0, agreeing=1, of=2)

    monkeypatch.setattr(parts, "PARTS", {**parts.PARTS, "clv": broken})
    found = report(Gathered(tables=TABLES), ReportParams())
    assert "clv" not in found.results
    assert "error.clv_not_converged" in {why.id for _, why in found.refused}
    assert {"kpis", "cohorts", "rfm", "health"} <= set(found.results)


def test_figures_have_the_name_of_their_part_and_bookkeeping_is_told_once() -> None:
    found = report(Gathered(tables=TABLES), ReportParams())
    names = set(found.summary)
    assert {"revenue", "lines", "as_of", "rfm.customers", "health.fail"} <= names
    assert not {name for name in names if name.endswith((".lines", ".as_of", ".currency"))}
    assert next(iter(found.tables)) == "kpis"


def test_goals_a_slip_of_the_pen_and_a_part_that_is_not_there() -> None:
    def asked(figure: str) -> Any:
        goals = {"goal": [{"figure": figure, "goal": 1}]}
        return report(Gathered(tables=TABLES), ReportParams(goals=goals)).results["scorecard"].table["colour"].item()

    assert asked("orders") == "green"
    assert asked("funnel.win_rate") == "grey"
    with pytest.raises(InputError, match="costumers"):
        asked("rfm.costumers")


def test_nothing_to_report() -> None:
    with pytest.raises(InputError, match="other_things"):
        report(Gathered(tables={"other_things": pl.LazyFrame({"row": [1], "a": ["b"]})}), ReportParams())


def test_figures_beside_those_of_sales() -> None:
    deals = pl.LazyFrame(
        {
            "deal_id": [str(k) for k in range(40)],
            "stage": ["x"] * 40,
            "status": ["won"] * 10 + ["lost"] * 30,
            "created_at": [datetime(2025, 1, 1 + k // 2, tzinfo=UTC) for k in range(40)],
            "closed_at": [datetime(2025, 2, 1 + k // 2, tzinfo=UTC) for k in range(40)],
            "amount": [Decimal(5)] * 40,
        }
    )
    found = report(Gathered(tables={"deals": deals}), ReportParams()).tables["kpis"]
    row = found.filter(measure="win_rate").row(0, named=True)
    assert (row["value"], row["n"], row["change"]) == (0.25, 40, None)


def test_the_board_gets_nobodys_card() -> None:
    with pytest.raises(UsageError, match="names nobody"):
        report(Gathered(tables=TABLES), ReportParams(audience="board", customer="c1"))
