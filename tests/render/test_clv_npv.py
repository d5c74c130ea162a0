from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from rich.cells import cell_len

from acrm import messages
from acrm.analysis.clv.npv import NpvParams, NpvResult, npv
from acrm.render.clv_npv import npv_page
from acrm.render.terminal import render

START = date(2022, 1, 1)


def shown(result: NpvResult, width: int = 80, *, plain: bool = True) -> str:
    return render(npv_page(result), width=width, plain=plain, colour=not plain)


@pytest.fixture
def result() -> NpvResult:
    """Every customer orders each half year, from their own day; every third leaves after a year."""
    lines = [
        (f"{number}-{half}", f"c{number:03}", START + timedelta(number * 3 + half * 182), Decimal(100 + number), name)
        for number in range(300)
        for name in [("web", "shop", "[red]fair[/red]")[number % 3 if number != 9 else 2]]
        for half in range(8 if number % 3 else 3)
    ]
    columns = ["order_id", "customer_id", "ordered_on", "line_amount", "channel"]
    orders = pl.LazyFrame(lines, schema=columns, orient="row").with_columns(
        pl.col("line_amount").cast(pl.Decimal(38, 4)), currency=pl.lit("EUR")
    )
    spend = [
        (START + timedelta(day), "x", name, Decimal(500)) for day in range(400, 800) for name in ("web", "tv", None)
    ]
    campaigns = pl.LazyFrame(
        spend,
        schema={"date": pl.Date, "campaign": pl.String, "source": pl.String, "spend": pl.Decimal(38, 4)},
        orient="row",
    )
    params = NpvParams(
        margin=0.4,
        by=("channel",),
        explain="web",
        scenario={"price": {"change": "+5%", "segment": {"shop": "+2%"}}, "retention": {"change": "-2pp"}},
        as_of=date(2024, 12, 31),
    )
    return npv(orders, {"campaigns": campaigns}, params)


def test_the_calculator() -> None:
    page = shown(npv(None, None, NpvParams(margin=100, retention=0.8, acquisition_cost=150)))
    assert page.startswith("An existing customer is worth 255.63, a new one 201.49 after 150.00 to win them\n")
    assert "break-even cost         351.49: whoever costs more to win loses money" in page
    assert "paid back after         20 months; discounted 21 months" in page
    assert "2.34 – thin; 3 is the usual target" in page
    for convention in ("existing:", "prospect (new):", "period-end:", "mid-period:"):
        assert convention in page
    assert "         5          79.7%    212.41          142.06\n" in page


def test_what_never_comes_back_is_called_so() -> None:
    page = shown(npv(None, None, NpvParams(margin=100, retention=0.8, acquisition_cost={"tv": 400, "web": 90})))
    rows = {line.split()[0]: line for line in page.splitlines() if line.startswith(("  tv", "  web"))}
    assert rows["tv"].split()[1:] == ["400.00", "351.49", "-48.51", "87", "never", "0.88", "loses", "money"]
    assert rows["web"].split()[1:] == ["90.00", "351.49", "261.49", "11", "11", "3.91", "sound"]


def test_every_part_is_on_the_page(result: NpvResult) -> None:
    page = shown(result, 120)
    for words in (
        "By channel",
        "Cost and payback by channel",
        "What if: price +5%, price +2% (shop)",
        "web, new: year",
    ):
        assert words in page
    assert "(spend that names none)" in shown(result, 160)
    assert "[red]fair[/red]" in page
    total = result.summary["npv_spend"]
    assert f"{total:,.2f}" in page


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("plain", [True, False])
def test_every_line_fits(result: NpvResult, language: str, width: int, plain: bool) -> None:
    messages.use(language)
    page = render(npv_page(result), width=width, plain=plain, colour=False)
    assert max(cell_len(line) for line in page.splitlines()) <= width
    assert "None" not in page
    assert "nan" not in page
