"""The order of stages and how far deals came: by history, by dates, by the export; never more than is known."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from acrm.analysis.funnel.ground import Ground, ground
from acrm.analysis.funnel.params import FunnelParams
from acrm.analysis.funnel.stages import funnel_table, stages_of
from acrm.errors import InputError
from tests.analysis.funnel.conftest import deals


def told(frame: pl.LazyFrame, history: list[tuple[str, str, int]] | None = None) -> Ground:
    day = datetime(2024, 1, 1)
    rows = [(deal, stage, day + timedelta(days=at)) for deal, stage, at in history or []]
    schema = {"deal_id": pl.String(), "stage": pl.String(), "entered_at": pl.Datetime("us", "UTC")}
    tables = {"deal_stages": pl.LazyFrame(rows, schema=schema, orient="row")} if history else {}
    return ground(frame, FunnelParams(), tables)


HISTORY = [("a", "New", 0), ("a", "Demo", 3), ("a", "Offer", 6), ("b", "New", 1), ("b", "Offer", 2), ("c", "New", 4)]
ENDED = deals(
    ("a", "Closed", "won", "2024-01-01", "2024-01-20"),
    ("b", "Dead", "lost", "2024-01-02", "2024-01-25"),
    ("c", "New", "open", "2024-01-05"),
)


def test_history_tells_the_order_and_where_deals_were_lost() -> None:
    base = told(ENDED, HISTORY)
    found = stages_of(base, ())
    assert (found.order, found.ends, found.found) == (("New", "Demo", "Offer"), ("Closed", "Dead"), "history")
    table = funnel_table(base, found)
    # Who skipped a stage went through it all the same.
    assert table.select("stage", "now", "reached", "reached_at_most").rows() == [
        ("New", 1, 3, 3),
        ("Demo", 0, 2, 2),
        ("Offer", 0, 2, 2),
        ("won", 1, 1, 1),
    ]
    assert table["of_previous"].to_list() == [1.0, pytest.approx(2 / 3), 1.0, 0.5]
    assert table.select("of_all_low", "of_all_high").row(3) == pytest.approx((0.0615, 0.7923), abs=1e-4)


def test_of_stages_entered_at_once_more_deals_came_to_the_earlier_and_the_rest_is_said() -> None:
    at_once = [(deal, stage, 0) for deal in "abc" for stage in ("Zero", "Hello")] + [("d", "Zero", 1)]
    found = stages_of(told(deals(*[(deal, "Zero", "open", "2024-01-01") for deal in "abcd"]), at_once), ())
    assert (found.order, found.tied) == (("Zero", "Hello"), ())
    alike = stages_of(told(deals(*[(deal, "Zero", "open", "2024-01-01") for deal in "abc"]), at_once[:6]), ())
    assert (alike.order, alike.found, alike.tied) == (("Hello", "Zero"), "history", ("Hello", "Zero"))
    ages = [
        ("a", "Zero", "open", "2024-01-01"),
        ("b", "Hello", "open", "2024-01-01"),
        ("c", "Old", "open", "2023-01-01"),
    ]
    guessed = stages_of(told(deals(*ages)), ())
    assert (guessed.order, guessed.found, guessed.tied) == (("Hello", "Zero", "Old"), "age", ("Hello", "Zero"))
    assert stages_of(told(deals(*ages)), ("Zero", "Hello", "Old")).tied == ()


def test_a_stage_called_new_comes_first_however_long_its_deals_wait() -> None:
    ages = [("a", "Talk", "open", "2024-01-05"), ("b", "Неразобранное", "open", "2023-06-01")]
    found = stages_of(told(deals(*ages)), ())
    assert (found.order, found.found) == (("Неразобранное", "Talk"), "age")


def test_without_history_a_lost_deal_may_have_come_any_way() -> None:
    base = told(
        deals(
            ("a", "Won", "won", "2024-01-01", "2024-01-20"),
            ("b", "Lost", "lost", "2024-01-02", "2024-01-25"),
            ("c", "1. New", "open", "2024-01-05"),
            ("d", "2. Demo", "open", "2024-01-05"),
        )
    )
    found = stages_of(base, ())
    assert (found.order, found.found) == (("1. New", "2. Demo"), "numbers")
    second = funnel_table(base, found).row(1, named=True)
    assert (second["reached"], second["reached_at_most"], second["of_all"]) == (2, 3, None)
    assert second["of_all_low"] < 2 / 4 < 3 / 4 < second["of_all_high"]


def test_deals_that_keep_their_stage_tell_where_they_were_lost() -> None:
    base = told(
        deals(
            ("a", "Offer", "won", "2024-01-01", "2024-01-20"),
            ("b", "Demo", "lost", "2024-01-02", "2024-01-25"),
            ("c", "Demo", "open", "2024-01-05"),
            ("d", "Offer", "open", "2023-01-05"),
        )
    )
    found = stages_of(base, ())
    assert (found.order, found.ends, found.found) == (("Demo", "Offer"), (), "age")
    assert funnel_table(base, found)["reached"].to_list() == [4, 2, 1]


def test_a_date_that_the_first_stage_has_not_yet_tells_that_lost_deals_were_past_it() -> None:
    base = told(
        deals(
            ("a", "Won", "won", "2024-01-01", "2024-01-20"),
            ("b", "Lost", "lost", "2024-01-02", "2024-01-25"),
            ("c", "Prospect", "open"),
            ("d", "Engage", "open", "2024-01-05"),
        )
    )
    found = stages_of(base, ())
    assert (found.order, found.found) == (("Prospect", "Engage"), "dates")
    assert funnel_table(base, found).select("reached", "reached_at_most").rows() == [(4, 4), (3, 3), (1, 1)]


def test_probabilities_order_stages_before_ages_do() -> None:
    frame = deals(("a", "X", "open", "2024-01-01"), ("b", "Y", "open", "2024-02-01"), probability=[0.8, 0.2])
    assert stages_of(told(frame), ()).order == ("Y", "X")


def test_spellings_of_a_stage_are_one() -> None:
    frame = deals(
        ("a", "Talk", "open", "2024-01-01"), ("b", "TALK ", "open", "2024-01-02"), ("c", "Talk", "open", "2024-01-03")
    )
    base = told(frame)
    assert funnel_table(base, stages_of(base, ())).select("stage", "now").rows() == [("Talk", 3), ("won", 0)]


def test_a_stage_that_only_the_history_has_is_no_stage_without_dates() -> None:
    base = told(deals(("a", "Offer", "open", "2024-01-01"), ("b", "New", "open", "2024-01-02")), [("a", "Demo", 1)])
    assert stages_of(base, ()).found == "age"


def test_stages_as_they_are_given() -> None:
    base = told(ENDED, HISTORY)
    assert stages_of(base, ("demo", "New", "Offer")).order == ("Demo", "New", "Offer")
    with pytest.raises(InputError, match="Demo"):
        stages_of(base, ("New", "Offer"))
    with pytest.raises(InputError, match="Nowhere"):
        stages_of(base, ("New", "Demo", "Offer", "Nowhere"))
