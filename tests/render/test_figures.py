from collections.abc import Sequence
from decimal import Decimal

import pytest

from acrm import messages
from acrm.render.blocks import Cell, Col, Kind
from acrm.render.figures import bar, figures, known, scales, spark


@pytest.mark.parametrize(
    ("kind", "cells", "en", "ru"),
    [
        ("text", ["a", None], ["a", "-"], ["a", "-"]),
        ("int", [4338, 2.5, None], ["4,338", "2", "-"], ["4\u00a0338", "2", "-"]),
        ("number", [1, 0.125], ["1.00", "0.12"], ["1,00", "0,12"]),
        ("number", [1, 2.0, 3.001], ["1", "2", "3"], ["1", "2", "3"]),
        ("share", [0.1459], ["14.6%"], ["14,6%"]),
        ("money", [Decimal("8911407.904")], ["8,911,407.90"], ["8\u00a0911\u00a0407,90"]),
        ("bar", [0.5, None], ["50.0%", "-"], ["50,0%", "-"]),
        ("bar", [5200], ["5,200"], ["5\u00a0200"]),
        ("heat", [0.0, 0.004, 0.005, 0.413, 1.0, None], ["·", "<1", "<1", "41", "100", "-"], None),
    ],
)
def test_cells_are_written_by_kind_and_language(
    kind: Kind, cells: Sequence[Cell], en: list[str], ru: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert figures(Col("x", kind), cells) == en
    monkeypatch.setattr(messages, "_language", "ru")
    assert figures(Col("x", kind), cells) == (ru or en)


def test_numbers_that_are_none_are_unknown() -> None:
    assert [known(cell) for cell in (float("nan"), float("inf"), 1.5, "nan", None)] == [None, None, 1.5, "nan", None]


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, ""), (-0.5, ""), (0.0001, "▏"), (0.125, "▌"), (0.97, "███▉"), (0.99, "████"), (1, "████")]
)
def test_bar_is_exact_to_an_eighth_and_never_hides_what_is_there(share: float, drawn: str) -> None:
    assert bar(share, 4) == drawn


@pytest.mark.parametrize(
    ("values", "drawn"), [([], ""), ([0, 0], "▁▁"), ([None, 3], " █"), ([-1, 1], "▁█"), ([3, 3], "██")]
)
def test_spark_starts_at_zero(values: list[float | None], drawn: str) -> None:
    assert spark(values) == drawn


def test_share_bars_have_one_scale_and_counts_their_own() -> None:
    columns = [
        Col("name"),
        Col("of customers", "bar"),
        Col("of spend", "bar"),
        Col("rows", "bar"),
        Col("refunds", "bar"),
    ]
    rows: list[list[Cell]] = [["a", 0.2, Decimal("0.4"), 50, -3], ["b", 0.3, None, 70, None]]
    assert scales(columns, rows) == [0, 0.4, 0.4, 70, 0]
