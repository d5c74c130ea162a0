"""`acrm report` from files to files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from acrm import cli
from tests import browser
from tests.conftest import Acrm

EXAMPLES = Path(__file__).parents[1] / "examples"
EVIL = "</script><img src=x onerror=alert(1)>"
HEAD = "order_id,customer_id,customer_name,email,order_date,product,quantity,amount,branch,region,channel"
GOALS = """
[[goal]]
name = "Revenue of a month"
figure = "revenue"
goal = 1_000_000
owner = "Ann"

[[goal]]
name = "Refunds"
figure = "refund_share"
goal = 0.5
direction = "down"

[[goal]]
figure = "service.satisfaction"
goal = 4.5
"""


def orders(count: int = 600) -> Iterator[str]:
    """Orders of 150 customers over two years, in five branches and three channels; two names are attacks."""
    yield HEAD
    for number in range(count):
        who, price = number * number % 150, 5 + number % 17
        day = date(2024, 1, 1) + timedelta(days=number * 37 % (365 + who))
        name = EVIL if who == 0 else f"Person {who:03}"
        cells = (number + 1, f"c{who:03}", name, f"p{who:03}@mail.example", day, f"item {number % 7}", 1 + number % 3)
        rest = (price * 2.5, f"b{number % 5}", ("North", "South")[who % 2], ("web", "shop", EVIL)[number % 3])
        yield ",".join(map(str, (*cells, *rest)))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Orders, a tree of branches, and goals."""
    (tmp_path / "orders.csv").write_text("\n".join(orders()) + "\n", encoding="utf-8")
    tree = "unit,kind,parent\nall,group,\neast,area,all\nwest,area,all\n" + "".join(
        f"b{k},branch,{'east' if k < 3 else 'west'}\n" for k in range(5)
    )
    (tmp_path / "units.csv").write_text(tree, encoding="utf-8")
    (tmp_path / "goals.toml").write_text(GOALS, encoding="utf-8")
    return tmp_path


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / "acrm-out" / f"{name}.parquet")


SOURCES = ("orders.csv", "units.csv", "--map", "unit=branch")


def test_everything_that_was_asked_for(acrm: Acrm, shop: Path) -> None:
    asked = ("--by", "segment,channel", "--object", "customer", "--scorecard", "goals.toml", "--interactive")
    ran = acrm("report", *SOURCES, *asked, "--pivot", "rows=month,cols=channel,sum=amount")
    assert ran.code == 0, ran.err
    whole = table(shop, "report_kpis_periods")["revenue"].sum()
    rows = pl.read_csv(shop / "orders.csv")
    assert float(whole) == rows["amount"].sum()
    for name in ("report_cut", "report_object"):
        assert table(shop, name)["revenue"].sum() == whole, name
    assert table(shop, "report_pivot").filter("_total")["total"].item() == whole
    assert (shop / "acrm-out" / "report_pivot.csv").read_text(encoding="utf-8-sig").startswith(f"month,{EVIL},shop,web")
    units = table(shop, "report_units")
    root = units.filter(unit="all")
    assert root["revenue"].item() == whole == units.filter("leaf")["revenue"].sum()
    assert root["buyers"].item() == rows["customer_id"].n_unique()
    assert set(table(shop, "report_scorecard")["colour"]) == {"red", "green", "grey"}
    page = (shop / "acrm-out" / "report.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "&lt;/script&gt;" in page
    assert 500_000 < len(page.encode()) < 3_000_000


def test_a_gate_on_the_scorecard_and_the_same_bytes_twice(acrm: Acrm, shop: Path) -> None:
    for out in ("one", "two"):
        ran = acrm("report", *SOURCES, "--scorecard", "goals.toml", "--fail-on", "scorecard.red>0", "-o", out)
        assert ran.code == 1
    names = {path.name for path in (shop / "one").iterdir()}
    assert {"report.html", "report.json", "report.parquet"} < names
    for name in names - {".acrm.lock"}:
        assert (shop / "one" / name).read_bytes() == (shop / "two" / name).read_bytes(), name


def test_the_board_sees_nobody(acrm: Acrm, shop: Path) -> None:
    ran = acrm("report", *SOURCES, "--for", "board", "--object", "customer", "--lang", "ru")
    assert ran.code == 0, ran.err
    page = (shop / "acrm-out" / "report.html").read_text(encoding="utf-8")
    for told in (page, ran.out):
        assert not re.search(r"\bc\d{3}\b|Person \d|@mail|onerror", told)
    assert '<html lang="ru">' in page
    assert "для руководства" in ran.out
    # What is left out is said in one line each, on the page and in the terminal, and no table is about one person.
    for told in (page, re.sub(r"\s+", " ", ran.out)):
        assert "никто не назван, поэтому пропущено: " in told
        assert "нет таблиц об отдельных клиентах и сделках" in told
    written = [pl.read_parquet(path) for path in (shop / "acrm-out").glob("*.parquet")]
    assert len(written) > 20
    for made in written:
        assert not {"customer_id", "deal_id", "id"} & set(made.columns)
        assert not re.search(r"\bc\d{3}\b|Person \d|@mail", made.select(pl.col(pl.String)).write_csv())
    # The numbers are those of all readers.
    figures = json.loads((shop / "acrm-out" / "report.json").read_text(encoding="utf-8"))["summary"]
    assert acrm("report", *SOURCES, "--for", "sales").code == 0
    again = json.loads((shop / "acrm-out" / "report.json").read_text(encoding="utf-8"))["summary"]
    assert {**figures, "object.objects": 0} == {**again, **{k: v for k, v in figures.items() if "object." in k}} | {
        "object.objects": 0
    }


def test_an_earlier_result_stands_for_the_analysis(acrm: Acrm, shop: Path) -> None:
    assert acrm("rfm", "orders.csv", "--refunds", "ignore", "--scoring", "ntile").code == 0
    before = table(shop, "rfm")
    assert acrm("report", "orders.csv", "acrm-out", "-o", "made").code == 0
    found = pl.read_parquet(shop / "made" / "report_rfm_customers.parquet")
    assert found.equals(before)
    told = json.loads((shop / "made" / "report.json").read_text(encoding="utf-8"))["summary"]
    assert told["rfm.scoring"] == "ntile"


def test_a_broken_gate_comes_first_and_withholds(acrm: Acrm, shop: Path) -> None:
    head, *lines = (shop / "orders.csv").read_text(encoding="utf-8").splitlines()
    nobody = [
        re.sub(r",c\d{3},.*?,p\d{3}@mail.example", ",,,", line) if k % 5 else line for k, line in enumerate(lines)
    ]
    (shop / "orders.csv").write_text("\n".join([head, *nobody]) + "\n", encoding="utf-8")
    ran = acrm("report", "orders.csv", "--fail-on", "health.fail>0")
    assert ran.code == 1, ran.err
    page = (shop / "acrm-out" / "report.html").read_text(encoding="utf-8")
    shown = re.findall(r'<section id="([\w-]+)"', page)
    assert shown[0] == "health"
    assert not {"cohorts", "rfm", "clv", "churn"} & set(shown)


def test_deals_alone_and_what_cannot_be_shown(acrm: Acrm, shop: Path) -> None:
    rows = "".join(
        f"d{k},{('Won', 'Lost', 'Talk')[k % 3]},2024-0{1 + k % 9}-1{k % 9},,{'Ann' if k % 2 else 'Bob'}\n"
        for k in range(90)
    )
    (shop / "deals.csv").write_text("deal id,stage,created at,closed at,owner\n" + rows, encoding="utf-8")
    ran = acrm("report", "deals.csv")
    assert ran.code == 0, ran.err
    assert table(shop, "report")["measure"].to_list() == ["win_rate"]
    assert table(shop, "report_funnel").height
    page = (shop / "acrm-out" / "report.html").read_text(encoding="utf-8")
    assert "No table tells of" in page
    assert acrm("report", "deals.csv", "--by", "owner").code == 3


def test_segments_that_cannot_be_made_are_refused_with_the_reason(acrm: Acrm, shop: Path) -> None:
    nobody = [re.sub(r",c\d{3},.*?,p\d{3}@mail.example", "", line) for line in orders()]
    lines = [HEAD.replace(",customer_id,customer_name,email", ""), *nobody[1:]]
    (shop / "till.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ran = acrm("report", "till.csv", "--by", "segment")
    assert (ran.code, ran.out) == (3, "")
    assert "--by segment: there are no segments: no customer with a sale" in ran.err
    assert "hint: leave --by segment out" in ran.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--by", "colour"), 3),
        (("--object", "company"), 3),
        (("--pivot", "rows=month,what=1"), 2),
        (("--for", "everybody"), 2),
        (("--scorecard", "nowhere.toml"), 3),
        (("--scorecard", "typo.toml"), 3),
        (("--period", "year"), 2),
    ],
)
def test_what_was_asked_for_and_is_not_there(acrm: Acrm, shop: Path, words: tuple[str, ...], code: int) -> None:
    (shop / "typo.toml").write_text('[[goal]]\nfigure = "revenues"\ngoal = 1\n', encoding="utf-8")
    ran = acrm("report", "orders.csv", *words)
    assert (ran.code, ran.out) == (code, "")
    assert not (shop / "acrm-out").exists()


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the example shop, and its tables."""
    folder = tmp_path_factory.mktemp("example")
    assert cli.main(["report", str(EXAMPLES / "shop"), "-o", str(folder), "-q"]) == 0
    return folder


def test_the_example_shop(example: Path) -> None:
    figures = json.loads((example / "report.json").read_text(encoding="utf-8"))["summary"]
    assert figures["revenue"] == pl.read_parquet(example / "report.parquet").filter(measure="revenue")["value"].item()
    for part in ("rfm", "clv", "churn", "segment", "basket", "products", "offers", "funnel", "channels", "cohorts"):
        assert [*example.glob(f"report_{part}*.parquet")], part
    page = (example / "report.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 2_000_000
    assert not re.search(r"""(?:src|href)=["']?(?:https?:|//)""", page)
    assert "<script" not in page


@pytest.mark.skipif(browser.program() is None, reason="no Chromium")
def test_the_page_in_a_browser(example: Path, tmp_path: Path) -> None:
    with browser.tab(tmp_path) as tab:
        for scripts in (True, False):
            tab.open(example / "report.html", scripts=scripts)
            assert [one for one in tab.requests if not one.startswith(("file:", "data:"))] == []
            assert tab.complaints == []
        tab.open(example / "report.html")
        for width, dark in ((1280, False), (390, True)):
            tab.look(width=width, dark=dark)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            count, drawn = tab.evaluate(
                "[document.querySelectorAll('figure').length, [...document.querySelectorAll('figure')].filter(one =>"
                " [...one.querySelectorAll('svg[role=img]')].some(svg => svg.checkVisibility() &&"
                " svg.getBoundingClientRect().height > 40)).length]"
            )
            assert count == drawn > 1


def told(folder: Path) -> dict[str, pl.DataFrame]:
    return {path.name: pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}


def test_a_store_is_told_of_as_its_exports_are(acrm: Acrm, tmp_path: Path) -> None:
    """A region that nobody fills in, channels of which there are none, a line that cannot be read."""
    rows = [line.split(",") for line in orders(60)]
    lines = [[*row[:2], row[4], row[6], row[7], ""] for row in rows[1:]]
    lines[7][2] = "soon"
    exports = tmp_path / "exports"
    exports.mkdir()
    head = "order_id,customer_id,order_date,quantity,amount,region"
    (exports / "orders.csv").write_text("\n".join([head, *map(",".join, lines)]) + "\n", encoding="utf-8")
    cities = [f"c{who:03},Person {who:03},{('Riga', 'Oslo')[who % 2]}" for who in range(0, 150, 2)]
    (exports / "clients.csv").write_text("\n".join(["customer_id,full_name,city", *cities]) + "\n", encoding="utf-8")
    assert acrm("clean", "exports", "-o", "store").code == 0
    for source in ("exports", "store"):
        ran = acrm("report", source, "-o", f"of-{source}")
        assert ran.code == 0, ran.err
    raw, stored = told(tmp_path / "of-exports"), told(tmp_path / "of-store")
    assert raw.keys() == stored.keys()
    for name, frame in raw.items():
        assert_frame_equal(frame, stored[name], rel_tol=1e-9)
    assert raw["report_health.parquet"].filter(gate="rejected")["rows"].item() == 1
    assert set(raw["report_regions_bins.parquet"]["value"]) <= {"Riga", "Oslo", None}
    figures = [json.loads((tmp_path / f"of-{source}" / "report.json").read_text()) for source in ("exports", "store")]
    # What a run has read are the exports, or the tables of the store.
    for manifest in figures:
        for name in ("rows_in", "rejected", "rejected_share"):
            del manifest["summary"][name]
    assert figures[0]["summary"] == pytest.approx(figures[1]["summary"])
