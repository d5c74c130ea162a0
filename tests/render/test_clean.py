"""The page of a cleaning run, as it is drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from acrm import messages
from acrm.analysis.clean import CleanResult, cleaned
from acrm.ingest import account
from acrm.ingest.dataset import ASIDE
from acrm.ingest.rules import RULES
from acrm.lineage import Lineage
from acrm.render.blocks import Page
from acrm.render.clean import clean_page, rules_page
from acrm.render.terminal import render
from acrm.schema import TABLES
from acrm.store import prepare
from tests.ingest.conftest import load_texts

# Names of commands, columns, tables, rules and files stay what they are.
KNOWN = {"acrm", "doctor", "clean", "basket", "churn", "clv", "rfm", "segment", "store", "funnel", "channels", "report"}
KNOWN |= {"orders", "table", "utf", "csv", "dd", "mm", "yyyy", "till"}
KNOWN |= {part for rule in RULES for part in rule.id.split("_")}
KNOWN |= {part for table in TABLES.values() for name in (table.name, *table.names) for part in name.split("_")}

ORDERS = (
    'order_id,date,amount,customer id,till,empty\n1,13.01.2024,"5,50",[bold]ann,a,\n2,14.02.2024,"6,50",bob,b,\n,,,,,\n'
)


def made(folder: Path, files: dict[str, str]) -> CleanResult:
    dataset = load_texts(folder, files)
    written = [
        table
        for table in prepare(dataset, folder / "store", Lineage(command="clean", options={}))
        if table.name not in ASIDE
    ]
    return cleaned(
        account.sources(dataset),
        account.decisions(dataset),
        account.fields(dataset),
        account.rules(dataset),
        {table.name: table.scan() for table in written},
        {table.name: {"": table.rows, **table.filled} for table in written},
        account.notes(dataset),
    )


def drawn(page: Page, width: int = 120) -> str:
    return render(page, width=width, plain=True, colour=False)


@pytest.fixture
def one(tmp_path: Path) -> CleanResult:
    return made(tmp_path, {"orders.csv": ORDERS})


def test_one_file(one: CleanResult) -> None:
    page = drawn(clean_page(one, "my store", ("clean", "rfm", "doctor")))
    said = " ".join(page.split())
    assert "3 rows in = 2 kept + 1 rejected" in said
    assert "written to my store" in said
    assert "dd.mm.yyyy (date)" in said
    assert "line_amount ← amount" in said
    assert "till" in said
    assert "blank_row rejected 1" in said
    assert "acrm doctor 'my store'" in page
    # Two buyers are too few for rfm, so it is no next step.
    assert "acrm rfm" not in page


def test_nothing_was_written(one: CleanResult) -> None:
    page = drawn(clean_page(one, None, ("rfm",)))
    assert "dry run: nothing was written" in page
    assert "acrm doctor" not in page


def test_several_files_show_their_mapping_when_asked(tmp_path: Path) -> None:
    result = made(tmp_path, {"a.csv": ORDERS, "b.csv": ORDERS.replace("1,13", "3,15"), "x.csv": "foo,bar\n1,2\n"})
    page = drawn(clean_page(result, "store", ("rfm",)))
    assert "line_amount ← amount" not in page
    assert "fits no table" in page
    assert "line_amount ← amount" in " ".join(drawn(clean_page(result, "store", ("rfm",), verbose=True)).split())


def days(count: int, header: str = "amount") -> dict[str, str]:
    return {f"day-{place:02}.csv": f"order_id,date,{header}\n{place},2024-01-13,{place}\n" for place in range(count)}


def test_many_files_that_are_alike_stand_in_one_line(tmp_path: Path) -> None:
    files = {**days(33), "shop.csv": "order no;day;sum\n77;13.01.2024;5\n78;;5\n"}
    result = made(tmp_path, files)
    page = drawn(clean_page(result, "store", ("rfm",)))
    assert re.search(r"day-\*\.csv +33 +- +transactions +33 +33 +0\n", page)
    assert re.search(r"shop\.csv +1 +- +transactions +2 +1 +1\n", page)
    assert page.count("day-") == 2, "found once, and how it was read once"
    assert result.tables["sources"].height == 34, "the manifest has them all"
    whole = drawn(clean_page(result, "store", ("rfm",), verbose=True))
    assert "day-17.csv" in whole
    assert re.search(r"day-\*\.csv +line_amount ← amount", whole), "their mapping is the same"


def test_few_files_stand_by_themselves(tmp_path: Path) -> None:
    page = drawn(clean_page(made(tmp_path, days(12)), "store", ("rfm",)))
    assert all(f"day-{place:02}.csv" in page for place in range(12))


def test_many_files_that_differ_are_counted(tmp_path: Path) -> None:
    files = {f"{place:02}.csv": f"order_id,date,amount,a{place}\n{place},2024-01-13,1,x\n" for place in range(33)}
    page = drawn(clean_page(made(tmp_path, files), "store", ("rfm",)))
    assert "29.csv" in page
    assert "3 more" in page


def test_many_tables_that_fit_nothing_are_one_line_and_one_note(tmp_path: Path) -> None:
    files = {f"t{place:02}.csv": f"foo{place},bar\n{place},2\n" for place in range(14)}
    page = drawn(clean_page(made(tmp_path, files), "store", ("rfm",)))
    assert re.search(r"other_t\* \(14 tables\) +14 ", page)
    assert "t00.csv and 13 more files: fits no table" in page


def test_what_the_data_is_good_for(one: CleanResult) -> None:
    said = " ".join(drawn(clean_page(one, "store", ("rfm",))).split())
    assert "rfm no 2 buyers, 25 needed" in said
    assert "transactions.product_id or transactions.product_name" in said


def test_the_rules() -> None:
    page = drawn(rules_page([(rule.id, rule.action, rule.table) for rule in RULES]))
    assert all(rule.id in page for rule in RULES)
    assert "nothing in any cell" in page


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("plain", [True, False])
def test_it_fits(one: CleanResult, width: int, plain: bool) -> None:
    page = render(clean_page(one, "store", ("rfm",)), width=width, plain=plain, colour=False)
    assert max(map(cell_len, page.splitlines())) <= width


def test_in_russian(tmp_path: Path) -> None:
    messages.use("ru")
    page = drawn(clean_page(made(tmp_path, {"orders.csv": ORDERS}), "store", ("rfm",)))
    english = {word for word in re.findall(r"[a-z]{2,}", page) if word not in KNOWN}
    assert english == set(), page


def test_names_from_the_data_are_no_markup(tmp_path: Path) -> None:
    text = ORDERS.replace("till", "[red]till[/red]")
    page = drawn(clean_page(made(tmp_path, {"[b]o.csv": text}), "store", ("rfm",)))
    assert "[b]o.csv" in page
    assert "[red]till[/red]" in page
