"""Notes: what limits the figures is said, in both languages."""

from __future__ import annotations

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
