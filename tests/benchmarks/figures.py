"""What must be equal whoever made it: `python -m tests.benchmarks.figures FOLDER` prints it as JSON.

`same` holds what is compared: counts, money in whole pennies, and of a whole table the sum of a hash over its rows, so
that one customer with one order more shows. `told` is shown beside the times: how good a model is, where two programs
need not agree. Programs whose result is no table write both themselves, as `figures.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb

_PENNIES = "round({}::double * 100)::bigint"
_SUM = "coalesce(sum(hash({})::hugeint), 0)::varchar"
# Numbers are ids here; pandas has read them as fractions.
_CUSTOMER = "customer_id::double::bigint"
TABLES = {
    "lines": {"lines": "count(*)", "orders": "count(distinct InvoiceNo)", "customers": "count(distinct CustomerID)"},
    "transactions": {
        "lines": "count(*)",
        "orders": "count(distinct order_id)",
        "customers": "count(distinct customer_id)",
    },
    "rfm": {
        "customers": "count(*)",
        "orders": "sum(orders)::bigint",
        "spend": f"sum({_PENNIES.format('spend')})::bigint",
        "rfm": _SUM.format(f"{_CUSTOMER}, days_since_last::bigint, orders::bigint, {_PENNIES.format('spend')}"),
    },
    "windows": {
        "rows": "count(*)",
        "windows": _SUM.format(f'{_CUSTOMER}, "window"::bigint, orders::bigint, {_PENNIES.format("spend")}'),
    },
    "cohorts": {
        "cells": "count(*)",
        "cohorts": _SUM.format("cohort::date, age::bigint, active::bigint"),
    },
    "periods": {"revenue": f"sum({_PENNIES.format('revenue')})::bigint", "all orders": "sum(orders)::bigint"},
}
"""What is asked of each table that a program may have written."""
OWN = {"report_rfm_customers": "rfm", "report_cohorts_triangle": "cohorts", "report_kpis_periods": "periods"}
"""Those tables as `acrm report` calls them."""


def figures(folder: Path) -> dict[str, Any]:
    """The figures of what a program wrote into its folder.

    Raises:
        FileNotFoundError: It wrote nothing that is known here.
    """
    if (told := folder / "figures.json").exists():
        found: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
        return found
    if (groups := folder / "groups.parquet").exists():
        return _groups(groups)
    if (folder / "churn_origins.parquet").exists():
        return _churn(folder)
    same: dict[str, Any] = {}
    for path in sorted(folder.glob("*.parquet")):
        asked = TABLES.get(OWN.get(path.stem, path.stem))
        if asked:
            table = duckdb.read_parquet(str(path))
            if "active" in table.columns:
                # Cells in which nobody bought, or which are not over, are rows for some and none for others.
                table = table.filter("active > 0")
            row = table.aggregate(", ".join(f'{of} as "{name}"' for name, of in asked.items())).fetchall()[0]
            same |= dict(zip(asked, row, strict=True))
    if not same:
        raise FileNotFoundError(folder)
    return {"same": same}


def _groups(path: Path) -> dict[str, Any]:
    """How many records there were, and the pairs within groups against the pairs of one person."""
    duckdb.read_parquet(str(path)).project('person, coalesce("group"::varchar, ref::varchar) as found').create(
        "records"
    )

    def pairs(*keys: str) -> int:
        sizes = duckdb.table("records").aggregate("count(*) as size", ", ".join(keys))
        return int(sizes.aggregate("sum(size * (size - 1) // 2)").fetchall()[0][0])

    right = pairs("found", "person")
    precision, recall = right / max(pairs("found"), 1), right / max(pairs("person"), 1)
    same = {"records": len(duckdb.table("records"))}
    return {"same": same, "told": f"precision {precision:.4f}, recall {recall:.4f}"}


def _churn(folder: Path) -> dict[str, Any]:
    """How many were scored, and the latest window that the model was tried on."""
    latest = duckdb.read_parquet(str(folder / "churn_origins.parquet")).limit(1)
    tried, auc = latest.project("customers, roc_auc").fetchall()[0]
    scored = len(duckdb.read_parquet(str(folder / "churn.parquet")))
    return {"same": {"scored": scored, "tried": tried}, "told": f"ROC-AUC {auc:.4f}"}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(figures(Path(sys.argv[1]))))
