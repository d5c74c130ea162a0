"""`acrm channels` from files to files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import Acrm

DEALS = "Deal ID,Stage,Status,Created,Close Date,Amount,Currency,Source,Customer ID"


def deals(count: int = 400) -> Iterator[str]:
    """Deals of five sources of which one converts twice as often as the rest, and one is not told."""
    yield DEALS
    for number in range(count):
        source = ("ads", "mail", "fair", "", "partner")[number % 5]
        won = number % 100 < (40 if source == "partner" else 20)
        day = date(2024, 1, 1) + timedelta(days=number)
        status = "won" if won else "lost"
        yield f"{number},{status},{status},{day},{day + timedelta(days=5)},{100 + number},EUR,{source},c{number:03}"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    spend = ["Date,Campaign,Source,Cost"]
    spend += [
        f"{date(2024, 1, 1) + timedelta(days=7 * week)},{name}-1,{name},{cost * (1 + week % 4)}"
        for week in range(57)
        for name, cost in (("ads", 50), ("fair", 20))
    ]
    (tmp_path / "deals.csv").write_text("\n".join(deals()) + "\n", encoding="utf-8")
    (tmp_path / "spend.csv").write_text("\n".join(spend) + "\n", encoding="utf-8")
    return tmp_path


def test_leads_with_spend(acrm: Acrm, shop: Path) -> None:
    ran = acrm("channels", "deals.csv", "spend.csv", "-o", "made")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("96 of 400 leads won (24.0%); channels differ: partner is higher, 40.0%")
    main = pl.read_parquet("made/channels.parquet")
    assert main.filter(channel="partner").select("units", "converted", "verdict").row(0) == (80, 32, "more")
    assert main["channel"].null_count() == 1
    cost = pl.read_parquet("made/channels_cost.parquet")
    assert cost["channel"].to_list() == ["ads", "fair"]
    assert set(pl.read_parquet("made/channels_marginal.parquet")["outcome"]) == {"leads", "revenue", "won"}
    assert main.filter(channel="ads")["per_unit"].item() == cost.filter(channel="ads")["per_unit"].item()


def test_money_of_several_currencies_is_not_added_up(acrm: Acrm, shop: Path) -> None:
    text = (shop / "deals.csv").read_text(encoding="utf-8")
    (shop / "mixed.csv").write_text(text.replace("EUR,mail", "USD,mail"), encoding="utf-8")
    ran = acrm("channels", "mixed.csv", "spend.csv", "-o", "made")
    assert "several currencies (EUR, USD)" in " ".join(ran.out.split())
    assert pl.read_parquet("made/channels.parquet")["amount"].count() == 0
    # Whatever is in several currencies, one note says it, and what can be typed.
    spend = (shop / "spend.csv").read_text(encoding="utf-8").splitlines()
    both = [f"{line},{'EUR' if number % 2 else 'USD'}" for number, line in enumerate(spend[1:])]
    (shop / "both.csv").write_text("\n".join([f"{spend[0]},Currency", *both]) + "\n", encoding="utf-8")
    said = json.loads(acrm("channels", "mixed.csv", "both.csv", "--json", "-o", "made").out)["notes"]
    (note,) = [one["text"] for one in said if "currenc" in one["text"]]
    assert note.startswith("orders, deals, spend in several currencies (EUR")
    assert note.endswith("--currency EUR keeps one, --rates FILE converts all")
    (shop / "rates.csv").write_text("currency,rate\nEUR,1\nUSD,0.5\n", encoding="utf-8")
    assert acrm("channels", "mixed.csv", "both.csv", "--rates", "rates.csv", "-o", "made").code == 0
    assert acrm("channels", "mixed.csv", "spend.csv", "--currency", "EUR", "-o", "made").code == 0
    assert pl.read_parquet("made/channels.parquet")["channel"].drop_nulls().to_list() == ["ads", "fair", "partner"]


def test_a_condition_chooses_rows_of_every_table_that_has_its_columns(acrm: Acrm, shop: Path) -> None:
    ran = acrm("channels", "deals.csv", "spend.csv", "--where", "source = 'ads'", "-o", "made")
    assert ran.code == 0, ran.err
    assert pl.read_parquet("made/channels.parquet").select("channel", "units").rows() == [("ads", 80)]
    assert pl.read_parquet("made/channels_cost.parquet")["channel"].to_list() == ["ads"]
    refused = acrm("channels", "deals.csv", "--where", "nothing = 'ads'")
    assert (refused.code, "nothing" in refused.err) == (2, True)


def test_figures_can_be_limited(acrm: Acrm, shop: Path) -> None:
    assert acrm("channels", "deals.csv", "--fail-on", "not_recorded_share>0.1").code == 1
    ran = acrm("channels", "deals.csv", "--json", "--fail-on", "p<0.000001")
    figures = json.loads(ran.out)["summary"]
    assert (ran.code, figures["best"], figures["df"], figures["not_recorded"]) == (0, "partner", 4, 80)


def test_a_day_in_the_past_knows_nothing_of_later_wins(acrm: Acrm, shop: Path) -> None:
    ran = acrm("channels", "deals.csv", "--json", "--as-of", "2024-04-10")
    figures = json.loads(ran.out)["summary"]
    assert figures["units"] == 101
    # Twenty and four of the partner's more; the hundredth is won five days later.
    assert figures["converted"] == 24


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--by", "nothing"), 3, "no table of leads, customers, orders or visits has a column nothing"),
        (("--target", "status"), 2, "--by source"),
        (("--target", "status", "--by", "source"), 3, "--target 'status=won'"),
        (("--target", "status=gone", "--by", "source"), 3, "status is never 'gone'"),
        (("--paths", "source"), 3, "has a column source with paths"),
        (("--margin", "2"), 2, "--margin 0.3"),
    ],
)
def test_what_cannot_be_asked(acrm: Acrm, shop: Path, words: tuple[str, ...], code: int, said: str) -> None:
    (shop / "table.csv").write_text("status,source\n" + "won,ads\nlost,mail\nopen,ads\n" * 9, encoding="utf-8")
    source = "table.csv" if "--target" in words else "deals.csv"
    ran = acrm("channels", source, *words)
    assert (ran.code, said in ran.err) == (code, True), ran.err


def test_any_table_by_a_column_of_its_own(acrm: Acrm, shop: Path) -> None:
    rows = [f"{'won' if number % 4 else 'lost'},{'ads' if number % 2 else 'mail'}" for number in range(200)]
    (shop / "table.csv").write_text("End State,Came By\n" + "\n".join(rows) + "\n", encoding="utf-8")
    ran = acrm("channels", "table.csv", "--target", "End State=won", "--by", "came by", "-o", "made")
    assert ran.code == 0, ran.err
    table = pl.read_parquet("made/channels.parquet")
    assert table.select("channel", "converted", "units").sort("channel").rows() == [
        ("ads", 100, 100),
        ("mail", 50, 100),
    ]
    plain = acrm("channels", "table.csv", "--by", "came by")
    assert plain.code == 0
    assert "100 50.0%" in " ".join(plain.out.split())


def test_sessions_of_online_shoppers(acrm: Acrm, data: Path) -> None:
    # Of the public file: 1,908 of 12,330 sessions with an order, 24.9% of new visitors, 13.9% of returning ones.
    source = data / "web/online_shoppers_intention.csv"
    ran = acrm("channels", source, "--target", "Revenue", "--by", "VisitorType", "-o", "made", "--json")
    figures = json.loads(ran.out)["summary"]
    assert (figures["converted"], figures["judged"], round(figures["conversion"], 4)) == (1908, 12_330, 0.1547)
    rates = dict(pl.read_parquet("made/channels.parquet").select("channel", "rate").rows())
    assert (round(rates["New_Visitor"], 3), round(rates["Returning_Visitor"], 3)) == (0.249, 0.139)


def test_leads_of_a_marketplace(acrm: Acrm, data: Path) -> None:
    # Olist, leads of 2017 and 2018: 842 of 8,000 leads were won; of 60 nobody wrote down the source.
    names = ("olist_marketing_qualified_leads_dataset.csv", "olist_closed_deals_dataset.csv")
    ran = acrm("channels", *(data / "deals" / name for name in names), "--json")
    told = json.loads(ran.out)["summary"]
    assert (told["converted"], told["units"], told["conversion"]) == (842, 8000, 0.10525)
    assert (told["chi_square"], told["df"]) == (pytest.approx(140.69, abs=0.005), 10)
    assert told["not_recorded"] == 60
    main = pl.read_parquet("acrm-out/channels.parquet")
    assert main.filter(pl.col("channel").is_null()).select("units", "converted").rows() == [(60, 14)]
    page = acrm("channels", *(data / "deals" / name for name in names)).out
    assert "842 of 8,000 leads won (10.5%)" in page
    assert "chi-square 140.69, df 10" in page
    assert re.search(r"^  not recorded +60 ", page, re.MULTILINE)


def test_published_paths(acrm: Acrm, data: Path) -> None:
    ran = acrm("channels", data / "marketing/paths.csv", "-o", "made", "--json")
    assert json.loads(ran.out)["summary"]["conversions"] == 19_785
    credit = pl.read_parquet("made/channels_attribution.parquet")
    expected = pl.read_csv(data / "marketing/reference_attribution.csv").rename({"": "channel", "ushape": "u"})
    both = credit.join(expected, on="channel", suffix="_expected")
    for rule in ("first", "last", "linear", "u", "decay", "markov"):
        assert both[rule].to_list() == pytest.approx(both[f"{rule}_expected"].to_list(), abs=0.0500001)
    assert both.height == 12


def test_an_earlier_value_of_customers_is_taken(acrm: Acrm, tmp_path: Path) -> None:
    rows = ["order_id,customer_id,order_date,channel,amount"]
    for number in range(900):
        who = number * 7 % 170 if number % 3 else number % 40
        day = date(2023, 1, 1) + timedelta(days=number * 29 % (300 + who))
        rows.append(f"{number},c{who:03},{day},{'web' if who % 3 else 'shop'},{10 + number % 7}.00")
    (tmp_path / "orders.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert acrm("clv", "orders.csv", "-o", "made").code == 0
    given = acrm("channels", "orders.csv", "made/clv.parquet", "-o", "one")
    assert "the earlier acrm clv among the sources" in " ".join(given.out.split())
    made = acrm("channels", "orders.csv", "-o", "two")
    assert "computed here" in " ".join(made.out.split())
    worth = [pl.read_parquet(f"{folder}/channels_worth.parquet") for folder in ("one", "two")]
    assert worth[0].equals(worth[1])
    clv = pl.read_parquet("made/clv.parquet")
    assert worth[0]["clv"].sum() == pytest.approx(float(clv["clv"].cast(pl.Float64).sum()))
    assert worth[0]["clv_low"].null_count() == 0
