import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from acrm import messages
from acrm.render.blocks import (
    Block,
    Card,
    Cards,
    Cell,
    Chart,
    Col,
    Decision,
    Decisions,
    Facts,
    Grid,
    Headline,
    Kind,
    Lines,
    Page,
    Section,
    Steps,
)
from acrm.render.pictures import Axis, Bars, Row
from acrm.render.terminal import render

STYLE = re.compile(r"\x1b\[[0-9;]*m")
PAGE = Page(
    [
        Headline("4,338 customers, 8,911,407.90 GBP", "as of 2011-12-11"),
        Facts([("encoding", "cp1251"), ("dates", "dd.mm.yyyy")], "orders.csv"),
        Grid(
            "Segments",
            [
                Col("segment"),
                Col("customers", "int"),
                Col("of customers", "bar"),
                Col("of spend", "bar"),
                Col("orders by month", "spark"),
                Col("median days", "number", priority=1),
                Col("what to do", priority=2),
            ],
            [
                ["champions", 633, 0.146, 0.487, [1, 2, 4], 8, "early access to what is new, no discounts"],
                ["hibernating", 1335, 0.3077, 0.1046, [8, 4, None], 189.5, None],
            ],
            more=8,
        ),
        Facts([]),
        Grid("Nothing", [Col("x")], []),
        Lines(
            ["a credit line takes its amount off the spend of its customer, whatever sign it was written with"],
            mark="!",
        ),
        Steps([("acrm clv acrm-store", "what each customer will bring")], "Next"),
    ]
)


TERMINAL = """\
4,338 customers, 8,911,407.90 GBP
as of 2011-12-11

orders.csv
  encoding  cp1251
  dates     dd.mm.yyyy

Segments
                                                            orders by     median
  segment      customers  of customers     of spend         month           days
  ──────────────────────────────────────────────────────────────────────────────
  champions          633  14.6% ██▊        48.7% █████████  ▃▅█              8.0
  hibernating      1,335  30.8% █████▋     10.5% █▉         █▅             189.5
  … 8 more
  not shown at this width: what to do

! a credit line takes its amount off the spend of its customer, whatever sign it
  was written with

Next
→ acrm clv acrm-store  what each customer will bring
"""
PLAIN = """\
4,338 customers, 8,911,407.90 GBP
as of 2011-12-11

orders.csv
  encoding  cp1251
  dates     dd.mm.yyyy

Segments
                                 of     of  median
  segment      customers  customers  spend    days  what to do
  champions          633      14.6%  48.7%     8.0  early access to what is new,
                                                    no discounts
  hibernating      1,335      30.8%  10.5%   189.5  -
  … 8 more

! a credit line takes its amount off the spend of its customer, whatever sign it
  was written with

Next
→ acrm clv acrm-store  what each customer will bring
"""
# The same in Russian: words come from the page, numbers and the last lines of a table from the language.
RUSSIAN = """\
  segment      customers  of customers     of spend         month           days
  ──────────────────────────────────────────────────────────────────────────────
  champions          633  14,6% ██▊        48,7% █████████  ▃▅█              8,0
  hibernating      1\u00a0335  30,8% █████▋     10,5% █▉         █▅             189,5
  … и ещё 8
  не поместилось по ширине: what to do
"""


def bare(drawn: str) -> str:
    """Take the styles off, and the blanks they leave at the ends of lines."""
    return "".join(f"{line.rstrip()}\n" for line in STYLE.sub("", drawn).splitlines())


def test_a_page_on_a_terminal() -> None:
    styled = render(PAGE, width=80, plain=False, colour=True)
    assert bare(styled) == TERMINAL
    assert styled.startswith("\x1b[1m4,338 customers")
    assert render(PAGE, width=80, plain=False, colour=False) == TERMINAL


def test_a_page_in_a_pipe_has_the_same_content_and_no_pictures() -> None:
    assert render(PAGE, width=80, plain=True, colour=True) == PLAIN


def test_a_page_in_russian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_language", "ru")
    assert RUSSIAN in render(PAGE, width=80, plain=False, colour=False)


def test_a_wider_terminal_shows_every_column() -> None:
    drawn = render(PAGE, width=120, plain=False, colour=False)
    assert "early access to what is new, no discounts\n" in drawn
    assert "not shown" not in drawn


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {plain: render(PAGE, width=80, plain=plain, colour=True) for plain in (True, False)}
    for name, value in {
        "COLUMNS": "40",
        "NO_COLOR": "1",
        "FORCE_COLOR": "1",
        "TERM": "dumb",
        "TTY_COMPATIBLE": "0",
    }.items():
        monkeypatch.setenv(name, value)
    assert {plain: render(PAGE, width=80, plain=plain, colour=True) for plain in (True, False)} == before


def test_without_unicode_the_page_is_ascii() -> None:
    drawn = render(PAGE, width=80, plain=False, colour=False, unicode=False)
    assert drawn.isascii()
    assert "30.8% ####" in drawn
    assert "  ... 8 more" in drawn
    assert "> acrm clv" in drawn


def test_markup_in_the_data_is_only_text() -> None:
    cells = ["[red]bold[/red]", "[/b] GmbH", ":smile:", "\\[x]"]
    page = Page(
        [Headline(*cells[:2]), Grid("", [Col("[i]")], [[cell] for cell in cells]), Facts([(cells[0], cells[2])])]
    )
    drawn = render(page, width=80, plain=False, colour=False)
    assert all(cell in drawn for cell in cells)


def test_a_long_left_text_stands_above_its_right() -> None:
    command = "acrm rfm acrm-store --compare 2011-06-09 --validate"
    page = Page([Steps([("acrm clv x", "worth"), (command, "who moved since")])])
    assert render(page, width=80, plain=True, colour=False) == (
        f"→ acrm clv x  worth\n→ {command}\n{'':14}who moved since\n"
    )


def test_a_command_on_two_lines_can_still_be_typed() -> None:
    page = Page([Steps([("acrm rfm acrm-store --compare 2011-06-09", "who moved")])])
    assert render(page, width=32, plain=True, colour=False) == (
        "→ acrm rfm acrm-store \\\n  --compare 2011-06-09\n      who moved\n"
    )


def test_equal_shares_have_equal_bars_in_every_column() -> None:
    page = Page(
        [Grid("", [Col("a"), Col("of all customers", "bar"), Col("b", "bar")], [["x", 1.0, 0.25], ["y", 0.25, 0.5]])]
    )
    for width in range(34, 60):
        rows = [line.split() for line in render(page, width=width, plain=False, colour=False).splitlines()[-2:]]
        assert rows[0][4] == rows[1][2]


def test_sentences_stand_beside_the_table_or_under_it() -> None:
    sentence = "thank them: early access, referrals"
    page = Page([Grid("Segments", [Col("segment"), Col("what to do", "prose")], [["new", sentence], ["lost", None]])])
    assert f"  new      {sentence}\n  lost     -\n" in render(page, width=80, plain=True, colour=False)
    assert render(page, width=44, plain=True, colour=False) == (
        "Segments\n  segment\n  new\n  lost\n\nwhat to do\n  new   thank them: early access, referrals\n  lost  -\n"
    )


def test_text_past_its_maximum_is_cut_and_says_so() -> None:
    page = Page([Grid("", [Col("reason", max=10), Col("file")], [["the date is not a date", "orders.csv"]])])
    assert "the date…  orders.csv" in render(page, width=80, plain=True, colour=False)


def test_heat_is_a_number_first_and_a_shade_second() -> None:
    page = Page([Grid("", [Col("from"), Col("1", "heat"), Col("2", "heat")], [["a", 0.6, 0.3], ["b", 0.004, None]])])
    assert render(page, width=80, plain=True, colour=False).splitlines() == [
        "  from    1    2",
        "  a      60   30",
        "  b      <1    -",
    ]
    styled = render(page, width=80, plain=False, colour=True)
    assert {"\x1b[1;7m 60\x1b[0m", "\x1b[38;5;231;48;5;67m 30\x1b[0m", "\x1b[2m <1\x1b[0m"} <= set(
        re.findall(r"\x1b\[[0-9;]*m *[<\d]+\x1b\[0m", styled)
    )


def test_an_unknown_bar_is_a_dash_under_the_numbers() -> None:
    page = Page([Grid("", [Col("a"), Col("share", "bar")], [["x", 0.5], ["y", None], ["z", float("nan")]])])
    assert [line.strip() for line in render(page, width=80, plain=False, colour=False).splitlines()[2:]] == [
        "x  50.0% ████████████",
        "y      -",
        "z      -",
    ]


words = st.text(max_size=60) | st.text(alphabet="abc Яж東👨\u200d👩\u0301\x1b[]31m\u202e\n\t\u00a0", max_size=60)
numbers = st.none() | st.floats() | st.integers(-(10**12), 10**12) | st.decimals(-(10**9), 10**9, places=4)
kinds: st.SearchStrategy[Kind] = st.sampled_from(["text", "int", "number", "share", "money", "bar", "spark", "heat"])


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    columns = [
        Col(draw(words), kind, draw(st.none() | st.integers(4, 40)), draw(st.integers(0, 2)))
        for kind in draw(st.lists(kinds, min_size=1, max_size=9))
    ]
    cells: dict[Kind, st.SearchStrategy[Cell]] = {
        "text": words | st.none(),
        "spark": st.lists(st.none() | st.floats(-1e9, 1e9), max_size=12),
    }
    row = st.tuples(*(cells.get(col.kind, numbers) for col in columns))
    return Grid(draw(words), columns, draw(st.lists(row, max_size=4)), draw(st.sampled_from([0, 4812])))


pairs = st.lists(st.tuples(words, words), max_size=3)
blocks: st.SearchStrategy[Block] = (
    st.builds(Headline, words, words)
    | st.builds(Facts, pairs, words)
    | st.builds(Steps, pairs, words)
    | st.builds(Lines, st.lists(words, max_size=3), words, st.sampled_from(["!", ""]))
    | grids()
)


@settings(max_examples=150, deadline=None)
@given(st.lists(blocks, max_size=3), st.integers(20, 130), st.booleans(), st.booleans(), st.booleans())
def test_every_line_fits_and_no_control_character_gets_through(
    page: list[Block], width: int, plain: bool, colour: bool, unicode: bool
) -> None:
    drawn = render(Page(page), width=width, plain=plain, colour=colour, unicode=unicode)
    text = STYLE.sub("", drawn) if colour and not plain else drawn
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert all(letter.isprintable() or letter in "\n\u00a0\u200c\u200d" for letter in text)
    assert not {"\x1b", "\r", "\t", "\u202e", "\x07"} & set(text)


REPORT = Page(
    [
        Section(
            "decisions",
            "Decisions",
            [
                Decisions(
                    [
                        Decision("Call 35 customers", [("why", "none has ordered for 101 days"), ("cost", "175 GBP")]),
                        Decision("Write to 67", []),
                    ]
                ),
                Cards([Card("Revenue", "8.31 M", "+12%", "good", "12 months"), Card("Customers", "4,338")]),
            ],
        ),
        Section("nothing", "Nothing", [Facts([])]),
        Section(
            "regions", "Regions", [Chart("By region", "", Bars(Axis("deals", "int"), [Row("East", 20)]), 20, "2017")]
        ),
    ]
)


def test_sections_decisions_cards_and_charts() -> None:
    assert (
        render(REPORT, width=60, plain=False, colour=False)
        == """\
Decisions ──────────────────────────────────────────────────

1 Call 35 customers
  why   none has ordered for 101 days
  cost  175 GBP
2 Write to 67

  Revenue    8.31 M  +12% · 12 months
  Customers  4,338

Regions ────────────────────────────────────────────────────

By region
        deals
  ─────────────────────
  East  20 ████████████
  n = 20 · 2017
"""
    )


def test_a_rule_belongs_to_a_terminal() -> None:
    assert render(REPORT, width=60, plain=True, colour=False).startswith("Decisions\n\n1 Call 35 customers\n")
