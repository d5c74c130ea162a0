"""A customer's card."""

from __future__ import annotations

from decimal import Decimal

import pytest

from acrm.analysis.offers.offers import OffersParams, offers
from acrm.analysis.report.card import DECIDED, OFFERED, card
from acrm.analysis.rfm import RfmParams, rfm
from tests.analysis.report.decided import DAY, leaving, shop
from tests.analysis.report.known import ago, tables


def test_what_is_known_stands_on_the_card() -> None:
    found = card("Ann Lee", tables(), {}, as_of=DAY)
    assert (found.customer_id, found.consent, found.rfm) == ("c1", None, None)
    assert found.about == {"full_name": "Ann Lee", "email": "Ann@Lee.example", "phone_e164": "+79072359255"}
    figures = found.figures
    # Five orders of 10 of which 4 came back, ten days apart; the cancelled one is none.
    assert (figures["orders"], figures["spend"], figures["days_since_last"]) == (5, Decimal(46), 50)
    assert (figures["usual_gap"], figures["longest_gap"], figures["overdue_days"]) == (10, 10, 40)
    assert found.tables["open"].rows() == [(ago(3), "ticket", "broken", 3)]
    assert found.tables["decided"]["decision_id"].to_list() == [f"x{k}" for k in range(1, DECIDED + 1)]
    assert found.tables["monthly"]["amount"].sum() == 46
    assert [note.id for note in found.notes] == ["report_card.overdue", "report_card.waits"]


def test_who_refuses_is_told_and_little_is_no_rhythm() -> None:
    found = card("c2", tables(), {}, as_of=DAY)
    assert found.consent is False
    assert [note.id for note in found.notes] == ["report_card.refuses"]
    assert found.figures["usual_gap"] is None
    assert found.figures["overdue_days"] is None
    never = card("c3", tables(), {})
    assert never.figures["orders"] is None
    assert never.tables["timeline"].is_empty()


def test_scores_are_those_of_the_results() -> None:
    lines = shop()
    results = {"rfm": rfm(lines, RfmParams()), "offers": offers(lines, OffersParams())}
    found = card("c007", {"transactions": lines}, {**results, "churn": leaving([0.3] * 20)})
    assert found.rfm is not None
    assert found.churn is not None
    assert found.clv is None
    assert found.figures["as_of"] == results["rfm"].summary["as_of"]
    assert (found.figures["orders"], found.figures["spend"]) == (found.rfm["orders"], found.rfm["spend"])
    assert found.churn["churn_probability"] == pytest.approx(0.3)
    assert 0 < found.tables["offers"].height <= OFFERED
    assert found.figures["currency"] == "EUR"
