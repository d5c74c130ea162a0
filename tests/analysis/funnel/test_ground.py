"""Deals as they stood on a day."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from acrm.analysis.funnel.ground import ground
from acrm.analysis.funnel.params import FunnelParams
from acrm.errors import InputError
from tests.analysis.funnel.conftest import deals

THREE = (
    ("a", "Won", "won", "2024-01-01", "2024-02-01", 10, "Ann"),
    ("b", "Talk", "open", "2024-01-05"),
    ("c", "Lost", "lost", "2024-03-01", "2024-03-05"),
)


def test_today_is_the_day_after_the_last_event_but_not_after_a_slip() -> None:
    assert ground(deals(*THREE), FunnelParams(), {}).until == datetime(2024, 3, 6)
    slip = deals(*THREE, ("d", "Lost", "lost", "2024-03-01", "2042-03-05"))
    assert ground(slip, FunnelParams(), {}).until == datetime(2024, 3, 6)


def test_what_ended_later_was_open_and_what_began_later_was_not_there() -> None:
    found = ground(deals(*THREE), FunnelParams(as_of=date(2024, 1, 20)), {})
    assert found.deals.select("deal_id", "stage", "status", "closed_at", "days").rows() == [
        ("a", None, "open", None, 19.0),
        ("b", "Talk", "open", None, 15.0),
    ]
    assert found.counts == {
        "repeated": 0, "tests": 0, "later": 1, "reopened": 1, "as_exported": 1, "unplaced": 1
    }  # fmt: skip
    today = ground(deals(*THREE), FunnelParams(), {})
    assert set(today.counts.values()) == {0}


def test_the_stage_of_then_is_that_of_the_history() -> None:
    stages = pl.LazyFrame(
        {
            "deal_id": ["a", "a"],
            "stage": ["Talk", "Offer"],
            "entered_at": [datetime(2024, 1, 2), datetime(2024, 1, 25)],
        },
        schema_overrides={"entered_at": pl.Datetime("us", "UTC")},
    )
    found = ground(deals(*THREE), FunnelParams(as_of=date(2024, 1, 20)), {"deal_stages": stages})
    assert found.deals["stage"][0] == "Talk"
    assert found.stages.height == 1


def test_what_is_recorded_at_the_end_was_not_known_of_deals_that_ended_later() -> None:
    rows = [(f"o{k}", "Talk", "open", "2024-01-05", None, None, "Ann") for k in range(4)]
    found = ground(deals(*THREE, *rows), FunnelParams(as_of=date(2024, 1, 20)), {})
    assert found.late == ("amount",)
    assert found.deals.filter(deal_id="a").select("amount", "owner").row(0) == (None, "Ann")
    assert ground(deals(*THREE, *rows), FunnelParams(), {}).deals["amount"].count() == 1


def test_a_stage_that_an_open_deal_came_to_later_is_not_that_of_then() -> None:
    stages = pl.LazyFrame(
        {"deal_id": ["b", "b"], "stage": ["New", "Talk"], "entered_at": [datetime(2024, 1, 5), datetime(2024, 2, 1)]},
        schema_overrides={"entered_at": pl.Datetime("us", "UTC")},
    )
    then = ground(deals(*THREE), FunnelParams(as_of=date(2024, 1, 20)), {"deal_stages": stages})
    assert then.deals.filter(deal_id="b")["stage"].to_list() == ["New"]
    # The history tells of this one, and not where `a` stood.
    assert (then.counts["as_exported"], then.counts["unplaced"]) == (0, 1)
    now = ground(deals(*THREE), FunnelParams(), {"deal_stages": stages})
    assert now.deals.filter(deal_id="b")["stage"].to_list() == ["Talk"]


def test_a_deal_that_ended_on_the_day_it_began_took_no_time_where_only_its_beginning_has_an_hour() -> None:
    found = ground(deals(("a", "Won", "won", "2024-01-01T15:00:00", "2024-01-01T00:00:00", 10)), FunnelParams(), {})
    assert found.deals["days"].to_list() == [0.0]


def test_a_column_called_days_is_not_how_long_deals_took() -> None:
    found = ground(deals(*THREE, x_days=["few", "many", None]), FunnelParams(by=("days",)), {})
    assert found.deals["cut_days"].to_list() == ["few", "many", None]
    with pytest.raises(InputError):
        ground(deals(*THREE), FunnelParams(by=("days",)), {})


def test_cuts_of_deals_their_owners_and_customers() -> None:
    units = pl.LazyFrame({"unit": ["Ann"], "region": ["East"], "parent": ["Bob"]})
    people = pl.LazyFrame({"customer_id": ["k"], "x_sector": ["retail"]})
    frame = deals(*THREE, customer_id=["k", None, None], x_kind=["new", "old", "new"])
    tables = {"units": units, "customers": people}
    assert ground(frame, FunnelParams(), tables).cuts == ("owner", "region")
    found = ground(frame, FunnelParams(by=("region", "manager", "sector", "kind")), tables)
    names = [f"cut_{name}" for name in ("region", "manager", "sector", "kind")]
    assert found.deals.select(names).row(0) == ("East", "Bob", "retail", "new")
    with pytest.raises(InputError) as error:
        ground(frame, FunnelParams(by=("colour",)), tables)
    assert "sector" in str(error.value.hint)


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(InputError):
        ground(deals(), FunnelParams(), {})
    with pytest.raises(InputError):
        ground(deals(*THREE), FunnelParams(as_of=date(2020, 1, 1)), {})
    with pytest.raises(InputError):
        ground(deals(("a", "Talk", "open")), FunnelParams(), {})
    two = deals(
        ("a", "W", "won", "2024-01-01", None, 1), ("b", "W", "won", "2024-01-01", None, 2), currency=["EUR", "USD"]
    )
    with pytest.raises(InputError) as error:
        ground(two, FunnelParams(), {})
    assert "EUR" in str(error.value)


def test_the_last_row_of_a_deal_counts_and_the_others_are_told() -> None:
    found = ground(deals(("a", "Talk", "open", "2024-01-01"), *THREE), FunnelParams(), {})
    assert found.deals["status"].to_list() == ["won", "open", "lost"]
    assert found.counts["repeated"] == 1


def test_trials_of_the_system_are_no_deals() -> None:
    found = ground(deals(*THREE, _flags=["test_row", None, None]), FunnelParams(), {})
    assert (found.deals.height, found.counts["tests"]) == (2, 1)
