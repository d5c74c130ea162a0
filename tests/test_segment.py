"""`acrm segment` from files to files: groups, what to do, who moved, lists, drivers."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.conftest import Acrm


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Regulars who spend much in the capital, and passers-by elsewhere who came once; some who never bought."""
    chance = random.Random(3)
    orders = ["order_id,customer_id,order_date,product_id,product,category,amount,channel"]
    people = ["customer_id,full name,email,gender,city,birth date,consent,has_dog"]
    for number in range(160):
        regular = number % 2 == 0
        count = chance.randrange(6, 12) if regular else 1
        for order in range(count):
            day = (20 + 25 * order + chance.randrange(9)) if regular else chance.randrange(1, 100)
            amount = chance.randrange(300, 900) if regular else chance.randrange(5, 30)
            what = "tea,Tea,drinks" if regular else "ink,Ink,office"
            date_ = f"2025-{1 + day // 28:02}-{1 + day % 28:02}"
            orders.append(f"{number}-{order},c{number:03},{date_},{what},{amount}.50,{'web' if regular else 'till'}")
    for number in range(180):
        city = "Moscow" if number % 2 == 0 else "Kirov"
        people.append(
            f"c{number:03},Name {number},n{number}@example.com,{'f' if number % 3 else 'm'},{city},"
            f"19{60 + number % 40}-03-{1 + number % 28:02},{'no' if number % 10 == 0 else 'yes'},{number % 5 % 2}"
        )
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "orders.csv").write_text("\n".join(orders) + "\n", encoding="utf-8")
    (folder / "people.csv").write_text("\n".join(people) + "\n", encoding="utf-8")
    return folder


def told(acrm: Acrm, *words: object) -> dict[str, Any]:
    ran = acrm("segment", *words, "--json")
    assert ran.code == 0, ran.err
    document: dict[str, Any] = json.loads(ran.out)
    return document


def test_the_planted_groups_and_an_action_for_all_who_may_be_asked(acrm: Acrm, shop: Path) -> None:
    found = told(acrm, shop, "-o", "made")
    assert found["summary"]["verdict"] == "structure"
    assert found["summary"]["k"] == len(found["segments"]) >= 2
    main = pl.read_parquet("made/segment.parquet")
    assert main.columns == ["customer_id", "segment_id", "segment", "stage", "distance", "axes"]
    assert main["customer_id"].to_list() == [f"c{number:03}" for number in range(180)]
    regulars = main.filter(pl.col("customer_id").str.slice(1).cast(pl.Int64) < 160)
    kinds = regulars.group_by("segment").agg((pl.col("customer_id").str.slice(1).cast(pl.Int64) % 2).n_unique())
    # No group has both those who come back and those who came once.
    assert kinds["customer_id"].max() == 1
    actions = pl.read_parquet("made/actions.parquet")
    assert {"customer_id", "segment", "action", "reason", "expected_value", "cost", "channel", "control"} <= {
        *actions.columns
    }
    assert actions["customer_id"].is_unique().all()
    assert not {f"c{number:03}" for number in range(0, 180, 10)} & set(actions["customer_id"])


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_page(acrm: Acrm, shop: Path, lang: str) -> None:
    ran = acrm("segment", shop, "--lang", lang, "--compare-groups", "1", "spend < 100")
    assert ran.code == 0, ran.err
    assert "--export csv" in ran.out
    assert "has dog" in ran.out or "Moscow" in ran.out


def test_a_model_gives_the_same_groups_and_nobody_moved(acrm: Acrm, shop: Path) -> None:
    told(acrm, shop, "-o", "made")
    lines = (shop / "orders.csv").read_text("utf-8").splitlines()
    (shop / "orders.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n", encoding="utf-8")
    again = told(acrm, shop, "--apply", "made/segment_model.json", "--compare", "made", "-o", "again")
    assert (again["summary"]["verdict"], again["summary"]["moved"]) == ("model", 0)
    assert pl.read_parquet("made/segment.parquet").equals(pl.read_parquet("again/segment.parquet"))
    anew = told(acrm, shop, "-o", "anew")
    assert anew["segments"] == told(acrm, shop, "-o", "made")["segments"]


def test_a_store_gives_the_tables_of_the_export(acrm: Acrm, shop: Path) -> None:
    assert acrm("clean", shop, "-o", "store").code == 0
    told(acrm, shop, "-o", "made")
    told(acrm, "store", "-o", "kept")
    for name in ("segment", "segment_people", "segment_left_out", "segment_profiles", "actions"):
        assert pl.read_parquet(f"made/{name}.parquet").equals(pl.read_parquet(f"kept/{name}.parquet")), name


def test_groups_of_yours_are_compared_with_earlier_ones_of_yours(acrm: Acrm, shop: Path) -> None:
    Path("rules.toml").write_text('[[segment]]\nid = "big"\nwhere = "spend > 2500"\n', encoding="utf-8")
    rules = ("--segments-from", "rules.toml")
    told(acrm, shop, *rules, "-o", "made")
    assert told(acrm, shop, *rules, "--compare", "made", "-o", "again")["summary"]["moved"] == 0
    Path("rules.toml").write_text('[[segment]]\nid = "big"\nwhere = "spend > 3000"\n', encoding="utf-8")
    main = pl.read_parquet("made/segment_people.parquet")
    less = main.filter(pl.col("spend") > 2500, pl.col("spend") <= 3000).height
    assert told(acrm, shop, *rules, "--compare", "made", "-o", "again")["summary"]["moved"] == less > 0
    ran = acrm("segment", shop, "--compare", "made")
    assert (ran.code, "--segments-from" in ran.err) == (2, True)


def test_the_value_of_an_earlier_clv_is_taken_as_it_is(acrm: Acrm, shop: Path) -> None:
    assert acrm("clv", shop, "-o", "worth", "--as-of", "2025-12-31").code == 0
    told(acrm, shop, "worth", "-o", "made", "--as-of", "2025-12-31")
    worth = pl.read_parquet("worth/clv.parquet").select("customer_id", "clv")
    both = pl.read_parquet("made/segment_people.parquet").drop_nulls("clv").join(worth, on="customer_id", how="full")
    assert both.filter(pl.col("clv").ne_missing(pl.col("clv_right").cast(pl.Float64))).is_empty()


def test_who_moved_is_told_with_what_changed(acrm: Acrm, shop: Path) -> None:
    told(acrm, shop, "-o", "made", "--as-of", "2026-01-01")
    with (shop / "orders.csv").open("a", encoding="utf-8") as file:
        file.writelines(
            f"new-{order},c001,2025-{month:02}-05,tea,Tea,drinks,700.50,web\n"
            for order, month in enumerate(range(2, 12))
        )
    found = told(acrm, shop, "--compare", "made", "-o", "later", "--as-of", "2026-01-01")
    moves = pl.read_parquet("later/segment_moves.parquet")
    assert found["summary"]["moved"] == 1
    assert moves["customer_id"].to_list() == ["c001"]
    assert "→" in moves["why"][0]


def test_a_budget_is_kept_and_more_of_it_brings_no_less(acrm: Acrm, shop: Path) -> None:
    sums = []
    for budget in ("10", "100", "1 000,50"):
        found = told(acrm, shop, "--budget", budget)["summary"]
        assert Decimal(str(found["plan_cost"])) <= Decimal(budget.replace(" ", "").replace(",", "."))
        sums.append(found["plan_expected_margin"])
    assert sums == sorted(sums)


def test_decisions_are_recorded_once(acrm: Acrm, shop: Path) -> None:
    assert acrm("clean", shop, "-o", "store").code == 0
    first = acrm("segment", "store", "--record", "store")
    assert first.code == 0, first.err
    decisions = Path("store/decisions.parquet").read_bytes()
    # Who was just asked is left in peace, but it is the same day: the same plan.
    assert acrm("segment", "store", "--record", "store").code == 0
    assert Path("store/decisions.parquet").read_bytes() == decisions
    planned = pl.read_parquet("acrm-out/actions.parquet")
    assert set(pl.read_parquet("store/decisions.parquet")["decision_id"]) == set(planned["decision_id"])


def test_an_export_says_only_what_changed(acrm: Acrm, shop: Path) -> None:
    first = told(acrm, shop, "--export", "csv", "-o", "made", "--as-of", "2025-12-01")
    later = told(acrm, shop, "--export", "csv", "-o", "made", "--as-of", "2025-12-02")
    assert first["summary"]["exported"] > later["summary"]["exported"] >= 0
    assert Path("made/segment_csv.csv").read_bytes().startswith(b"\xef\xbb\xbfcustomer_id")
    told(acrm, shop, "-o", "made", "--as-of", "2025-12-03")
    assert Path("made/segment_sent.parquet").exists()


def test_a_day_in_the_past_gives_the_list_as_it_was(acrm: Acrm, shop: Path) -> None:
    lines = (shop / "people.csv").read_text("utf-8").splitlines()
    made = [f"{line},2025-{1 + number % 12:02}-01" for number, line in enumerate(lines[1:])]
    (shop / "people.csv").write_text("\n".join([f"{lines[0]},created at", *made]) + "\n", encoding="utf-8")
    told(acrm, shop, "--as-of", "2025-06-30", "-o", "made")
    bought = {
        line.split(",")[1]
        for line in (shop / "orders.csv").read_text("utf-8").splitlines()[1:]
        if line.split(",")[2] <= "2025-06-30"
    }
    known = bought | {f"c{number:03}" for number in range(180) if number % 12 < 6}
    assert set(pl.read_parquet("made/segment.parquet")["customer_id"]) == known
    whole = pl.read_parquet("made/segment.parquet")
    later = [
        line for line in (shop / "orders.csv").read_text("utf-8").splitlines() if line.split(",")[2] > "2025-06-30"
    ]
    assert later[1:]
    kept = [line for line in (shop / "orders.csv").read_text("utf-8").splitlines() if line not in later[1:]]
    (shop / "orders.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
    told(acrm, shop, "--as-of", "2025-06-30", "-o", "then")
    assert pl.read_parquet("then/segment.parquet").equals(whole)
    assert pl.read_parquet("then/actions.parquet").equals(pl.read_parquet("made/actions.parquet"))


def test_groups_by_conditions(acrm: Acrm, shop: Path) -> None:
    Path("rules.toml").write_text(
        '[[segment]]\nid = "big"\nwhere = "spend > 1000"\nlabel = "Big"\n'
        '[[segment]]\nid = "dog"\nwhere = "x_has_dog = \'1\'"\n',
        encoding="utf-8",
    )
    found = told(acrm, shop, "--segments-from", "rules.toml", "-o", "made")
    assert found["summary"]["verdict"] == "rules"
    assert found["summary"]["fit_several"] > 0
    main = pl.read_parquet("made/segment.parquet")
    assert set(main["segment"]) == {"Big", "dog", "Other"}
    assert "distance" not in main.columns


def test_lists(acrm: Acrm, shop: Path) -> None:
    words = ("--reminders", "default", "--sample", "20", "--by", "city", "--as-of", "2025-12-31", "--ahead", "90")
    found = told(acrm, shop, *words, "-o", "made")
    assert pl.read_parquet("made/segment_reminders.parquet")["rule"].n_unique() > 1
    sample = pl.read_parquet("made/segment_sample.parquet")
    assert set(sample["stratum"]) == {"Moscow", "Kirov"}
    assert found["summary"]["sampled"] == sample.height
    assert acrm("segment", shop, "--lookalike", "1").code == 0
    ran = acrm("segment", shop, "--call-list")
    assert (ran.code, "deals" in ran.err) == (2, True)


def test_bands_of_amount_add_up_to_the_orders(acrm: Acrm, shop: Path) -> None:
    ran = acrm("segment", shop, "--bins", "amount=100,500", "--by", "city", "-o", "made", "--json")
    bands = pl.read_parquet("made/bins.parquet")
    assert bands["orders"].sum() == json.loads(ran.out)["summary"]["orders"]
    assert bands.filter(pl.col("low").is_null(), value="Kirov")["orders"].sum() == 80
    assert acrm("segment", shop, "--bins", "price").code == 2
    assert acrm("segment", shop, "--bins", "amount", "--by", "nothing").code == 2


def test_the_price_of_orange_juice(acrm: Acrm, data: Path) -> None:
    words = ("--drivers", "sales", "--factors", "price", "--hold", "brand", "--log", "both", "-o", "made")
    ran = acrm("segment", data / "marketing" / "oj.csv", *words)
    assert ran.code == 0, ran.err
    row = pl.read_parquet("made/drivers.parquet").row(0, named=True)
    assert (round(row["pooled"], 6), round(row["held"], 6)) == (-1.601307, -3.138691)


def test_elasticity_of_each_brand_with_and_without_promotion(acrm: Acrm, data: Path) -> None:
    words = ("--drivers", "sales", "--factors", "price", "--by", "brand,feat", "--log", "both", "-o", "made")
    ran = acrm("segment", data / "marketing" / "oj.csv", *words)
    assert ran.code == 0, ran.err
    own = pl.read_parquet("made/drivers_each.parquet")["value"].to_list()
    assert (len(own), round(min(own), 2), round(max(own), 2)) == (6, -3.57, -1.99)
    fit = pl.read_parquet("made/drivers_fit.parquet")
    assert round(fit.filter(model="each")["r2"].item(), 3) == 0.535


def test_only_what_was_drawn_by_lot_is_called_an_effect(acrm: Acrm) -> None:
    rows = [f"{number},{number % 2},{number % 2 * 3 + number % 7}" for number in range(400)]
    Path("mails.csv").write_text("\n".join(["letter,mailed,visits", *rows]) + "\n", encoding="utf-8")
    words = ("mails.csv", "--drivers", "visits", "--factors", "mailed", "--json")
    notes, drawn = (
        [note["id"] for note in json.loads(acrm("segment", *words, *more).out)["notes"]]
        for more in ((), ("--randomised", "mailed"))
    )
    assert ("segment_drivers.associated" in notes, "segment_drivers.randomised" in notes) == (True, False)
    assert ("segment_drivers.associated" in drawn, "segment_drivers.randomised" in drawn) == (False, True)
    page = acrm("segment", *words[:-1]).out
    assert page.count("associated, not caused") == 1


def test_columns_of_any_table(acrm: Acrm, tmp_path: Path) -> None:
    chance = random.Random(0)
    rows = ["width,height,colour"]
    for number in range(300):
        centre = 10 if number % 2 else 90
        rows.append(f"{chance.gauss(centre, 4):.2f},{chance.gauss(centre, 4):.2f},{'red' if number % 2 else 'blue'}")
    (tmp_path / "leaves.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    found = told(acrm, "leaves.csv", "--columns", "width,height", "-o", "made")
    assert (found["summary"]["verdict"], found["summary"]["k"]) == ("structure", 2)
    main = pl.read_parquet("made/segment.parquet")
    parts = (
        main.with_columns(odd=pl.col("customer_id").cast(pl.Int64) % 2)
        .group_by("segment_id")
        .agg(pl.col("odd").n_unique())
    )
    assert parts["odd"].to_list() == [1, 1]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--axis", "demo,price"), 2),
        (("--columns", "nothing"), 3),
        (("--k", "500"), 3),
        (("--apply", "none.json"), 3),
        (("--compare", "none"), 3),
        (("--compare-groups", "1", "nothing at all"), 2),
        (("--lookalike", "nobody"), 2),
        (("--drivers", "nothing"), 3),
        (("--budget", "much"), 2),
        (("--limits", "active"), 2),
        (("--factors", "city"), 2),
        (("--by", "city"), 2),
        (("--ahead", "3"), 2),
        (("--bins", "amount", "--budget", "5"), 2),
        (("--drivers", "spend", "--bins", "amount"), 2),
        (("--apply", "made", "--k", "2"), 2),
        (("--segments-from", "rules.toml", "--method", "gmm"), 2),
    ],
)
def test_what_makes_no_sense_is_refused(acrm: Acrm, shop: Path, words: tuple[str, ...], code: int) -> None:
    ran = acrm("segment", shop, *words)
    assert (ran.code, ran.err.count("acrm: error:"), "hint:" in ran.err) == (code, 1, True), ran.err


def test_online_retail_from_the_raw_file_to_actions(acrm: Acrm, data: Path) -> None:
    found = told(acrm, data / "basket" / "online_retail.csv", "-o", "made")["summary"]
    assert (found["verdict"], found["customers"]) == ("structure", 4372)
    assert min(pl.read_parquet("made/segment_segments.parquet")["customers"].to_list()) > 87
    assert pl.read_parquet("made/actions.parquet").height > 1000


def test_telco_and_zoho_too(acrm: Acrm, data: Path) -> None:
    telco = told(acrm, data / "churn" / "Telco-Customer-Churn.csv", "-o", "telco")["summary"]
    assert (telco["verdict"], telco["customers"]) == ("structure", 7043)
    assert pl.read_parquet("telco/actions.parquet").height == 7043
    zoho = told(acrm, data / "exports" / "zoho_school_crm", "-o", "zoho")["summary"]
    assert zoho["customers"] == 18550
    assert "x_modified_time" in set(pl.read_parquet("zoho/segment_left_out.parquet")["column"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--by", "city"), "--by does nothing without --bins"),
        (("--hold", "city"), "--hold does nothing without --drivers"),
        (("--top", "5"), "--top does nothing without --lookalike"),
        (("--ahead", "5"), "--ahead does nothing without --reminders"),
        (("--bins", "amount", "--record", "store"), "--record does nothing beside --bins"),
        (("--bins", "amount", "--drivers", "spend"), "--drivers does nothing beside --bins"),
        (("--drivers", "spend", "--budget", "5"), "--budget does nothing beside --drivers"),
        (("--apply", "model.json", "--k", "3"), "--k does nothing beside --apply"),
        (("--budget", "500,000"), "may be 500000"),
        (("--export", "csv", "--format", "csv"), "in Parquet"),
        (("--export", "csv", "-o", "-"), "in Parquet"),
        (("--sample", "100"), "±100.0%"),
        (("--sample", "20", "--by", "ctiy"), "there are city"),
    ],
)
def test_what_would_do_nothing_is_refused(acrm: Acrm, shop: Path, words: tuple[str, ...], said: str) -> None:
    ran = acrm("segment", shop, *words)
    assert (ran.code, said in ran.err, "hint:" in ran.err) == (2, True, True), ran.err
    assert not Path("acrm-out").exists()


def test_the_next_steps_can_be_typed(acrm: Acrm, shop: Path) -> None:
    words = ("--sample", "20", "--by", "city", "--reminders", "default", "--ahead", "20", "--budget", "1e1")
    ran = acrm("segment", shop, *words)
    steps = " ".join(ran.out[ran.out.rindex("Next") :].replace("\\\n", "").split())
    assert "--by" not in steps
    assert "--ahead" not in steps
    assert "--budget 10 --export" in steps


def test_rows_are_chosen_whatever_the_table(acrm: Acrm, shop: Path) -> None:
    rows = [f"{number},{number % 7},{'b' if number % 3 else 'a'}" for number in range(300)]
    Path("sold.csv").write_text("\n".join(["no,sold,brand", *rows]) + "\n", encoding="utf-8")
    words = ("sold.csv", "--drivers", "sold", "--factors", "no", "--where", "brand = 'a'")
    assert told(acrm, *words)["summary"]["rows"] == 100
    grouped = ("sold.csv", "--columns", "sold,no", "--where", "brand = 'a'")
    assert told(acrm, *grouped)["summary"]["customers"] == 100
    for source in ("sold.csv", shop / "people.csv", shop):
        extra = ("--drivers", "sold") if source == "sold.csv" else ()
        ran = acrm("segment", source, *extra, "--where", "brnd = 'a'")
        assert (ran.code, "brnd" in ran.err) == (2, True), (source, ran.err)


def test_what_a_configuration_sets_for_all_runs_is_no_contradiction(acrm: Acrm, shop: Path) -> None:
    Path("acrm.toml").write_text('by = "city"\n', encoding="utf-8")
    assert acrm("segment", shop, "-q").code == 0
