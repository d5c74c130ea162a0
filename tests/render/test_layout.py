import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from acrm.render.layout import GAP, Span, cut, fit, harmless, wrap


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]0;owned\x07", "␛]0;owned␇"),
        ("line\r\nbreak\tand\u2028more", "line  break and more"),
        ("\x9b31m", "\ufffd31m"),
        ("abc\u202egnp.exe", "abc\ufffdgnp.exe"),
        ("zero\u200bwidth\ufeff", "zero\ufffdwidth\ufffd"),
        ("byte \udcff of a name", "byte \\xff of a name"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("8\u00a0911 Ёлка 東京 e\u0301", "8\u00a0911 Ёлка 東京 e\u0301"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    ],
)
def test_data_cannot_steer_the_terminal(raw: str, shown: str) -> None:
    assert harmless(raw) == shown


def test_without_unicode_only_our_signs_change() -> None:
    assert harmless("Ёлка → 5 · …", unicode=False) == "Ёлка > 5 . ..."


@given(st.text(), st.integers(2, 40))
def test_wrapped_lines_fit_and_lose_no_word(raw: str, width: int) -> None:
    text = harmless(raw)
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    # Joiners that join nothing are the only thing a broken word may lose.
    assert _letters("".join(lines)) == _letters(text)


def _letters(text: str) -> str:
    return "".join(letter for letter in text if letter != " " and cell_len(letter))


def test_wrap_breaks_at_spaces_and_inside_words_only_where_it_must() -> None:
    assert wrap("a customer who_is_very_long id", 8) == ["a", "customer", "who_is_v", "ery_long", "id"]
    assert wrap("東京株式会社", 5) == ["東京", "株式", "会社"]
    assert wrap("", 5) == [""]


def test_cut_counts_cells_not_letters() -> None:
    assert cut("東京株式会社", 6) == "東京…"
    assert cut("Екатеринбург", 8) == "Екатери…"
    assert cut("Екатеринбург", 8, "...") == "Екате..."


def test_columns_go_by_priority_then_from_the_right_but_never_the_first() -> None:
    ten = [Span(10, 10, 10, priority=priority) for priority in (9, 0, 1, 0)]
    assert list(fit(ten, 46)) == [0, 1, 2, 3]
    assert list(fit(ten, 45)) == [0, 1, 3]
    assert list(fit(ten, 33)) == [0, 1]
    assert fit(ten, 5) == {0: 5}


def test_spare_space_goes_to_text_first_then_to_labels_then_to_bars() -> None:
    spans = [Span(5, 10, 10, first=True), Span(5, 8, 12)]
    assert fit(spans, 10 + GAP) == {0: 5, 1: 5}
    assert fit(spans, 15 + GAP) == {0: 10, 1: 5}
    assert fit(spans, 18 + GAP) == {0: 10, 1: 8}
    assert fit(spans, 99) == {0: 10, 1: 12}
