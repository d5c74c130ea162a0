"""The scorecard as it is drawn."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from rich.cells import cell_len

from acrm.analysis.doctor import diagnose
from acrm.analysis.result import Result
from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions
from acrm.messages import text, use
from acrm.render.clean import ready_grid
from acrm.render.quality import contact_line, doctor_page, worst_line
from acrm.render.terminal import render

CUSTOMERS = (
    "customer id;name;e-mail;phone;birth date;consent\n1;Ann;ann@x.com;;01.02.1980;yes\n2;Bob;nobody;;05.05.1893;\n"
)
ORDERS = "order_id;date;amount;customer id\n1;13.01.2024;60;1\n2;14.01.2024;40;2\n"
MOVED = [{"table": "customers", "field": "email", "measure": "valid", "before": 0.4, "now": 0.5}]


@pytest.fixture
def result(tmp_path: Path) -> Result:
    for name, content in (("customers.csv", CUSTOMERS), ("orders.csv", ORDERS)):
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "scratch").mkdir()
    sources = [str(tmp_path / name) for name in ("customers.csv", "orders.csv")]
    dataset = load(sources, IngestOptions(), tmp_path / "scratch")
    return diagnose(dataset.tables, changes=MOVED)


def drawn(result: Result, width: int = 80, **ways: bool) -> str:
    page = doctor_page(result, ready_grid(result.tables["readiness"], ("rfm",)))
    return render(page, width=width, **{"plain": False, "colour": False, **ways})


def test_the_doctor(result: Result) -> None:
    said = " ".join(drawn(result, plain=True).split())
    assert "customers 2 rows" in said
    assert "transactions 2 rows, 2024-01-13 – 2024-01-14" in said
    assert "email 100.0% 50.0% 100.0% 50.0% 60.0% valid ▲10.0" in said or "valid ▲10.0" in said
    assert "50.0% of customers can be reached; e-mail 50.0% valid ▲10.0; 60.0% of sales are theirs" in said
    assert "customers.birth_date not valid 1 50.0%" in said
    assert "never told" in said
    assert "2 buyers, 25 needed" in said


def test_in_a_line(result: Result) -> None:
    card, problems = result.tables["scorecard"], result.tables["problems"]
    assert worst_line(problems).startswith("worst: customers.birth_date not valid 50.0%, ")
    assert worst_line(problems.clear()) == ""
    silent = card.with_columns(filled=pl.lit(0.0))
    assert contact_line(silent, result.tables["changes"]) == ""
    assert contact_line(card.filter(table="transactions"), result.tables["changes"]) == ""


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_every_line_fits(result: Result, width: int, language: str) -> None:
    use(language)
    page = drawn(result, width)
    assert max(map(cell_len, page.splitlines())) <= width
    assert text("score.problems").split(",")[0] in page


def test_without_signs_of_its_own(result: Result) -> None:
    assert "valid +10.0" in " ".join(drawn(result, unicode=False).split())
