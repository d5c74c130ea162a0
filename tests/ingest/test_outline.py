"""Groups of a report are found by their sums, whatever the tree, and never where sums do not prove one reading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acrm.ingest import outline

Rows = list[tuple[int, str, outline.Values]]


@st.composite
def reports(draw: st.DrawFn, amounts: st.SearchStrategy[int], documents: bool) -> tuple[int, Rows]:
    """A random tree as the rows of its report: level, kind, amount and quantity; every group with its exact sums."""
    depth = draw(st.integers(2, 4))
    document = draw(st.integers(0, depth - 1)) if documents else None

    def node(level: int) -> Rows:
        kind = "document" if level == document else "other"
        if level == depth - 1:
            return [(level, kind, (draw(amounts), draw(st.integers(1, 5)) * 10_000))]
        below = [row for _ in range(draw(st.integers(1, 3))) for row in node(level + 1)]
        details = [values for at, _, values in below if at == depth - 1]
        return [
            (level, kind, tuple(sum(value or 0 for value in column) for column in zip(*details, strict=True))),
            *below,
        ]

    return depth, [row for _ in range(draw(st.integers(1, 4))) for row in node(0)]


@given(reports(st.integers(1, 50).map(lambda cents: cents * 100), documents=False))
def test_a_report_of_positive_amounts_is_read_back(report: tuple[int, Rows]) -> None:
    depth, rows = report
    read = outline.by_sums([kind for _, kind, _ in rows], [values for _, _, values in rows], depth)
    assert read == [level for level, _, _ in rows]


@given(reports(st.integers(-20, 50).map(lambda cents: cents * 100), documents=True))
def test_with_goods_given_back_the_reading_is_the_same_or_there_is_none(report: tuple[int, Rows]) -> None:
    depth, rows = report
    read = outline.by_sums([kind for _, kind, _ in rows], [values for _, _, values in rows], depth)
    assert read in (None, [level for level, _, _ in rows])


@given(reports(st.integers(1, 50).map(lambda cents: cents * 100), documents=True), st.data())
def test_a_sum_that_is_a_cent_off_is_no_proof(report: tuple[int, Rows], data: st.DataObject) -> None:
    depth, rows = report
    values = [row for _, _, row in rows]
    place = data.draw(st.sampled_from([at for at, (level, _, _) in enumerate(rows) if level < depth - 1]))
    values[place] = ((values[place][0] or 0) + 100, *values[place][1:])
    assert outline.by_sums([kind for _, kind, _ in rows], values, depth) is None


def test_two_readings_prove_nothing() -> None:
    # Under A stand 5, 0, 3, -3; or 5 alone, and the nothing below is a group of 3 and -3.
    values = [(500,), (500,), (0,), (300,), (-300,), (100,), (100,)]
    assert outline.by_sums(["other"] * 7, values, 2) is None
    kinds = ["other", "document", "document", "document", "document", "other", "document"]
    assert outline.by_sums(kinds, values, 2) == [0, 1, 1, 1, 1, 0, 1]


def test_blank_quantities_of_groups_are_no_sums() -> None:
    values = [(9000, None), (6000, 10_000), (3000, 20_000), (5000, None), (5000, 10_000)]
    assert outline.by_sums(["other"] * 5, values, 2) == [0, 1, 1, 0, 1]


def test_gifts_belong_to_the_group_above() -> None:
    values = [(10_000,), (6000,), (4000,), (0,), (5000,), (5000,)]
    assert outline.by_sums(["other"] * 6, values, 2) == [0, 1, 1, 1, 0, 1]


@pytest.mark.parametrize("levels", [[1, 0, 1], [0, 1, 0], [0, 2, 1, 2], [0, 0, 1], [0, 0]])
def test_levels_that_are_no_outline(levels: list[int]) -> None:
    assert outline.by_levels(levels, [(1,)] * len(levels)) is None


def test_groups_without_sums_go_down_to_the_details() -> None:
    blank: outline.Values = (None,)
    assert outline.by_blanks(["other"] * 6, [blank, blank, (5,), blank, (6,), (7,)]) == [0, 1, 2, 1, 2, 2]
    assert outline.by_blanks(["other"] * 3, [blank, (5,), blank]) is None
    assert (
        outline.by_blanks(["other", "document", "other", "other", "other"], [blank, blank, (5,), blank, (6,)]) is None
    )


@pytest.mark.parametrize(
    ("label", "number", "date"),
    [
        ("Реализация (акт, накладная) ПР-00001 от 03.02.2026 0:00:00", "ПР-00001", "03.02.2026 0:00:00"),
        ("Чек ККМ №0000-000003 от 08.02.2026 9:05:00", "0000-000003", "08.02.2026 9:05:00"),
        ("Заказ клиента № 12 от 03.02.2026 г.", "12", "03.02.2026"),
        ("Отчёт о розничных продажах 0000-000001 от 01.02.2026 23:59:59", "0000-000001", "01.02.2026 23:59:59"),
        ("Invoice 2026/17 dated 2026-02-03", "2026/17", "2026-02-03"),
        ("Чек № 8", "8", None),
    ],
)
def test_documents(label: str, number: str, date: str | None) -> None:
    assert outline.document(label) == (number, date)


@pytest.mark.parametrize(
    "label", ["Кофе 250 г", "ООО «Старт 2000»", "Чехол № 5", "Заказчик", "Соус от 12 трав", "5 от 7"]
)
def test_other_labels_are_no_documents(label: str) -> None:
    assert outline.kind(label) == "other"
