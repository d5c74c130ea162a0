"""Notes: what limits the figures is said, in both languages."""

from __future__ import annotations

from datetime import date

import pytest

from acrm import messages
from acrm.analysis.funnel.funnel import funnel
from acrm.analysis.funnel.params import FunnelParams
from tests.analysis.funnel.conftest import deals, pipeline


def test_what_is_said_of_a_good_pipeline() -> None:
    result = funnel(pipeline(3000, 1, owners={"Ann": 0.8, "Bob": 0.4}), FunnelParams())
    said = [note.id for note in result.notes]
    assert "funnel.no_trend" in said
    assert "funnel.cut_differ" in said
    assert "funnel.trial_better" in said
    assert "funnel.since" not in said


def test_refusals_are_notes() -> None:
    result = funnel(deals(("a", "Talk", "open", "2024-01-01"), ("b", "Talk", "open", "2024-01-02")), FunnelParams())
    said = [note.id for note in result.notes]
    assert {"funnel.few_ended", "funnel.no_cohorts"} <= set(said)
    assert result.summary["p_win_by"] is None


def test_a_day_in_the_past_without_a_history_and_stages_that_nothing_tells_apart_are_said() -> None:
    frame = deals(
        ("a", "Chat", "open", "2024-01-01"), ("b", "Talk", "open", "2024-01-01"), ("c", "Chat", "open", "2024-03-01")
    )
    said = {note.id: str(note) for note in funnel(frame, FunnelParams(as_of=date(2024, 2, 1))).notes}
    assert said["funnel.as_exported"].startswith("in the stage of the export, which is later than 2024-02-01: 2 open")
    assert said["funnel.tied"] == "nothing tells Chat, Talk apart: they stand in the order of the alphabet"
    assert "funnel.as_exported" not in {note.id for note in funnel(frame, FunnelParams()).notes}


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_note_has_words(language: str) -> None:
    messages.use(language)
    frames = [
        pipeline(1500, 1, owners={"Ann": 0.8, "Bob": 0.4}),
        pipeline(900, 2, slow_losers=3).drop("amount"),
        deals(("a", "Talk", "open", "2024-01-01"), ("b", "Lost", "lost", "2024-01-09", "2024-01-02")),
    ]
    for frame in frames:
        for note in funnel(frame, FunnelParams()).notes:
            assert "{" not in str(note)


def test_the_same_keys_in_both_languages() -> None:
    english, russian = (messages.catalogue(one) for one in messages.LANGUAGES)
    of_funnel = {key for key in english if "funnel" in key}
    assert of_funnel == {key for key in russian if "funnel" in key}
