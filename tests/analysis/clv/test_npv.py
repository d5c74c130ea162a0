"""Net present value from given figures and from order lines small enough to check by hand."""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acrm.analysis.clv.npv import NpvParams, NpvResult, npv
from acrm.errors import InputError, UsageError

MONEY = pl.Decimal(38, 4)
AS_OF = date(2025, 12, 31)
BEFORE, NOW, EARLIER = date(2024, 6, 1), date(2025, 6, 1), date(2022, 6, 1)
Line = tuple[str, date, str, str]
TEXTBOOK = NpvParams(margin=100, retention=0.8, acquisition_cost=150)


def frame(lines: list[Line]) -> pl.LazyFrame:
    rows = [(f"o{place}", *line) for place, line in enumerate(lines)]
    schema = ["order_id", "customer_id", "ordered_on", "line_amount", "channel"]
    return pl.LazyFrame(rows, schema=schema, orient="row").with_columns(pl.col("line_amount").cast(MONEY))


def group(name: str, size: int, stay: int, won: int = 0, price: str = "100", channel: str = "web") -> Iterator[Line]:
    """`size` customers of the year before, of whom `stay` order again, each twice a year; and `won` new ones."""
    for number in range(size + won):
        customer = f"{name}{number}"
        if number < size:
            yield customer, BEFORE, price, channel
        if number < stay or number >= size:
            yield customer, NOW, price, channel
            yield customer, NOW + timedelta(30), price, channel


def shop() -> list[Line]:
    return [("first", EARLIER, "100", "web"), *group("a", 60, 45, 15), *group("b", 40, 10, 30, "50", "shop")]


def of(result: NpvResult, table: str, **key: object) -> dict[str, Any]:
    return result.tables[table].row(by_predicate=pl.all_horizontal(pl.col(k) == v for k, v in key.items()), named=True)


def test_textbook_figures_by_convention() -> None:
    result = npv(None, None, TEXTBOOK)
    assert result.tables["npv"]["convention"].to_list() == ["existing", "prospect", "period-end", "mid-period"]
    assert result.tables["npv"]["value"].to_list() == pytest.approx([255.6274, 351.4876, 319.5342, 335.1303], abs=5e-5)
    # Fader & Hardie, note 024: the three textbook formulas; the fourth is the third times sqrt(1 + d).
    assert result.tables["npv"]["whole_value"].to_list() == pytest.approx([266.67, 366.67, 333.33, 349.60], abs=5e-3)
    assert of(result, "npv", convention="prospect")["npv"] == pytest.approx(201.4876, abs=5e-5)
    assert result.summary["npv_break_even_cost"] == pytest.approx(351.4876, abs=5e-5)
    assert result.summary["npv_payback_months"] == 20
    assert result.summary["npv_ltv_cac"] == pytest.approx(351.4876 / 150, abs=1e-5)


@pytest.mark.parametrize(("retention", "five", "six"), [(0.6, 0.952, 0.974), (0.8, 0.797, 0.852), (0.9, 0.633, 0.700)])
def test_horizon_says_how_many_payments_it_counts(retention: float, five: float, six: float) -> None:
    result = npv(None, None, NpvParams(margin=100, retention=retention))
    assert of(result, "npv_horizon", year=5)["share"] == pytest.approx(five, abs=5e-4)
    assert of(result, "npv_horizon", year=6)["share"] == pytest.approx(six, abs=5e-4)


def test_without_horizon_the_value_is_the_closed_form() -> None:
    result = npv(None, None, NpvParams(margin=100, retention=0.8, years=None))
    assert result.summary["npv_existing"] == pytest.approx(100 * 0.8 / (1.1 - 0.8))
    endless = npv(None, None, NpvParams(margin=100, retention=1, discount=0, years=None))
    assert endless.summary["npv_existing"] is None
    assert of(endless, "npv_sensitivity", change="margin")["existing"] is None


def test_what_a_little_more_is_worth() -> None:
    result = npv(None, None, TEXTBOOK)
    more = npv(None, None, NpvParams(margin=100, retention=0.81, acquisition_cost=150)).summary["npv_existing"]
    assert of(result, "npv_sensitivity", change="retention")["existing"] == pytest.approx(more - 255.6273612047193)  # type: ignore[operator]
    assert of(result, "npv_sensitivity", change="acquisition_cost")["new"] == pytest.approx(1.5)
    unpriced = npv(None, None, NpvParams(margin=100, retention=0.8))
    assert of(unpriced, "npv_sensitivity", change="acquisition_cost")["new"] is None


@pytest.mark.parametrize("years", [10, None])
def test_the_equation_adds_up_to_the_value(years: int | None) -> None:
    result = npv(None, None, NpvParams(margin=100, retention=0.8, years=years, acquisition_cost=150, explain="all"))
    for form in ("existing", "new"):
        rows = result.tables["npv_explain"].filter(form=form)
        assert rows["present"].sum() == pytest.approx(result.summary[f"npv_{form}"])
        assert rows["cumulative"][-1] == pytest.approx(result.summary[f"npv_{form}"])


def test_channels_with_given_costs_alone() -> None:
    result = npv(None, None, NpvParams(margin=100, retention=0.8, acquisition_cost={"web": 90, "tv": 360, "free": 0}))
    assert of(result, "npv_channels", channel="web")["payback_months"] == 11
    assert of(result, "npv_channels", channel="tv")["discounted_payback_months"] is None
    assert of(result, "npv_channels", channel="free")["payback_months"] == 0
    assert result.summary["npv_new"] is None


def test_revenue_and_retention_from_order_lines() -> None:
    result = npv(frame(shop()), None, NpvParams(margin=0.5, as_of=AS_OF))
    assert result.summary["npv_customers_before"] == 100
    assert result.summary["npv_customers_stayed"] == 55
    assert result.summary["npv_retention"] == 0.55
    low, high = result.summary["npv_retention_low"], result.summary["npv_retention_high"]
    # Wilson (1927) at 80%.
    assert [low, high] == pytest.approx([0.4859, 0.6125], abs=1e-4)
    # 60 of a and 40 of b, two orders each.
    assert result.summary["npv_revenue"] == 60 * 200 + 40 * 100
    assert result.summary["npv_revenue_per_customer"] == pytest.approx(160)
    assert result.summary["npv_existing"] == pytest.approx(80 * sum((0.55 / 1.1) ** year for year in range(1, 11)))
    figures = of(result, "npv", convention="existing")
    assert figures["low"] < figures["value"] < figures["high"]


def test_refunds_come_off_the_year_they_are_booked_in() -> None:
    lines = [*shop(), ("a0", NOW + timedelta(9), "-50", "web")]
    result = npv(frame(lines), None, NpvParams(margin=0.5, as_of=AS_OF))
    assert result.summary["npv_revenue"] == Decimal(16000 - 50)
    assert result.summary["npv_customers_stayed"] == 55


def test_a_given_retention_is_used_and_needs_no_two_years() -> None:
    lines = [line for line in shop() if line[1] >= NOW]
    with pytest.raises(InputError) as caught:
        npv(frame(lines), None, NpvParams(margin=0.5))
    assert caught.value.id == "npv_too_short"
    result = npv(frame(lines), None, NpvParams(margin=0.5, retention=0.8))
    assert result.summary["npv_retention"] == 0.8
    assert result.summary["npv_retention_low"] is None


def test_too_few_customers_tell_no_retention() -> None:
    lines = [("first", EARLIER, "100", "web"), *group("a", 20, 10, 50)]
    with pytest.raises(InputError) as caught:
        npv(frame(lines), None, NpvParams(margin=0.5, as_of=AS_OF))
    assert caught.value.values["customers"] == 20


def test_nobody_in_the_last_year() -> None:
    with pytest.raises(InputError) as caught:
        npv(frame(shop()), None, NpvParams(margin=0.5, as_of=date(2029, 1, 1)))
    assert caught.value.id == "npv_nobody"


def test_segments_tie_and_small_ones_are_drawn_to_the_others() -> None:
    lines = [*shop(), *group("c", 7, 7, 0, "400", "fair")]
    result = npv(frame(lines), None, NpvParams(margin=0.5, as_of=AS_OF, by=("channel",)))
    table = result.tables["npv_segments"]
    assert table["channel"].to_list() == ["fair", "shop", "web"]
    assert Decimal(table["revenue"].sum()) == result.summary["npv_revenue"]
    assert table["customers"].sum() == result.summary["npv_customers"]
    fair, web = (of(result, "npv_segments", channel=name) for name in ("fair", "web"))
    assert fair["own_retention"] == 1
    assert fair["retention"] < 0.95
    assert fair["retention_low"] < web["own_retention"]
    assert abs(web["retention"] - web["own_retention"]) < 0.03


def test_customers_are_told_apart_by_where_they_began_or_what_the_customers_table_says() -> None:
    lines = [*shop(), ("a0", NOW + timedelta(60), "100", "shop")]
    by_first = npv(frame(lines), None, NpvParams(margin=0.5, as_of=AS_OF, by=("channel",)))
    assert of(by_first, "npv_segments", channel="web")["before"] == 60
    people = pl.LazyFrame({"customer_id": ["a0", "a1"], "channel": ["club", "club"]})
    by_table = npv(frame(lines), {"customers": people}, NpvParams(margin=0.5, as_of=AS_OF, by=("channel",)))
    assert of(by_table, "npv_segments", channel="club")["before"] == 2
    assert by_table.tables["npv_segments"].filter(pl.col("channel").is_null())["customers"].item() == 98


def test_the_order_of_lines_never_matters() -> None:
    params = NpvParams(margin=0.5, as_of=AS_OF, by=("channel",), explain="a3")
    one, other = (npv(frame(shop()).with_row_index().sort("index", descending=d), None, params) for d in (False, True))
    assert one.summary == other.summary
    assert all(one.tables[name].equals(other.tables[name]) for name in one.tables)


def test_explain_a_segment_or_a_customer() -> None:
    params = {"margin": 0.5, "as_of": AS_OF, "by": ("channel",)}
    segment = npv(frame(shop()), None, NpvParams(**params, explain="shop"))  # type: ignore[arg-type]
    worth = of(segment, "npv_segments", channel="shop")["existing"]
    assert segment.tables["npv_explain"].filter(form="existing")["present"].sum() == pytest.approx(worth)
    customer = npv(frame(shop()), None, NpvParams(**params, explain="b3")).tables["npv_explain"]  # type: ignore[arg-type]
    assert customer["form"].unique().to_list() == ["existing"]
    assert customer["margin"][0] == 50
    for name, error in (("nobody", "npv_explain"), ("a50", "npv_explain_gone")):
        with pytest.raises(UsageError) as caught:
            npv(frame(shop()), None, NpvParams(**params, explain=name))  # type: ignore[arg-type]
        assert caught.value.id == error


def test_customers_in_their_first_year_who_leave_more_often_are_noted() -> None:
    old = [line for number in range(40) for line in _three_years(f"o{number}")]
    notes = npv(frame([*old, *group("n", 40, 10)]), None, NpvParams(margin=0.5, as_of=AS_OF)).notes
    assert any(note.id == "npv.first_year" and note.values["new"] == 0.25 for note in notes)


def _three_years(customer: str) -> Iterator[Line]:
    return ((customer, day, "100", "web") for day in (date(2023, 6, 1), BEFORE, NOW))


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"margin": 0}, "npv_margin"),
        ({"margin": 100, "retention": 80}, "npv_share"),
        ({"margin": 100, "retention": math.nan}, "npv_share"),
        ({"margin": 100, "discount": 10}, "npv_share"),
        ({"margin": 100, "years": 0}, "npv_years"),
        ({"margin": 100, "interval": 80}, "npv_interval"),
        ({"margin": 100, "acquisition_cost": {"web": -1}}, "npv_cost"),
        ({"margin": 100}, "npv_retention_missing"),
        ({"margin": 0.3, "retention": 0.8}, "npv_share_of_nothing"),
        ({"margin": 100, "retention": 0.8, "by": ("channel",)}, "npv_by_nothing"),
    ],
)
def test_what_makes_no_sense_is_refused(params: dict[str, Any], error: str) -> None:
    with pytest.raises(UsageError) as caught:
        npv(None, None, NpvParams(**params))
    assert caught.value.id == error
    assert caught.value.hint


def test_an_unknown_column_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        npv(frame(shop()), None, NpvParams(margin=0.5, by=("chanel",)))
    assert caught.value.values["near"] == "channel"


def test_online_retail_has_one_year_and_says_so(data: Path) -> None:
    columns = {"InvoiceNo": "order_id", "CustomerID": "customer_id", "InvoiceDate": "ordered_on"}
    raw = pl.read_csv(data / "basket/online_retail.csv", infer_schema=False)
    lines = raw.rename(columns).select(
        *("order_id", "customer_id", "Country"),
        pl.col("ordered_on").str.head(10).str.to_date(),
        line_amount=(pl.col("Quantity").cast(pl.Float64) * pl.col("UnitPrice").cast(pl.Float64)).round(2).cast(MONEY),
    )
    with pytest.raises(InputError) as caught:
        npv(lines.lazy(), None, NpvParams(margin=0.35))
    assert caught.value.values["needed"] == date(2009, 12, 10)
    result = npv(lines.lazy(), None, NpvParams(margin=0.35, retention=0.6, by=("Country",)))
    assert Decimal(result.tables["npv_segments"]["revenue"].sum()) == result.summary["npv_revenue"]
