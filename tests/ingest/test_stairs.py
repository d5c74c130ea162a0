"""Rows of a report whose groups have columns of their own, told from those of any other table."""

from __future__ import annotations

import polars as pl
import pytest

from acrm.ingest.stairs import Stairs, is_total

KEYS = ["Client", "Order", "Product"]


def stairs(text: str, *, cut: bool = False) -> Stairs | None:
    lines = [line.split(";") for line in text.split()]
    return Stairs.of(pl.DataFrame(lines, schema=[*KEYS, "Sum"], orient="row"), KEYS, cut=cut)


def test_levels_are_where_rows_begin() -> None:
    found = stairs("Ann;;;9 ;1;;5 ;;tea;5 ;2;;4 ;;tea;4 Bob;;;3 ;3;;3 ;;tea;3 Total;;;12")
    assert found is not None
    assert (found.starts, found.levels) == ([0, 1, 2], [0, 1, 2, 1, 2, 0, 1, 2, None])
    assert found.rules == {8: "totals_row"}


def test_rows_that_are_no_part_of_a_report() -> None:
    found = stairs("Ann;;;9 ;1;tea;9 ;;; Client;Order;Product;Sum Ann-Total;;;9 Bob;;;2 ;2;tea;2 ;;;11 By:Eve;;;")
    assert found is not None
    assert found.rules == {2: "blank_row", 3: "repeated_header", 4: "totals_row", 7: "totals_row", 8: "footer_row"}


@pytest.mark.parametrize(
    "text",
    [
        "Ann;1;tea;5 ;2;tea;7 Bob;3;tea;5",
        "Ann;1;tea;5 Bob;2;tea;7",
        ";1;tea;5 Ann;;;5 ;2;tea;5",
        "Ann;;;5 Bob;;;5 ;2;tea;5",
        "Ann;;;5 ;;tea;5 ;1;;5",
    ],
)
def test_other_tables_have_no_stairs(text: str) -> None:
    assert stairs(text) is None


def test_a_sample_may_end_with_a_group() -> None:
    assert stairs("Ann;;;5 ;1;tea;5 Bob;;;7") is None
    assert stairs("Ann;;;5 ;1;tea;5 Bob;;;7", cut=True) is not None


@pytest.mark.parametrize(
    ("label", "total"),
    [("Итого", True), ("Итого по складу", True), ("Ann Total", True), ("ООО Total", False), ("Ann", False)],
)
def test_totals(label: str, total: bool) -> None:
    assert is_total(label, {"ann": 0}) == total
