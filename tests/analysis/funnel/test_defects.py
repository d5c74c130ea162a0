"""Defects: each is counted among the deals that may have it, and a column that nobody filled is no defect of a deal."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from acrm.analysis.funnel.defects import defects_table
from acrm.analysis.funnel.ground import ground
from acrm.analysis.funnel.params import FunnelParams
from tests.analysis.funnel.conftest import deals

ROWS = (
    ("a", "Won", "won", "2024-01-10", "2024-01-08", 10, "Ann"),
    ("b", "Won", "won", "2024-01-10", "2024-01-20", None, "Ann"),
    ("c", "Lost", "lost", "2024-01-10", None, 5, None),
    ("d", "Talk", "open", None, None, -5, "Ann"),
)


def found(tables: dict[str, pl.LazyFrame], **columns: list[str | None]) -> dict[str, tuple[int, int, str]]:
    table = defects_table(ground(deals(*ROWS, **columns), FunnelParams(), tables), tables, None)
    return {name: (count, of, examples) for name, count, of, examples in table.rows()}


def test_each_defect_with_its_deals() -> None:
    assert found({}) == {
        "closed_before_created": (1, 3, "a"),
        "closed_without_date": (1, 3, "c"),
        "without_creation": (1, 4, "d"),
        "won_without_amount": (1, 2, "b"),
        "negative_amount": (1, 4, "d"),
        "without_owner": (1, 4, "c"),
    }


def test_products_and_contacts_that_do_not_fit() -> None:
    contacts = pl.LazyFrame(
        {"deal_id": ["b", "b"], "started_at": [datetime(2024, 2, 1), datetime(2024, 1, 25)]},
        schema_overrides={"started_at": pl.Datetime("us", "UTC")},
    )
    tables = {"products": pl.LazyFrame({"product_id": ["GTX Pro"]}), "interactions": contacts}
    said = found(tables, product_id=["GTXPro", "GTX Pro", None, "GTXPro"])
    assert said["unknown_product"] == (2, 3, "a, d")
    assert said["won_before_contact"] == (1, 2, "b")
