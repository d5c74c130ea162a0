from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from rich.cells import cell_len

from acrm import messages
from acrm.analysis.holdout import validate
from acrm.analysis.migration import compare
from acrm.analysis.rfm import RfmParams, RfmResult, rfm
from acrm.render.blocks import Grid, Headline, Lines, Page, Steps
from acrm.render.rfm import rfm_page
from acrm.render.terminal import render

# Who orders for how much every so many days of 2025: ada to the end, bob until June; cleo comes in October.
SHOP = {
    "ada": (Decimal("50.00"), 10, 0, 364),
    "bob": (Decimal("8.00"), 20, 0, 180),
    "cleo": (Decimal("5.00"), 30, 280, 364),
}
GRID = {
    "classes": 2,
    "segment": [{"id": "active", "r": 2, "label": "Active"}, {"id": "away", "r": 1, "next_step": "Write"}],
}
PARAMS = RfmParams(classes=2, grid=GRID)


def lines(currency: str | None = "EUR") -> pl.LazyFrame:
    rows = [
        (f"{name}-{day}", name, date(2025, 1, 1) + timedelta(days=day), amount, currency)
        for name, (amount, every, first, last) in SHOP.items()
        for day in range(first, last, every)
    ]
    frame = pl.LazyFrame(
        rows, schema=["order_id", "customer_id", "ordered_on", "line_amount", "currency"], orient="row"
    )
    return frame.with_columns(pl.col("line_amount").cast(pl.Decimal(38, 4)), pl.col("currency").cast(pl.String))


@pytest.fixture
def result() -> RfmResult:
    return rfm(lines(), PARAMS)


@pytest.fixture
def earlier() -> pl.DataFrame:
    return rfm(lines(), replace(PARAMS, as_of=date(2025, 7, 1))).tables["customers"]


def shown(page: Page, width: int = 80) -> str:
    return render(page, width=width, plain=True, colour=False)


ENGLISH = """\
3 customers, 1,937.00\u00a0EUR; 66.7% of them (Active) bring 96.3% of it
49 orders, 2025-01-01 to 2025-12-27; as of 2025-12-28; scores tie-safe

Segments
                                              median days
  segment  customers  of customers  of spend   since last  What to do
  Active           2         66.7%     96.3%           11  -
  away             1         33.3%      3.7%          201  Write

Next
→ acrm rfm shop.csv -o - | grep -w away   win back: away (1)
→ acrm rfm shop.csv --compare 2025-09-28  who has moved since
→ acrm rfm shop.csv --validate            the segments put to the test
"""


def test_the_page_answers_in_one_sentence_and_ends_in_commands(result: RfmResult) -> None:
    assert shown(rfm_page(result, "shop.csv")) == ENGLISH


def test_the_page_in_russian(result: RfmResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_language", "ru")
    drawn = shown(rfm_page(result, "shop.csv"))
    assert drawn.startswith("Клиентов: 3, покупки на 1\u00a0937,00\u00a0EUR; 66,7% из них (Active) дают 96,3%\n")
    assert not {"customers", "segment", "since", "Next"} & set(drawn.split())


def test_an_unknown_currency_is_not_named() -> None:
    headline = rfm_page(rfm(lines(None), PARAMS)).blocks[0]
    assert isinstance(headline, Headline)
    assert headline.text.startswith("3 customers, 1,937.00; 66.7%")


def test_without_spend_there_is_no_share_of_it() -> None:
    refunded = lines().with_columns(pl.col("line_amount").sign() * Decimal("0.01"))
    refund = refunded.head(1).with_columns(order_id=pl.lit("back"), line_amount=pl.lit(Decimal("-9.0000")))
    page = rfm_page(rfm(pl.concat([refunded, refund.cast(refunded.collect_schema())]), PARAMS))
    assert "3 customers, -8.51\u00a0EUR\n" in shown(page)
    assert any(isinstance(block, Lines) and block.lines for block in page.blocks)


def test_moves_are_two_matrices_over_the_same_segments(result: RfmResult, earlier: pl.DataFrame) -> None:
    page = rfm_page(compare(result, earlier), "shop.csv")
    kept, recut = (block for block in page.blocks if isinstance(block, Grid) and block.columns[-1].kind == "heat")
    assert [col.label for col in kept.columns] == ["", "all", "1", "2"]
    assert kept.rows == [["1 Active", 1, 1.0, 0.0], ["2 away", 1, 0.0, 1.0], ["only now", 1, 0.0, 1.0]]
    assert [row[0] for row in recut.rows] == [row[0] for row in kept.rows]
    drawn = shown(page)
    assert "Since 2025-07-01\n  customers then and now  2\n" in drawn
    assert "--compare" not in drawn


def test_who_is_gone_has_a_column_and_who_was_nobody_a_row_without_shares(
    result: RfmResult, earlier: pl.DataFrame
) -> None:
    lost = earlier.filter(customer_id="bob").with_columns(customer_id=pl.lit("dora"))
    page = rfm_page(compare(result, lost), "shop.csv")
    matrix = next(block for block in page.blocks if isinstance(block, Grid) and block.columns[-1].kind == "heat")
    assert [col.label for col in matrix.columns] == ["", "all", "1", "2", "gone"]
    assert [list(row[:2]) for row in matrix.rows] == [["1 Active", 1], ["2 away", 0], ["only now", 3]]
    assert list(matrix.rows[0][2:]) == [0.0, 0.0, 1.0]
    assert list(matrix.rows[1][2:]) == [None, None, None]
    assert "same segment" not in shown(page)


def test_validation_stands_beside_simpler_rules(result: RfmResult) -> None:
    page = rfm_page(validate(result, lines()), "shop.csv")
    segments, rules = [block for block in page.blocks if isinstance(block, Grid)][1:]
    assert segments.title == "What they bought next: scores as of 2025-09-28, then 90 days"
    assert segments.columns[4].label == "spend each, EUR"
    assert [row[:3] for row in segments.rows] == [["Active", 1, 1.0], ["away", 1, 0.0]]
    assert [row[0] for row in rules.rows][:2] == ["RFM (r + f + m)", "spend so far"]
    assert "--validate" not in shown(page)


def test_too_short_a_time_leads_to_no_comparison() -> None:
    page = rfm_page(rfm(lines(), replace(PARAMS, as_of=date(2025, 3, 1))))
    steps = [command for block in page.blocks if isinstance(block, Steps) for command, _ in block.steps]
    assert not any("--compare" in command or "--validate" in command for command in steps)


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_page_fits(
    result: RfmResult, earlier: pl.DataFrame, language: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_language", language)
    page = rfm_page(validate(compare(result, earlier), lines()), "shop.csv")
    for plain in (True, False):
        drawn = render(page, width=width, plain=plain, colour=False)
        assert max(map(cell_len, drawn.splitlines())) <= width
