"""The page of a value under contract: whole at every width, in both languages."""

from __future__ import annotations

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.clv.contract import ContractResult, contract, retention
from acrm.analysis.clv.contract_groups import ContractParams
from acrm.render.blocks import Facts, Grid, Headline, Lines
from acrm.render.clv_contract import contract_page
from acrm.render.terminal import render
from tests.analysis.clv.test_contract import PARAMS, simulated

ALIVE = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]


@pytest.fixture(scope="module")
def valued() -> ContractResult:
    return contract(simulated(600, 2).lazy(), PARAMS)


@pytest.fixture(scope="module")
def two_products() -> ContractResult:
    other = [1000 * 0.8**year for year in range(13)]
    return retention(
        pl.DataFrame({"year": range(13), "basic": other, "premium": ALIVE}, strict=False), ContractParams()
    )


def test_contracts(valued: ContractResult) -> None:
    headline, totals, models, test, curve, notes = contract_page(valued).blocks
    assert isinstance(headline, Headline)
    assert f"{valued.summary['under_contract']} customers under contract" in headline.text
    assert "one payment per month" in headline.sub
    assert isinstance(totals, Facts)
    assert "discount 10.0% a year" in totals.rows[-1][1]
    assert isinstance(models, Grid)
    names = [str(row[0]) for row in models.rows]
    assert [name.removeprefix("→ ") for name in names] == ["bdw", "sbg"]
    assert [name.startswith("→") for name in names] == valued.tables["models"]["chosen"].to_list()
    assert isinstance(test, Grid)
    assert "last retention repeated" in [row[0] for row in test.rows]
    assert isinstance(curve, Grid)
    assert len(curve.rows) + curve.more == valued.tables["survival"].height
    assert isinstance(notes, Lines)
    assert any("held-out check over" in line for line in notes.lines)


def test_a_retention_table(two_products: ContractResult) -> None:
    shown = render(contract_page(two_products), width=100, plain=False, colour=False)
    assert "2,000 customers in cohorts" in shown
    assert "one period is a year" in shown
    assert "customers alike" in shown
    assert "basic: customers do not differ" in shown
    assert "80.0%" in shown


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("width", [50, 80, 160])
def test_every_width_and_language(
    language: str, width: int, valued: ContractResult, two_products: ContractResult
) -> None:
    messages.use(language)
    for result in (valued, two_products):
        shown = render(contract_page(result), width=width, plain=False, colour=False)
        assert max(map(len, shown.splitlines())) <= width
        assert ("модел" in shown) is (language == "ru")
        assert "{" not in shown
