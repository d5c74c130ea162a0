"""The page of the self-test of the models of customer value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Grid, Headline, Page

if TYPE_CHECKING:
    from acrm.analysis.result import Result


def selftest_page(result: Result) -> Page:
    """All figures, expected beside got; those that are off again at the top."""
    table = result.tables["selftest"]
    figures: dict[str, Any] = dict(result.summary)
    sentence = _word("off" if figures["off"] else "headline", **figures)
    blocks: list[Block] = [Headline(sentence, _word("sub"))]
    if figures["off"]:
        blocks.append(_grid(_word("failed"), [row for row in table.iter_rows(named=True) if not row["ok"]]))
    blocks.append(_grid(_word("title"), list(table.iter_rows(named=True))))
    return Page(blocks)


def _word(key: str, **values: object) -> str:
    return text(f"render.clv_selftest.{key}", **values)


def _grid(title: str, checks: list[dict[str, Any]]) -> Grid:
    columns = [
        Col(_word("model")),
        Col(_word("data"), priority=2),
        Col(_word("figure")),
        Col(_word("expected"), align="right"),
        Col(_word("got"), align="right"),
        Col(_word("allowed"), align="right", priority=1),
        Col(""),
        Col(_word("source"), priority=3),
    ]
    rows: list[list[Cell]] = []
    for check in checks:
        # One digit more than the source printed.
        spec = f",.{max(1, 1 - math.floor(math.log10(check['tolerance'])))}f"
        source = _word("recomputed") if check["source"] == "-" else check["source"]
        rows.append(
            [
                check["model"],
                check["data"],
                check["figure"],
                number(check["expected"], spec),
                number(check["got"], spec),
                f"{check['tolerance']:.0e}",
                _word("ok") if check["ok"] else _word("not_ok"),
                source,
            ]
        )
    return Grid(title, columns, rows)
