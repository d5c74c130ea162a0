"""Open deals and offers by what is expected of them."""

from __future__ import annotations

import polars as pl
import pytest

from acrm.analysis.funnel.funnel import funnel
from acrm.analysis.funnel.params import FunnelParams, FunnelResult
from acrm.analysis.offers.offers import OffersParams, OffersResult, offers
from acrm.analysis.report.opportunities import TOP, opportunities
from tests.analysis.funnel.conftest import pipeline
from tests.analysis.report.decided import shop


@pytest.fixture(scope="module")
def sales() -> FunnelResult:
    frame = pipeline(400)
    return funnel(
        frame.with_columns(customer_id=pl.concat_str(pl.lit("c"), pl.col("deal_id").str.tail(3))), FunnelParams()
    )


@pytest.fixture(scope="module")
def offered() -> OffersResult:
    return offers(shop(), OffersParams())


def test_the_most_expected_first_with_its_limits(sales: FunnelResult) -> None:
    found = opportunities({"funnel": sales})
    assert found is not None
    table, open_ = found.tables["opportunities"], sales.tables["open"]
    assert table.height == TOP
    assert found.figures["opportunities_of"] == open_.height
    assert table["id"].to_list() == open_["deal_id"].head(TOP).to_list()
    assert table["expected"].is_sorted(descending=True)
    assert (table["low"] <= table["expected"]).all()
    assert (table["expected"] <= table["high"]).all()
    assert found.figures["opportunities_expected"] == table["expected"].sum()
    assert table["reason"].null_count() == 0


def test_a_customer_with_a_deal_has_no_offer_and_others_one(sales: FunnelResult, offered: OffersResult) -> None:
    found = opportunities({"funnel": sales, "offers": offered}, limit=10_000)
    assert found is not None
    by_kind = found.tables["opportunities"].partition_by("kind", as_dict=True)
    theirs, deals = by_kind["offer",]["customer_id"], by_kind["deal",]["customer_id"]
    assert theirs.is_unique().all()
    assert not set(theirs) & set(deals)
    best = offered.tables["offers"].group_by("customer_id").agg(pl.col("expected_value").max())
    joined = by_kind["offer",].join(best, on="customer_id")
    assert joined.height == theirs.len()
    assert (joined["expected"] == joined["expected_value"]).all()
    assert by_kind["offer",]["low"].null_count() == theirs.len()


def test_order_of_results_does_not_matter_and_nothing_is_nothing(sales: FunnelResult, offered: OffersResult) -> None:
    one, other = (opportunities(dict(pairs)) for pairs in ([("funnel", sales), ("offers", offered)],) * 2)
    assert one is not None
    assert other is not None
    assert one.tables["opportunities"].equals(other.tables["opportunities"])
    assert opportunities({}) is None


def test_two_currencies_are_not_set_side_by_side(sales: FunnelResult, offered: OffersResult) -> None:
    from dataclasses import replace

    rubles = replace(sales, summary={**sales.summary, "currency": "RUB"})
    found = opportunities({"funnel": rubles, "offers": offered})
    assert found is not None
    assert set(found.tables["opportunities"]["kind"]) == {"deal"}
    assert [note.id for note in found.notes] == ["report_decisions.two_currencies", "report_decisions.expected_anyway"]
