"""The page of sequences, in English and Russian."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from rich.cells import cell_len

from acrm import messages
from acrm.analysis.sequence.params import SequenceParams, SequenceResult
from acrm.analysis.sequence.patterns import sequence
from acrm.render.blocks import Grid, Headline, Lines, Steps
from acrm.render.sequence import sequence_page, span, strongest
from acrm.render.terminal import render
from acrm.schema import polars_schema

COLUMNS = ("order_id", "customer_id", "ordered_on", "product_id", "line_amount")


def shop(steps: str = "abb", customers: int = 40) -> pl.LazyFrame:
    rows = [
        (f"{who}-{n}", f"c{who}", date(2025, 1, 1) + timedelta(days=who + 20 * n), item, Decimal(5))
        for who in range(customers)
        for n, item in enumerate(steps)
    ]
    return pl.LazyFrame(rows, schema=polars_schema("transactions", COLUMNS), orient="row")


@pytest.fixture
def result() -> SequenceResult:
    return sequence(shop(), None, SequenceParams())


def test_new_steps_come_before_what_is_bought_again(result: SequenceResult) -> None:
    texts = strongest(result.tables["sequences"])["text"].to_list()
    assert texts == ["a → b", "a → b → b", "b → b"]


def test_the_page_has_all_parts_in_words(result: SequenceResult) -> None:
    headline, grid, words, _, steps = sequence_page(result, "orders.csv").blocks
    assert isinstance(headline, Headline)
    assert "3 sequences that 20 customers or more" in headline.text
    assert isinstance(grid, Grid)
    assert grid.rows[0][:3] == ("a → b", 40, 1.0)
    assert isinstance(words, Lines)
    assert words.lines[0].replace("\u00a0", " ") == (
        "Of 40 customers with a, 40 (100.0%) later had b: 1.00 times as many as of all customers, half of them within"
        " 20 d (20 d to 20 d); allowing for those not watched long, 100.0% have it within 40 d."
        " The reversed order is rarer: 0 customers."
    )
    assert "had it again later" in words.lines[2]
    assert isinstance(steps, Steps)
    assert [step for step, _ in steps.steps] == [
        "acrm sequence orders.csv --max-gap 90",
        "acrm sequence orders.csv --min-confidence 0.3",
        "acrm sequence orders.csv -o - | head",
    ]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_page_fits_and_has_no_blank_in_words(result: SequenceResult, language: str, width: int) -> None:
    messages.use(language)
    page = render(sequence_page(result), width=width, plain=True, colour=False)
    assert "None" not in page
    assert "nan" not in page
    assert max(map(cell_len, page.splitlines())) <= width


def test_nothing_found_says_what_to_try() -> None:
    result = sequence(shop("a"), None, SequenceParams())
    page = sequence_page(result, "orders.csv")
    assert isinstance(page.blocks[0], Headline)
    assert page.blocks[0].text.startswith("No sequence that 20 customers")
    steps = page.blocks[-1]
    assert isinstance(steps, Steps)
    assert steps.steps[0][0] == "acrm sequence orders.csv --min-support 0.25"


def test_paths_have_tables_of_their_own() -> None:
    at = datetime(2025, 1, 1, 9, tzinfo=UTC)
    rows = [
        (f"{who}{n}", "web_visit", at + timedelta(seconds=n), f"c{who}", "hi"[n % 2])
        for who in range(9)
        for n in (0, 1)
    ]
    columns = ("interaction_id", "kind", "started_at", "customer_id", "page")
    visits = pl.LazyFrame(rows, schema=polars_schema("interactions", columns), orient="row")
    page = sequence_page(sequence(None, visits, SequenceParams(of="web")))
    titles = [block.title for block in page.blocks if isinstance(block, Grid)]
    assert titles == ["What comes next", "Right before nothing more so far"]


@pytest.mark.parametrize(("days", "told"), [(0.0, "0 s"), (1.0, "24 h"), (2.0, "2 d"), (0.002, "3 min")])
def test_a_span_has_the_unit_it_needs(days: float, told: str) -> None:
    assert span(days).replace("\u00a0", " ") == told


def test_a_single_customer_is_told_no_lower_support() -> None:
    few = sequence(shop("ab", 1), None, SequenceParams())
    assert few.summary["min_support"] == 1
    assert not [block for block in sequence_page(few).blocks if isinstance(block, Steps) and block.steps]
