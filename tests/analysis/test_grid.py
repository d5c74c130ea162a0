"""Segment grids: the built-in maps, and what is said about one that does not hold together."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from acrm.analysis.grid import BUILT_IN, OTHER, load_grid
from acrm.errors import UsageError
from acrm.messages import catalogue


def test_ten_names_every_cell_once() -> None:
    cells = load_grid("ten").cells()
    assert len(cells) == 25
    assert {cell.claims for cell in cells} == {1}
    assert len({cell.segment for cell in cells}) == 10


def test_r_rfm_leaves_ten_cells_and_overlaps_in_58() -> None:
    # Counted on the rules of the R package's vignette, 5 x 5 x 5 cells.
    claims = Counter(min(cell.claims, 2) for cell in load_grid("r-rfm").cells())
    assert claims == {0: 10, 1: 57, 2: 58}


def test_first_rule_wins_and_the_rest_is_other() -> None:
    rules = [{"id": "best", "r": 2, "f": 2}, {"id": "fresh", "r": 2}]
    cells = load_grid({"classes": 2, "segment": rules}).cells()
    assert [(*cell.scores, cell.segment, cell.claims) for cell in cells] == [
        (1, 1, OTHER, 0),
        (1, 2, OTHER, 0),
        (2, 1, "fresh", 1),
        (2, 2, "best", 2),
    ]


def test_two_rules_of_one_segment_are_no_overlap() -> None:
    rules = [{"id": "a", "m": [1, 2]}, {"id": "a", "m": [2, 3]}]
    grid = load_grid({"classes": 3, "segment": rules})
    assert grid.axes == ("m",)
    assert grid.segments == ("a",)
    assert {cell.claims for cell in grid.cells()} == {1}


def test_words_of_the_grid_come_before_the_catalogue() -> None:
    rules = [
        {"id": "new", "r": 5, "label": "Fresh", "next_step": "Call"},
        {"id": "new", "r": 4},
        {"id": "mine", "r": 1},
    ]
    grid = load_grid({"segment": rules})
    assert [grid.label(name) for name in ("new", "mine", "lost")] == ["Fresh", "mine", "Lost"]
    assert [grid.next_step(name) for name in ("new", "mine")] == ["Call", ""]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_segments_have_words(name: str, language: str) -> None:
    for segment in (*load_grid(name).segments, OTHER):
        assert {f"rfm.segment.{segment}", f"rfm.next.{segment}"} <= catalogue(language).keys()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"segment": []}, "no [[segment]]"),
        ({"segment": [{"id": "a"}]}, "no rule names r, f or m"),
        ({"classes": 1, "segment": [{"id": "a", "r": 1}]}, "above 1"),
        ({"segment": [{"id": "a", "r": [4, 2]}]}, "segment 1: r"),
        ({"segment": [{"id": "a", "r": 6}]}, "within 1 to 5"),
        ({"segment": [{"id": "a", "r": "5"}]}, "segment 1: r"),
        ({"segment": [{"r": 5}]}, "needs an id"),
        ({"segment": [{"id": "other", "r": 5}]}, "needs an id"),
        ({"segment": [{"id": "a", "recency": 5}]}, "unknown key 'recency'"),
        ({"segment": [{"id": "a", "r": 5}], "axes": 2}, "unknown key 'axes'"),
    ],
)
def test_faults_are_named(document: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_grid(document)
    assert said in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        load_grid({"segment": [{"id": "a", "r": 9}, {"f": 1}]})
    assert "segment 1" in str(caught.value)
    assert "segment 2" in str(caught.value)


def test_the_pattern_in_the_docs_is_a_grid() -> None:
    page = (Path(__file__).parents[2] / "docs" / "methods" / "rfm.md").read_text(encoding="utf-8")
    document = tomllib.loads(page.split("```toml")[1].split("```")[0])
    assert load_grid(document).segments == ("best", "away")


def test_unknown_built_in_lists_the_known() -> None:
    with pytest.raises(UsageError, match="ten, r-rfm"):
        load_grid("eleven")
