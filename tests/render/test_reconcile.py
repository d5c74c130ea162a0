"""The page of a reconciliation."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.ledger import ledger
from acrm.analysis.reconcile import ReconcileParams, ReconcileResult, Told, reconcile
from acrm.render.blocks import Grid, Headline, Steps
from acrm.render.reconcile import SHOWN, reconcile_page

NOTHING = Told(
    files=pl.DataFrame(
        schema={"file": pl.String, "system": pl.String, **dict.fromkeys(("rows", "order", "deal"), pl.Int64)}
    ),
    rejects=pl.DataFrame(schema=dict.fromkeys(("file", "rule", "raw"), pl.String())),
)


def made(paid: int) -> ReconcileResult:
    """Twelve deals of 1 to 12 euros, of which the first so many are paid."""
    names = [f"c{place}" for place in range(1, 13)]
    shared = {"customer_id": names, "amount": [Decimal(place) for place in range(1, 13)], "currency": ["EUR"] * 12}
    rows = {"_source_file": ["d.csv"] * 12, "_source_row": list(range(12)), "_flags": [None] * 12}
    deals = pl.LazyFrame(shared | rows | {"deal_id": names, "status": ["won"] * 12})
    deals = deals.with_columns(pl.col("_flags").cast(pl.String), pl.lit(date(2026, 1, 1)).alias("created_at"))
    payments = pl.LazyFrame(shared | rows | {"paid_on": [date(2026, 1, 9)] * 12, "paid_at": [date(2026, 1, 9)] * 12})
    tables = {"deals": deals, "payments": payments.head(paid)} if paid else {"deals": deals}
    cast = {name: frame.with_columns(pl.col("amount").cast(pl.Decimal(38, 4))) for name, frame in tables.items()}
    times = {
        name: frame.with_columns(pl.col("^(created|paid)_at$").cast(pl.Datetime("us", "UTC")))
        for name, frame in cast.items()
    }
    return reconcile(ledger(times), NOTHING, ReconcileParams())


def test_what_the_page_says_first() -> None:
    page = reconcile_page(made(2), "exports")
    headline, documents, payments, owing = page.blocks[:4]
    assert isinstance(headline, Headline)
    assert headline.text.replace("\u00a0", " ") == (
        "3.00 of 78.00 EUR paid; 10 documents unpaid, 0 partly, 0 payments without a document"
    )
    assert isinstance(documents, Grid)
    assert [row[1] for row in documents.rows] == [2, 0, 10, 0]
    assert isinstance(payments, Grid)
    assert [row[1] for row in payments.rows] == [2, 0, 0]
    assert isinstance(owing, Grid)
    assert (len(owing.rows), owing.more) == (SHOWN, 2)
    assert owing.rows[0][0] == "deal c12"


def test_steps_repeat_what_was_typed() -> None:
    steps = reconcile_page(made(2), "exports --window 9").blocks[-1]
    assert isinstance(steps, Steps)
    assert all(step.startswith("acrm reconcile exports --window 9 ") for step, _ in steps.steps)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_without_payments_nothing_is_said_of_them(language: str) -> None:
    messages.use(language)
    page = reconcile_page(made(0))
    titles = [block.title for block in page.blocks if isinstance(block, Grid)]
    assert len(titles) == 2
    assert isinstance(page.blocks[0], Headline)
    assert "78" in page.blocks[0].text
