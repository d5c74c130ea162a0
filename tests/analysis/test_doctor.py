"""What is said of a set of tables."""

from __future__ import annotations

import polars as pl

from acrm.analysis.doctor import diagnose
from acrm.analysis.readiness import NEEDS
from tests.analysis.test_readiness import LINES


def test_diagnosis() -> None:
    moved = {"table": "customers", "field": "email", "measure": "valid", "before": 0.5, "now": 0.75}
    tables = {"transactions": LINES, "other_x": pl.LazyFrame({"row": [1], "_source_row": [1]})}
    result = diagnose(tables, changes=[moved])
    assert {name: count for name, count in result.summary.items() if count} == {
        "buyers": 2,
        "repeat_buyers": 1,
        "baskets": 2,
        "sales": 11,
        "other_x_rows": 1,
        "transactions_rows": 11,
    }
    assert result.tables["readiness"].height == len({need.command for need in NEEDS})
    assert result.tables["tables"]["table"].to_list() == ["other_x", "transactions"]
    assert result.tables["changes"].to_dicts() == [moved]
    # 2 of 11 lines are nobody's.
    assert result.tables["problems"].select("field", "problem", "rows").rows() == [("customer_id", "empty", 2)]
