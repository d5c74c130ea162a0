"""The page of the self-test: all is well, or what is not stands first."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from acrm import messages
from acrm.analysis.clv.selftest import SelftestParams
from acrm.analysis.result import Result
from acrm.render.clv_selftest import selftest_page
from acrm.render.terminal import render


@pytest.fixture
def result() -> Result:
    rows = [
        ("bg-nbd", "cdnow", "r", 0.2425945, 0.24259452, 5e-6, True, "CLVTools"),
        ("npv", "annuity", "existing", 255.6274, 255.6273612, 5e-5, True, "-"),
    ]
    schema = ["model", "data", "figure", "expected", "got", "tolerance", "ok", "source"]
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return Result(params=SelftestParams(), tables={"selftest": table}, summary={"checks": 2, "off": 0})


def test_all_is_reproduced(result: Result) -> None:
    shown = render(selftest_page(result), width=120, plain=False, colour=False)
    assert "All 2 published figures are reproduced" in shown
    assert "0.2425945" in shown
    assert "255.627361" in shown
    assert "reckoned by two programs" in shown
    assert "OFF" not in shown


def test_what_is_off_stands_first(result: Result) -> None:
    table = result.tables["selftest"].with_columns(ok=pl.Series([True, False]))
    off = replace(result, tables={"selftest": table}, summary={"checks": 2, "off": 1})
    shown = render(selftest_page(off), width=120, plain=False, colour=False)
    assert "1 of 2 published figures are NOT reproduced" in shown
    assert shown.index("Not reproduced") < shown.index("existing") < shown.index("Expected and got")
    messages.use("ru")
    assert "НЕ воспроизведено" in render(selftest_page(off), width=120, plain=False, colour=False)
