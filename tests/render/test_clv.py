"""The page of customer value, in both languages and at every width."""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from rich.cells import cell_len

from acrm import messages
from acrm.analysis.clv.joined import with_cuts
from acrm.analysis.clv.params import ClvParams
from acrm.analysis.clv.value import ClvResult, clv
from acrm.messages import number
from acrm.render.clv import clv_page
from acrm.render.terminal import render
from acrm.schema import polars_schema


def lines() -> pl.LazyFrame:
    """Sixty customers who come at random, each more or less often, until an order is their last."""
    rng = random.Random(8)
    rows = []
    for who in range(60):
        day, every = rng.randrange(60), rng.choice([8, 20, 50, 90])
        while day < 365:
            amount = Decimal(10 + who % 7 + rng.randrange(5))
            rows.append((f"{who}-{day}", f"[b]{who:02}[/b]", date(2025, 1, 1) + timedelta(day), amount, "EUR"))
            day += 1 + int(rng.expovariate(1 / every)) + 400 * (rng.random() < 0.12)
    columns = ("order_id", "customer_id", "ordered_on", "line_amount", "currency")
    return pl.LazyFrame(rows, schema=polars_schema("transactions", columns), orient="row")


@pytest.fixture(scope="module")
def result() -> ClvResult:
    return clv(lines(), ClvParams(model="mbg-nbd", margin=0.5))


def shown(result: ClvResult, width: int = 80, plain: bool = True, cut: str | None = None) -> str:
    return render(clv_page(result, "orders.csv", cut=cut), width=width, plain=plain, colour=False)


def words(drawn: str) -> str:
    return " ".join(drawn.split())


def test_the_figures_of_the_result_stand_on_the_page(result: ClvResult) -> None:
    drawn, figures = words(shown(result, 120)), result.summary
    assert drawn.startswith(f"60 customers are worth {figures['equity']:,.2f} EUR (")
    assert "mbg-nbd, as of 2026-01-01; limits hold with 80%; margin 50% of revenue; discounted by 10% a year" in drawn
    assert f"Revenue, next 12 months {figures['year_revenue']:,.2f} EUR (" in drawn
    assert f"Value, next 365 days {figures['clv']:,.2f} EUR" in drawn
    assert f"{figures['held_out_actual']:,.0f} orders came" in drawn
    for row in result.tables["matrix"].iter_rows(named=True):
        assert f"{row['label']} {row['customers']} {row['spend']:,.2f} {row['clv']:,.2f} {row['next_step']}" in drawn
    for row in result.tables["deciles"].iter_rows(named=True):
        assert (
            f"{row['decile']} {row['customers']} {row['from']:,.2f} {row['clv']:,.2f} {number(row['share'], '.1%')}"
            in drawn
        )
    for rule in ("→ mbg-nbd", "own past rate", "as last time"):
        assert rule in drawn
    for note in result.notes:
        assert f"! {words(str(note))}" in drawn


def test_without_discount_the_year_is_the_headline() -> None:
    endless = clv(lines(), ClvParams(model="mbg-nbd", discount=0.0))
    drawn = words(shown(endless))
    assert drawn.startswith(f"60 customers will bring {endless.summary['year_revenue']:,.2f} EUR (")
    assert "revenue, no margin given" in drawn


def test_what_is_worth_nothing_still_has_a_page(result: ClvResult) -> None:
    nothing = clv(lines(), ClvParams(model="mbg-nbd", margin=0.0))
    assert words(shown(nothing)).startswith("60 customers are worth 0.00 EUR (0.00 EUR to 0.00 EUR)")
    applied = {name: table for name, table in result.tables.items() if name not in ("held_out", "tracking")}
    assert "Tested on" not in shown(replace(result, tables=applied))


def test_cuts_and_names_as_they_are(result: ClvResult) -> None:
    ids = result.tables["customers"]["customer_id"]
    of = pl.DataFrame({"customer_id": ids, "city": ["[red]Rome[/red]", "Oslo", None] * 20})
    cut = with_cuts(result, of, ClvParams(by=("city",)))
    drawn = shown(cut, 120, cut="city")
    assert "By city" in drawn
    assert "[red]Rome[/red]" in drawn
    assert "(unknown)" in drawn
    many = of.with_columns(city=pl.col("customer_id"))
    assert "48 more" in shown(with_cuts(result, many, ClvParams(by=("city",))))


def test_the_next_steps_are_not_the_last_ones(result: ClvResult) -> None:
    # The margin is given already; it is not asked for, and goes into what is.
    steps = words(shown(result, 120, cut="channel")).partition("Next ")[2]
    assert "--margin 0.5 what may be spent" in steps
    assert "what of it is yours" not in steps
    assert "acrm clv orders.csv --by channel" in steps
    assert "--by" not in shown(result)
    asked = replace(result, tables={**result.tables, "npv": pl.DataFrame(), "parts": result.tables["matrix"].head(0)})
    # A table of no parts has no grid.
    asked = replace(asked, tables={**asked.tables, "parts": pl.DataFrame(schema={"column": pl.String})})
    assert "Next" not in shown(asked, cut="channel")


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_nothing_is_wider_than_the_window(result: ClvResult, width: int, plain: bool, language: str) -> None:
    messages.use(language)
    drawn = shown(result, width, plain)
    # Commands to copy are one word each.
    assert max(cell_len(line) for line in drawn.splitlines() if "acrm clv" not in line) <= width


def test_in_russian(result: ClvResult) -> None:
    messages.use("ru")
    drawn = words(shown(result, 120))
    assert drawn.startswith("Ценность клиентов (60): ")
    assert "свой прежний темп" in drawn
    assert "own past rate" not in drawn
