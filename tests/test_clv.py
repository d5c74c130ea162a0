"""`acrm clv` as it is typed."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import Acrm

HEAD = "order_id,customer_id,order_date,amount,cost,channel,currency"
MBG = ("--model", "mbg-nbd")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Orders of 120 customers over two years, with what the goods cost; a third of them once for less than that."""
    rng = random.Random(4)
    rows: list[str] = []
    for who in range(120):
        day = date(2024, 1, 1) + timedelta(days=rng.randrange(300))
        while day < date(2026, 1, 1):
            amount = Decimal(rng.randrange(500, 9000)) / 100
            cost = amount * (3 if who % 3 == 0 and len(rows) % 2 else 1) / 2
            rows.append(f"{len(rows)},c{who:03},{day},{amount},{cost:.2f},{('web', 'till', '[b]tv[/b]')[who % 3]},EUR")
            day += timedelta(days=1 + int(rng.expovariate(1 / (20 + who))))
            if rng.random() < 0.15:
                break
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "orders.csv").write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    homes = [f"c{who:03},Person {who},p{who}@example.org,h{who // 4}" for who in range(0, 120, 2)]
    (folder / "customers.csv").write_text(
        "\n".join(["customer_id,full_name,email,household_id", *homes]) + "\n", encoding="utf-8"
    )
    return folder


def table(name: str = "clv", folder: str = "acrm-out") -> pl.DataFrame:
    return pl.read_parquet(Path(folder) / f"{name}.parquet")


def test_one_command_from_raw_files(acrm: Acrm, shop: Path) -> None:
    ran = acrm("clv", shop / "orders.csv", "--json")
    assert (ran.code, ran.err.partition(":")[0]) == (0, "wrote acrm-out")
    told = json.loads(ran.out)
    assert {"models", "chosen", "validation", "totals"} <= set(told)
    assert told["chosen"] == told["summary"]["model"] == told["models"][0]["name"]
    assert told["models"][0]["converged"] or told["models"][0]["flat"]
    written = table()
    assert written.height == told["summary"]["customers"] == 120
    whole = Decimal(str(told["summary"]["clv"]))
    assert whole == written["clv"].sum() == table("clv_deciles")["clv"].sum() == table("clv_matrix")["clv"].sum()
    manifest = json.loads(Path("acrm-out/clv.json").read_text(encoding="utf-8"))
    assert manifest["validation"] == told["validation"]
    assert "clv_model.json" in [one["name"] for one in manifest["outputs"]]
    assert pl.read_parquet_metadata("acrm-out/clv.parquet")["acrm"]


def test_two_runs_are_byte_equal(acrm: Acrm, shop: Path) -> None:
    for folder in ("one", "two"):
        assert acrm("clv", shop / "orders.csv", *MBG, "-o", folder).code == 0
    for path in sorted(Path("one").iterdir()):
        if path.name != "clv.json":
            same = table(path.stem, "one").equals(table(path.stem, "two")) if path.suffix == ".parquet" else None
            assert same or path.read_bytes() == (Path("two") / path.name).read_bytes(), path.name


def test_a_saved_model_scores_again_and_stays(acrm: Acrm, shop: Path) -> None:
    assert acrm("clv", shop / "orders.csv", *MBG).code == 0
    file = Path("acrm-out/clv_model.json")
    model, scores = file.read_bytes(), table()
    ran = acrm("clv", shop / "orders.csv", "--apply", file)
    assert ran.code == 0
    assert "scored with mbg-nbd as fitted on" in ran.out
    assert table().equals(scores)
    # It stands in the folder that the scores replaced.
    assert file.read_bytes() == model
    assert not Path("acrm-out/clv_held_out.parquet").exists()
    # Another run replaces it.
    assert acrm("clv", shop / "orders.csv", "--model", "bg-nbd").code == 0
    assert json.loads(file.read_text(encoding="utf-8"))["purchases"]["name"] == "bg-nbd"


def test_a_model_file_of_somebody_else_is_left_alone(acrm: Acrm, shop: Path) -> None:
    Path("mine").mkdir()
    Path("mine/clv_model.json").write_text("mine", encoding="utf-8")
    assert acrm("clv", shop / "orders.csv", *MBG, "-o", "mine").code == 4
    assert [path.name for path in Path("mine").iterdir() if path.suffix] == ["clv_model.json"]
    assert Path("mine/clv_model.json").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "no sources to value"),
        (("orders.csv", "--opportunity", "1w"), 2, "--model bg-bb"),
        (("orders.csv", "--model", "bg-bbb"), 2, "'bg-bbb' is no model of value"),
        (("orders.csv", "--horizon", "inf"), 2, "'inf' is no horizon"),
        (("orders.csv", "--horizon", "200y"), 2, "--horizon 73,050 is outside of 1 to 36,525"),
        (("orders.csv", "--margin", "100"), 2, "--margin"),
        (("orders.csv", "--margin", "some"), 2, "some"),
        (("orders.csv", "--interval", "100%"), 2, "--interval"),
        (("orders.csv", "--seed", "-1"), 2, "--seed"),
        (("orders.csv", "--object", "street"), 2, "street"),
        (("orders.csv", "--apply", "none.json"), 3, "none.json: no such file"),
        (("orders.csv", "--apply", "orders.csv"), 3, "orders.csv is no JSON"),
        (("orders.csv", "--apply", "other.json"), 3, "not a model saved by acrm clv"),
        (("orders.csv", "--apply", "other.json", "--model", "bg-nbd"), 2, "--apply brings its own model"),
        (("orders.csv", "--setting", "contract"), 3, "needs contracts"),
        (("orders.csv", "--by", "planet"), 3, "planet"),
        (("orders.csv", "--object", "company"), 3, "company_id"),
        (("once.csv",), 3, "none of 2 customers ordered on a second day"),
    ],
)
def test_what_cannot_be_done_is_refused(
    acrm: Acrm, shop: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(shop)
    Path("other.json").write_text("{}", encoding="utf-8")
    Path("once.csv").write_text(f"{HEAD}\n1,a,2025-01-01,5,1,web,EUR\n2,b,2025-01-02,5,1,web,EUR\n", encoding="utf-8")
    ran = acrm("clv", *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert not Path("acrm-out/clv.parquet").exists()


def test_a_fit_without_an_end_is_exit_5(acrm: Acrm) -> None:
    rows = [f"{day},ada,{date(2005, 1, 1) + timedelta(day)},5" for day in range(5000)]
    rows += [f"x{who},c{who},{date(2005, 1, 1) + timedelta(who)},{5 + who}" for who in range(30)]
    Path("orders.csv").write_text("\n".join(["order_id,customer_id,order_date,amount", *rows]), encoding="utf-8")
    ran = acrm("clv", "orders.csv", *MBG)
    assert (ran.code, ran.out) == (5, "")
    assert "mbg-nbd could not be fitted" in ran.err
    assert not list(Path().glob("acrm-out/*.parquet"))


def test_what_was_earned_so_far_stands_beside(acrm: Acrm, shop: Path) -> None:
    ran = acrm("clv", shop / "orders.csv", *MBG, "--by", "channel", "--margin", "30%")
    assert ran.code == 0
    written = table()
    assert {"goods_cost", "past_profit"} <= set(written.columns)
    profit = (written["spend"] - written["goods_cost"]).sum()
    assert profit == written["past_profit"].sum()
    assert "Customers below zero" in ran.out
    assert "[b]tv[/b]" in ran.out
    parts = table("clv_parts")
    assert parts["clv"].sum() == written["clv"].sum()
    assert parts["customers"].sum() == 120
    # Nothing is asked for that was asked for.
    steps = ran.out.partition("\nNext\n")[2]
    assert "--npv --margin 0.3" in steps
    assert "--by" not in steps


def test_households_tie(acrm: Acrm, shop: Path) -> None:
    assert acrm("clv", shop, *MBG).code == 0
    alone = table()
    ran = acrm("clv", shop, *MBG, "--object", "household")
    assert ran.code == 0
    together = table()
    assert together.columns[:2] == ["household_id", "members"]
    assert together["members"].sum() == 120
    for name in ("spend", "clv", "residual_value", "past_profit"):
        assert together[name].sum() == alone[name].sum()


def test_net_present_value_beside_and_alone(acrm: Acrm, shop: Path) -> None:
    ran = acrm("clv", shop / "orders.csv", *MBG, "--npv", "--margin", "0.3", "--cac", "10", "--json")
    figures = json.loads(ran.out)["summary"]
    assert (figures["margin"], figures["npv_acquisition_cost"]) == (0.3, 10)
    assert figures["npv_new"] == pytest.approx(figures["npv_break_even_cost"] - 10)
    assert {"clv", "equity", "npv_existing"} <= set(figures)
    # Money per customer is a margin of net present value alone.
    ran = acrm("clv", shop / "orders.csv", *MBG, "--npv", "--margin", "100", "--json")
    assert json.loads(ran.out)["summary"]["margin"] == 1
    ran = acrm("clv", "--npv", "--margin", "100", "--retention", "0.8", "--cac", "150", "--json")
    figures = json.loads(ran.out)["summary"]
    found = [round(figures[f"npv_{name}"], 4) for name in ("existing", "new", "break_even_cost")]
    assert found == [255.6274, 201.4876, 351.4876]


def test_contracts_and_tables_of_who_stayed(acrm: Acrm, tmp_path: Path) -> None:
    rows = [
        f"c{who},{date(2023, 1 + who % 12, 1)},{date(2024, 1 + who % 12, 1) if who % 3 == 0 else ''},monthly,20"
        for who in range(90)
    ]
    (tmp_path / "contracts.csv").write_text(
        "\n".join(["customer_id,start_date,end_date,plan,price", *rows]) + "\n", encoding="utf-8"
    )
    ran = acrm("clv", "contracts.csv", "--as-of", "2025-01-01", "--json")
    assert ran.code == 0, ran.err
    assert table()["clv"].sum() > 0
    assert json.loads(ran.out)["summary"]["customers"] == 90
    left = [1000, 869, 743, 653, 593, 551, 517, 491]
    (tmp_path / "left.csv").write_text(
        "\n".join(["year,customers", *(f"{year},{count}" for year, count in enumerate(left))]) + "\n", encoding="utf-8"
    )
    ran = acrm("clv", "left.csv", "--setting", "contract", "--json")
    assert ran.code == 0, ran.err
    ran = acrm("clv", "left.csv", "--setting", "noncontract")
    assert ran.code == 3
    assert "clv needs transactions" in ran.err


def test_published_tables_are_met(acrm: Acrm) -> None:
    ran = acrm("clv", "--selftest", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["summary"]["off"] == 0


def test_the_lineage_names_the_options(acrm: Acrm, shop: Path) -> None:
    assert acrm("clv", shop / "orders.csv", *MBG, "--discount", "12%").code == 0
    known = json.loads(pl.read_parquet_metadata("acrm-out/clv.parquet")["acrm"])
    assert known["command"] == "clv"
    assert {"model", "discount"} <= set(known["options"])


def test_the_public_data_in_one_command(acrm: Acrm, data: Path) -> None:
    ran = acrm("clv", data / "basket" / "online_retail.csv", *MBG, "--json")
    assert ran.code == 0
    figures = json.loads(ran.out)["summary"]
    written = table()
    assert (written.height, figures["customers_returned_all"]) == (4321, 17)
    assert float(written["spend"].sum()) == pytest.approx(8_300_065.81, abs=0.5)
    # 168,469.60 were bought and given back within minutes: this customer is not among the best.
    assert written.row(by_predicate=pl.col("customer_id") == "16446", named=True)["decile"] > 5
