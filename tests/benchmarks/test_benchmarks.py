from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.benchmarks.cases import CASES
from tests.benchmarks.inputs import Inputs
from tests.benchmarks.measure import FOLDER, Cost, Ran, beside, python
from tests.benchmarks.table import Table

pytestmark = pytest.mark.skipif(not hasattr(os, "wait4"), reason="what a program took is asked of POSIX")


def program(figures: str, *, then: str = "") -> list[str]:
    return python(
        "-c", f"import pathlib, sys\npathlib.Path(sys.argv[1], 'figures.json').write_text('{figures}'){then}", FOLDER
    )


@pytest.mark.parametrize("name", ["cohorts", "fit", "itemsets", "windows"])
def test_programs_of_a_case_agree(name: str, tmp_path: Path) -> None:
    # The other cases take minutes in sum, and check the same when they are run.
    inputs = Inputs(scratch=tmp_path, data=tmp_path)
    for title, programs in CASES[name].programs(inputs, 5_000):
        ran = beside(programs, tmp_path / "case", 1)
        assert {who: found.told for who, found in ran.items() if found.cost is None} == {}, title


def test_no_time_counts_where_figures_differ_or_a_program_fails(tmp_path: Path) -> None:
    programs = {
        "first": program('{"same": {"customers": 5, "alpha": 1.0}, "told": "AUC 0.9"}'),
        "close": program('{"same": {"customers": 5, "alpha": 1.0005}}'),
        "one more": program('{"same": {"customers": 6, "alpha": 1.0}}'),
        "fails": program("{}", then="; sys.exit(3)"),
    }
    ran = beside(programs, tmp_path / "case", 2)
    assert ran["first"].cost
    assert ran["first"].told == "AUC 0.9"
    assert ran["close"].cost
    assert ran["one more"].cost is None
    assert ran["one more"].told.startswith("results differ")
    assert ran["fails"].told.startswith("exit code 3")


def test_table_has_ratios_to_the_first_program_and_growth_from_the_fewest_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def took(**cpu: float) -> Mapping[str, Ran]:
        return {name: Ran(cost=Cost(wall=1, cpu=seconds, memory=200)) for name, seconds in cpu.items()}

    table = Table(markdown=True)
    table.head()
    table.case("rfm", "1 million", took(acrm=2, other=3), "rfm 0")
    table.case("rfm", "10 million", took(acrm=10, other=5), "rfm 0")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in capsys.readouterr().out.splitlines()]
    cpu = rows[0].index("CPU s")
    shown = [(row[2], row[cpu], row[cpu + 3], row[cpu + 5]) for row in rows[2:]]
    assert shown == [
        ("acrm", "2.00", "", ""),
        ("other", "3.00", "1.50", ""),
        ("acrm", "10.0", "", "5.00"),
        ("other", "5.00", "0.50", "1.67"),
    ]
