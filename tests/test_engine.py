"""Where reductions run: equal tables from every engine, equal results of commands, and a clear word where not."""

from __future__ import annotations

import builtins
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from acrm import engine
from acrm.analysis.churn.records import read_records
from acrm.errors import InputError, UsageError
from acrm.summaries import customers, days, items, ledger, sales
from tests.benchmarks.made.lines import main as write_lines
from tests.clusters import CLUSTERS, sail
from tests.conftest import Acrm
from tests.summaries.every import CASES, write_tables

ROOT = Path(__file__).parents[1]
SUMMARIES = Path(customers.__file__).parent


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return write_tables(3_000, tmp_path_factory.mktemp("tables with a blank"))


@pytest.fixture
def store(acrm: Acrm, tmp_path: Path) -> str:
    write_lines(3_000, tmp_path / "lines.csv")
    assert acrm("clean", "lines.csv", "-o", "склад").code == 0
    return "склад"


def test_every_reduction_is_compared() -> None:
    public = {
        name
        for module in (customers, days, items, ledger, sales)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and function.__annotations__["return"] == "IntoLazyFrameT"
    }
    assert {name.partition(",")[0] for name in CASES} == public


# What workers add is that parts of a question travel between processes: the reductions with most joins and groups do.
MOST_PARTS = ("bought_in_periods", "contact_days", "customer_margins", "edge_orders, first")


@pytest.mark.parametrize(
    ("kind", "names"), [("sail", CASES), ("spark", CASES), ("spark with two workers", MOST_PARTS)], ids=CLUSTERS
)
def test_every_cluster_makes_the_same(
    kind: str, names: Collection[str], tables: Mapping[str, Path], acrm: Acrm, store: str, tmp_path: Path
) -> None:
    here = {table: pl.scan_parquet(path) for table, path in tables.items()}
    (tmp_path / "cluster").mkdir()
    with CLUSTERS[kind](tmp_path / "cluster") as remote:
        with engine.cluster(remote) as cluster:
            there = {table: cluster.parquet(path) for table, path in tables.items()}
            for name in names:
                expected, found = (engine.collect(CASES[name](frames)) for frames in (here, there))
                assert expected.height, name
                try:
                    assert_frame_equal(expected.sort(pl.all()), found.sort(pl.all()), check_exact=True)
                except AssertionError as error:
                    error.add_note(name)
                    raise
        assert acrm("rfm", store, "-o", "there", "--engine", "spark", "--remote", remote).code == 0
    assert acrm("rfm", store, "-o", "here").code == 0
    assert "rfm.parquet" in same_files(tmp_path / "here", tmp_path / "there")


def test_no_reduction_knows_its_engine() -> None:
    for file in SUMMARIES.glob("*.py"):
        content = file.read_text(encoding="utf-8")
        assert not {word for word in ("polars", "pyspark", "implementation", "isinstance") if word in content}, file


def test_whole_numbers_are_of_one_type() -> None:
    frame = pl.LazyFrame({"small": [1], "text": ["a"]}, schema_overrides={"small": pl.UInt8})
    assert engine.collect(frame).schema == {"small": pl.Int64(), "text": pl.String()}


def test_small_things_about_frames(cluster: str, tables: Mapping[str, Path]) -> None:
    small = pl.LazyFrame({"customer_id": ["c1", None], "n": [1, 2]})
    with engine.cluster(cluster) as far:
        for frame in (pl.scan_parquet(tables["customers"]), far.parquet(tables["customers"])):
            assert engine.columns(frame) == ["customer_id", "consent"]
            assert engine.height(frame) == 250
            assert engine.height(engine.coded(frame, ["customer_id", "none"])) == 250
            assert engine.collect(engine.beside(small, frame)).rows() == [("c1", 1), (None, 2)]


def test_all_that_churn_knows_of_purchases_is_the_same(cluster: str, tables: Mapping[str, Path]) -> None:
    here = read_records(pl.scan_parquet(tables["lines"]).drop("currency"), {})
    with engine.cluster(cluster) as far:
        there = read_records(far.parquet(tables["lines"]).drop("currency"), {})
    assert_frame_equal(here.past.days, there.past.days)
    assert_frame_equal(here.past.refunds, there.past.refunds)
    assert (here.figures, here.notes) == (there.figures, there.notes)


def same_files(one: Path, other: Path) -> list[str]:
    names = sorted(path.name for path in one.glob("*.parquet"))
    assert names == sorted(path.name for path in other.glob("*.parquet"))
    assert [name for name in names if (one / name).read_bytes() != (other / name).read_bytes()] == []
    return names


@pytest.mark.parametrize(
    "words",
    [
        ("rfm", "--validate", "--compare", "2024-06-30"),
        ("rfm", "--currency", "eur", "--where", "x_country IN ('Germany', 'Spain') and \"ordered_at\" >= '2023-03-01'"),
        ("clv", "--by", "product_name,segment", "--npv", "--refunds", "net"),
    ],
    ids=" ".join,
)
def test_commands_write_the_same_bytes(
    words: tuple[str, ...], acrm: Acrm, store: str, cluster: str, tmp_path: Path
) -> None:
    command, *options = words if words[0] == "rfm" else words[:-2]
    here = acrm(command, store, *options, "-o", "here")
    there = acrm(command, store, *options, "-o", "there", "--engine", "spark", "--remote", cluster)
    assert (here.code, there.code) == (0, 0), there.err
    assert here.out == there.out
    assert f"{command}.parquet" in same_files(tmp_path / "here", tmp_path / "there")


def test_costs_bills_and_campaigns_are_spread_the_same(acrm: Acrm, cluster: str, tmp_path: Path) -> None:
    acrm("demo", "shop")
    acrm("clean", "shop", "-o", "store")
    bills = "period,activity,cost\n2025-01-01,orders,1000\n2025-02-01,revenue,500\n"
    (tmp_path / "service_costs.csv").write_text(bills, encoding="utf-8")
    acrm("clean", "store", "service_costs.csv", "-o", "store")
    where = ("--where", "city <> 'Nowhere' or city is null")
    for folder, at in (("here", ()), ("there", ("--engine", "spark", "--remote", cluster))):
        ran = acrm("clv", "store", *where, "-o", folder, *at)
        assert ran.code == 0, ran.err
    names = same_files(tmp_path / "here", tmp_path / "there")
    assert {"clv_profit_totals.parquet", "clv_service.parquet"} & set(names)


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (("rfm", "STORE", "--engine", "spark"), "needs the address", 2),
        (("rfm", "STORE", "--remote", "sc://localhost:1"), "does nothing without --engine", 2),
        (("rfm", "STORE", "--engine", "spark", "--remote", "http://localhost"), "not an address", 2),
        (("rfm", "STORE", "--engine", "spark", "--remote", "sc://localhost:1x/;token=t"), "not an address", 2),
        (("rfm", "STORE", "--memory", "plenty"), "'plenty' is not an amount of memory", 2),
        (("rfm", "lines.csv", "AT"), "not exports: lines.csv", 3),
        (("rfm", "STORE", "STORE/transactions.parquet", "lines.csv", "AT"), "not exports: lines.csv", 3),
        (("rfm", "STORE", "AT", "--where", "upper(x_country) = 'SPAIN'"), "engine spark: upper(x_country)", 2),
        (("rfm", "STORE", "AT", "--where", "x_country = 'it''s'"), "'it''s'", 2),
        (("rfm", "STORE", "AT", "--where", "nothing = 1"), "no column 'nothing'", 2),
        (("rfm", "STORE", "AT", "--rates", "rates.csv"), "--rates cannot be used", 2),
        (("clv", "STORE/customers.parquet", "AT"), "transactions", 3),
        (("churn", "STORE", "AT", "--target", "consent"), "cannot be done on a cluster", 3),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else None,
)
def test_what_cannot_be_is_said(
    words: tuple[str, ...], said: str, code: int, acrm: Acrm, store: str, cluster: str, tmp_path: Path
) -> None:
    (tmp_path / "rates.csv").write_text("currency,rate\nEUR,1\n", encoding="utf-8")
    at = ("--engine", "spark", "--remote", cluster)
    ran = acrm(*(part for word in words for part in (at if word == "AT" else (word.replace("STORE", store),))))
    assert ran.code == code, ran.out
    assert said in ran.err
    assert "hint: " in ran.err


def test_an_address_of_the_environment_waits_for_its_engine(
    acrm: Acrm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sales.csv").write_text("order_id,customer_id,date,amount\n1,a,2024-01-02,5\n2,b,2024-01-03,6\n")
    monkeypatch.setenv("ACRM_REMOTE", "sc://localhost:1/;token=hidden")
    ran = acrm("rfm", "sales.csv")
    assert ran.code == 0, ran.err
    assert "hidden" not in (tmp_path / "acrm-out" / "rfm.json").read_text()
    assert acrm("rfm", "sales.csv", "--remote", "sc://localhost:1").code == 2


def test_nobody_waits_for_a_cluster_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PATIENCE", 0.2)
    nobody = engine.cluster("sc://localhost:9/;token=secret")
    with pytest.raises(InputError, match=r"no cluster answers at localhost:9: waited") as found, nobody:
        pass
    assert "secret" not in f"{found.value} {found.value.hint}"


def test_without_the_client_the_hint_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("pyspark"):
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match="not installed") as found, engine.cluster("sc://localhost:9"):
        pass
    assert "acrm[spark]" in str(found.value.hint)


def test_a_file_that_the_cluster_does_not_see_is_named(cluster: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not see"), engine.cluster(cluster) as far:
        far.parquet(tmp_path / "nowhere.parquet")


def test_another_file_of_that_name_is_no_store(acrm: Acrm, store: str, cluster: str, tmp_path: Path) -> None:
    def elsewhere(self: engine.Cluster, path: Path) -> Any:
        return self.session.read.parquet(f"file://{(tmp_path / 'other.parquet').as_posix()}")

    pl.read_parquet(tmp_path / store / "transactions.parquet").head(5).write_parquet(tmp_path / "other.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.Cluster, "parquet", elsewhere)
        ran = acrm("rfm", store, "--engine", "spark", "--remote", cluster)
    assert (ran.code, "sees another" in ran.err) == (3, True)


def test_what_fails_on_the_cluster_is_said(cluster: str, tables: Mapping[str, Path]) -> None:
    with pytest.raises(InputError, match="could not do it"), engine.cluster(cluster) as far:
        engine.collect(far.parquet(tables["lines"]).selectExpr("no_such_function(1)"))


MEMORY = """
import sys
import polars as pl
from acrm import engine
with engine.within(sys.argv[1] or None) as known:
    assert known
    lines = pl.LazyFrame({"key": range(1_000_000)}).select(pl.col("key").cast(pl.String) + "a long name of a customer")
    assert engine.height(lines.group_by("key").len()) == 1_000_000
"""


@pytest.mark.parametrize(("memory", "spilled"), [("", False), ("50MB", True)])
def test_what_goes_beyond_the_budget_goes_to_disk(memory: str, spilled: bool) -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "POLARS_OOC_LOG_METRICS": "1"}
    command = [sys.executable, "-c", MEMORY, memory]
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    written = [float(amount) for amount in re.findall(r"file_mb\(written=([\d.]+)", ran.stdout + ran.stderr)]
    assert written
    assert (sum(written) > 0) is spilled


def test_a_budget_of_the_users_own_is_there_again_afterwards() -> None:
    words = [sys.executable, "-c", "import os; print(os.getenv('POLARS_OOC_MEMORY_BUDGET_MB'))"]
    held = (
        f"import subprocess\nfrom acrm import engine\nwith engine.within('50MB', '700'):\n  subprocess.run({words})\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "POLARS_OOC_MEMORY_BUDGET_MB": "700"}
    command = [sys.executable, "-c", f"{held}subprocess.run({words})"]
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["50", "700"]


@pytest.mark.parametrize(("word", "found"), [("2gb", 2_000), (" 1.5 TB ", 1_500_000), ("1MB", 1)])
def test_amounts_of_memory(word: str, found: int) -> None:
    assert engine.megabytes(word) == found


@pytest.mark.parametrize("word", ["", "4", "0GB", "4 KB", "-1GB", "4GB!"])
def test_what_is_no_amount_of_memory(word: str) -> None:
    with pytest.raises(UsageError, match="not an amount"):
        engine.megabytes(word)


def test_a_polars_without_a_budget_is_said_once(acrm: Acrm, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(pl.Config, "reload_env_vars")
    ran = acrm("rfm", store, "--memory", "1GB", "--as-of", date(2024, 12, 31))
    assert ran.code == 0
    assert ran.err.count("cannot limit its memory") == 1


def test_a_cluster_that_goes_away_is_no_endless_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "RETRIES", {"max_retries": 1})

    def left_alone() -> None:
        with ExitStack() as running:
            address = running.enter_context(sail())
            with engine.cluster(address) as far:
                frame = far.session.range(3)
                running.close()
                engine.collect(frame)

    with pytest.raises(InputError, match=r"could not do it: .*onnect"):
        left_alone()
