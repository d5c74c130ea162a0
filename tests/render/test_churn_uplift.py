"""What a past campaign did, as it stands on a page."""

from __future__ import annotations

import pytest

from acrm.analysis.churn.uplift import Uplift
from acrm.messages import use
from acrm.render.blocks import Grid, Page
from acrm.render.churn_uplift import REFERENCES, uplift_blocks
from acrm.render.terminal import render
from tests.analysis.churn.test_uplift import judged, trial


@pytest.fixture(scope="module")
def found() -> Uplift:
    return judged(trial(3000, differs=True))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_for_whom_it_worked_stays_on_a_narrow_page(found: Uplift, language: str) -> None:
    use(language)
    page = render(Page(list(uplift_blocks(found))), width=80, plain=True, colour=False)
    assert max(map(len, page.splitlines())) <= 80
    assert {"en": "can be foretold", "ru": "можно"}[language] in page


def test_the_best_model_of_an_arm_beside_orders_without_an_effect(found: Uplift) -> None:
    _, grid = uplift_blocks(found)
    assert isinstance(grid, Grid)
    table = found.tables["learners"]
    best = table.filter(~table["learner"].is_in(REFERENCES))["qini_area"].max()
    assert len(grid.rows) == 1 + len(REFERENCES)
    assert grid.rows[0][2] == round(best, 2)  # type: ignore[arg-type]
