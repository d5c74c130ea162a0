"""Opportunities as a reader sees them."""

from __future__ import annotations

import pytest

from acrm.analysis.funnel.funnel import funnel
from acrm.analysis.funnel.params import FunnelParams
from acrm.analysis.offers.offers import OffersParams, offers
from acrm.analysis.report.opportunities import TOP, opportunities
from acrm.messages import LANGUAGES, use
from acrm.render.blocks import Grid, Page
from acrm.render.report.opportunities import opportunities_section
from acrm.render.terminal import render
from tests.analysis.funnel.conftest import pipeline
from tests.analysis.report.decided import shop


@pytest.mark.parametrize("language", LANGUAGES)
def test_deals_with_chances_and_offers_without(language: str) -> None:
    use(language)
    both = {"funnel": funnel(pipeline(400), FunnelParams()), "offers": offers(shop(), OffersParams())}
    for parts, columns in ((both, 5), ({"offers": both["offers"]}, 4)):
        found = opportunities(parts, limit=10_000)
        assert found is not None
        section = opportunities_section(found, "EUR")
        grid = next(block for block in section.blocks if isinstance(block, Grid))
        assert len(grid.columns) == columns
        assert len(grid.rows) == found.tables["opportunities"].height
        assert grid.more == 0
        assert "None" not in render(Page([section]), width=100, plain=False, colour=False)


def test_what_is_left_out_is_counted() -> None:
    found = opportunities({"funnel": funnel(pipeline(600), FunnelParams())})
    assert found is not None
    grid = next(block for block in opportunities_section(found).blocks if isinstance(block, Grid))
    assert (len(grid.rows), grid.more) == (TOP, int(str(found.figures["opportunities_of"])) - TOP)
