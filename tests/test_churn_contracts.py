"""`acrm churn` on contracts, from files to files."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from tests.conftest import Acrm


def write(folder: Path, n: int = 900) -> Path:
    """Members of two plans, one of which is left four times as easily; one has given notice."""
    random = np.random.default_rng(2)
    first, days = date(2023, 1, 1), 700
    start = random.integers(0, days - 5, n)
    monthly = random.random(n) < 0.5
    end = start + random.exponential(np.where(monthly, 250, 1000)).astype(int) + 1
    lines = ["customer_id,start_at,end_at,plan,price,end_reason", f"notice,{first},2025-01-09,yearly,20,moved"]
    for at in range(n):
        over = f"{first + timedelta(int(end[at]))}" if end[at] < days else ""
        plan = "monthly" if monthly[at] else "yearly"
        lines.append(f"c{at:04},{first + timedelta(int(start[at]))},{over},{plan},{20},{'price' if over else ''}")
    folder.mkdir()
    (folder / "contracts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_contracts_are_gone_by_where_nothing_else_says_who_left(acrm: Acrm, tmp_path: Path) -> None:
    source = write(tmp_path / "club")
    ran = acrm("churn", source, "-o", "made", "--as-of", "2024-12-01", "--json")
    assert ran.code == 0, ran.err
    summary = json.loads(ran.out)["summary"]
    assert (summary["setting"], summary["announced_customers"], summary["as_of"]) == ("contractual", 1, "2024-12-01")
    customers, lost = (pl.read_parquet(f"made/{name}.parquet") for name in ("churn", "churn_lost"))
    assert customers.height + lost.height + 1 == 901
    assert set(customers["customer_id"]).isdisjoint(lost["customer_id"])
    plans = pl.read_parquet("made/churn_people.parquet").select("customer_id", "plan")
    risk = customers.join(plans, on="customer_id").group_by("plan").agg(pl.col("churn_probability").mean()).sort("plan")
    assert risk["churn_probability"][0] > 1.5 * risk["churn_probability"][1]
    again = acrm("churn", source, "-o", "again", "--as-of", "2024-12-01", "--apply", "made", "--quiet")
    assert again.code == 0, again.err
    assert pl.read_parquet("again/churn.parquet").drop("action").equals(customers.drop("action"))
    page = acrm("churn", source, "-o", "made", "--as-of", "2024-12-01", "--lang", "ru")
    assert "за сколько дней уходят клиенты с договором" in page.out


def test_contracts_that_are_not_asked_about_have_no_value(acrm: Acrm, tmp_path: Path) -> None:
    source = write(tmp_path / "club")
    ran = acrm("churn", source, "-o", "made", "--as-of", "2024-12-01", "--where", "plan = 'yearly'", "--ending", "60")
    assert ran.code == 0, ran.err
    customers = pl.read_parquet("made/churn.parquet")
    assert customers["expected_loss"].null_count() == 0
    assert set(pl.read_parquet("made/churn_people.parquet")["plan"]) == {"yearly"}
    assert set(pl.read_parquet("made/churn_ending.parquet")["plan"]) <= {"yearly"}
