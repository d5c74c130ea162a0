"""Goals, colours and what a scorecard must not look at alone."""

from decimal import Decimal
from typing import Any

import pytest

from acrm.analysis.report.goals import Goal, read_goals, scorecard
from acrm.analysis.result import Scalar
from acrm.errors import InputError

FIGURES: dict[str, Scalar] = {
    "revenue": Decimal(950),
    "satisfaction": 4.5,
    "refund_share": 0.2,
    "currency": "EUR",
    "margin": None,
}


def goals(*entries: dict[str, Any]) -> Any:
    return read_goals({"goal": list(entries)}, FIGURES)


def test_colours_follow_the_direction() -> None:
    found = scorecard(
        goals(
            {"figure": "revenue", "goal": 1000, "owner": "Anna", "name": "Turnover"},
            {"figure": "satisfaction", "goal": 4},
            {"figure": "refund_share", "goal": 0.05, "direction": "down", "amber": 0.1},
            {"figure": "margin", "goal": 1},
            {"figure": "currency", "goal": 1},
        ),
        FIGURES,
        {"revenue": 900, "satisfaction": 4.6, "refund_share": 0.3},
    )
    assert found.table["colour"].to_list() == ["amber", "green", "red", "grey", "grey"]
    assert found.table["better"].to_list() == [True, False, True, None, None]
    assert found.table.row(0, named=True)["reached"] == pytest.approx(0.95)
    assert found.table.select("goal", "owner").row(0) == ("Turnover", "Anna")
    assert found.figures == {"scorecard.red": 1, "scorecard.amber": 1, "scorecard.green": 1, "scorecard.grey": 2}
    assert [note.id for note in found.notes] == ["report.goals_unknown"]


def test_money_without_satisfaction_beside_it_is_warned_of() -> None:
    alone = scorecard(goals({"figure": "revenue", "goal": 1}), FIGURES)
    assert [note.id for note in alone.notes] == ["report.goals_money_alone"]
    both = scorecard(goals({"figure": "revenue", "goal": 1}, {"figure": "satisfaction", "goal": 1}), FIGURES)
    assert not both.notes
    told = scorecard(goals({"figure": "revenue", "goal": 1, "side": "process"}), FIGURES)
    assert not told.notes


@pytest.mark.parametrize(
    ("actual", "colour"), [(5, "green"), (5.5, "amber"), (5.51, "red"), (-5, "green"), (None, "grey")]
)
def test_less_is_better_where_it_is_told(actual: float | None, colour: str) -> None:
    assert Goal(name="x", figure="x", goal=5, direction="down").colour(actual) == colour


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"figure": "revenu", "goal": 1}, "revenue"),
        ({"goal": 1}, "figure"),
        ({"figure": "revenue"}, "goal"),
        ({"figure": "revenue", "goal": "much"}, "number"),
        ({"figure": "revenue", "goal": True}, "number"),
        ({"figure": "revenue", "goal": 1, "ownr": "A"}, "owner"),
        ({"figure": "revenue", "goal": 1, "direction": "left"}, "down"),
    ],
)
def test_what_means_nothing_is_refused(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        goals(entry)


@pytest.mark.parametrize("document", [{}, {"goal": []}, {"goal": {"figure": "revenue"}}, {"goal": ["revenue"]}])
def test_a_scorecard_without_goals_is_none(document: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="goal"):
        read_goals(document)
