"""Large files: what the sample gets wrong is found out later, and the result is the small file's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from acrm.errors import InputError
from acrm.ingest import stage
from acrm.ingest.dataset import Dataset
from acrm.messages import Message
from tests.ingest.conftest import Load, load_texts, rejected, rows

HEADER = "order_id,customer_id,date,amount\n"
SMALL, SAMPLE = stage._SMALL_BYTES, 5


def early(line: Callable[[int], str], count: int = 12) -> str:
    """More rows than the sample has."""
    return HEADER + "".join(line(place) + "\n" for place in range(1, count + 1))


WRONG_SAMPLES = {
    "a comma decimal": early(lambda i: f"{i},c,2024-01-{i:02},{i}") + '99,c,2024-02-01,"12,5"\n',
    "a dot before three digits among commas": early(lambda i: f'{i},c,2024-01-{i:02},"{i},5"')
    + "99,c,2024-02-01,1.234\n",
    "a mark that settles a doubt": early(lambda i: f'{i},c,2024-01-{i:02},"1,{i + 100}"') + "99,c,2024-02-01,12.50\n",
    "a day above 12": early(lambda i: f"{i},c,{i}/{i % 9 + 1}/2024,{i}") + "99,c,31/1/2024,5\n",
    "a month second": early(lambda i: f"{i},c,{i}/{i}/2024,{i}") + "99,c,1/31/2024,5\n",
    "an id with a letter": early(lambda i: f"{i},{17850 + i}.0,2024-01-{i:02},{i}") + "99,C17850,2024-02-01,5\n",
    "the only ids": early(lambda i: f"{i},,2024-01-{i:02},{i}") + "99,17850.0,2024-02-01,5\n",
    "another currency": early(lambda i: f"{i},c,2024-01-{i:02},${i}.50") + "99,c,2024-02-01,€5.50\n",
    "the only currency": early(lambda i: f"{i},c,2024-01-{i:02},{i}.50") + "99,c,2024-02-01,€5.50\n",
    "another way to write dates": early(lambda i: f"{i},c,2024-01-{i:02},{i}") + "98,c,5 янв 2024,5\n99,c,20240105,5\n",
    "values that are none": early(lambda i: f"{i},c,2024-01-{i:02},{i}") + "98,c,soon,5\n99,c,2024-02-01,much\n,,,\n",
    "a ragged record": early(lambda i: f"{i},c,2024-01-{i:02},{i}")
    + "97,c,2024-02-01,5,6,7\n98,c\n99,c,2024-02-01,5\n",
    "a quote that never closes": early(lambda i: f"{i},c,2024-01-{i:02},{i}")
    + '98,"c,2024-02-01,5\n99,c,2024-02-01,5\n',
    "a quoted line end": early(lambda i: f"{i},c,2024-01-{i:02},{i}") + '98,"c\nd",2024-02-01,5\n99,c,2024-02-01,x\n',
    "an amount that needs no reading": early(lambda i: f"{i},c,2024-01-{i:02},") + "99,c,2024-02-01,5.5\n",
}
DOUBTS = {
    "every day is its month at first": early(lambda i: f"{i},c,{i}/{i}/2024,{i}") + "99,c,1/2/2024,5\n",
    "whole numbers at first": early(lambda i: f"{i},c,2024-01-{i:02},{i}") + "99,c,2024-02-01,1.234\n",
    "both day orders": early(lambda i: f"{i},c,{i}/{i}/2024,{i}") + "98,c,1/31/2024,5\n99,c,31/1/2024,5\n",
    "no day order": early(lambda i: f"{i},c,{i}/{i % 9 + 1}/2024,{i}"),
    "no decimal mark": early(lambda i: f'{i},c,2024-01-{i:02},"1,{i + 100}"'),
}


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Have every file taken for a large one, whose first five rows are its sample, or for a small one."""

    def take(large: bool) -> None:
        monkeypatch.setattr(stage, "_SMALL_BYTES", 0 if large else SMALL)
        monkeypatch.setattr(stage, "SAMPLE", SAMPLE if large else 50_000)

    return take


def assert_same(one: Dataset, other: Dataset) -> None:
    assert one.tables.keys() == other.tables.keys()
    for name, frame in one.tables.items():
        columns = sorted(frame.collect_schema().names())
        assert_frame_equal(*(table.select(columns).sort(columns).collect() for table in (frame, other.tables[name])))
    assert_frame_equal(one.rejects, other.rejects)


@pytest.mark.parametrize("late", WRONG_SAMPLES)
def test_what_turns_up_late_counts_as_what_comes_first(late: str, load: Load, large: Callable[[bool], None]) -> None:
    large(False)
    small = load(WRONG_SAMPLES[late])
    large(True)
    assert_same(small, load(WRONG_SAMPLES[late]))


@pytest.mark.parametrize("doubt", DOUBTS)
def test_what_the_whole_file_leaves_open_is_refused(doubt: str, load: Load, large: Callable[[bool], None]) -> None:
    said: list[Message] = []
    for size in (False, True):
        large(size)
        with pytest.raises(InputError) as raised:
            load(DOUBTS[doubt])
        said.append(raised.value.message)
    assert str(said[0]) == str(said[1])


def test_a_late_revision_is_worth_what_the_sample_would_be(load: Load, large: Callable[[bool], None]) -> None:
    large(True)
    dataset = load(WRONG_SAMPLES["a comma decimal"])
    assert rows(dataset, "transactions", "line_amount")[-1] == (12.5,)
    dataset = load(WRONG_SAMPLES["a ragged record"])
    assert rejected(dataset) == [("too_many_fields", 14), ("missing_date", 15)]
    assert dataset.inputs[0].raw.layout.lenient
    assert dataset.rows_in == 15


AMOUNTS = st.sampled_from(
    ["5", "1234", "12.50", '"12,50"', "1.234", '"1,234"', '"1 234,5"', '"$1,234.50"', "€5", "x", ""]
)
DATES = st.sampled_from(["1/2/2024", "3/3/2024", "13/2/2024", "2/13/2024", "2024-02-13", "13 Feb 2024", ""])
IDS = st.sampled_from(["1.0", "2.0", "C3", ""])


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(IDS, DATES, AMOUNTS), min_size=1, max_size=3),
    st.lists(st.tuples(IDS, DATES, AMOUNTS), min_size=1, max_size=5),
)
def test_the_size_of_a_file_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, first: list[tuple[str, str, str]], late: list[tuple[str, str, str]]
) -> None:
    lines = [*first * SAMPLE, *late]
    # A good row, so that the columns have values of their shapes.
    text = (
        HEADER + "0,1.0,2024-01-13,7\n" * 9 + "".join(f"{place},{','.join(line)}\n" for place, line in enumerate(lines))
    )
    found: list[Dataset | str] = []
    for size in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stage, "_SMALL_BYTES", 0 if size else SMALL)
            patch.setattr(stage, "SAMPLE", SAMPLE if size else 50_000)
            try:
                found.append(load_texts(tmp_path_factory.mktemp("size"), text))
            except InputError as error:
                found.append(error.id)
    one, other = found
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
    else:
        assert_same(one, other)


def test_empty_columns_are_left_out_and_second_columns_kept(load: Load) -> None:
    text = "order_id,date,amount,note,empty,Note\n1,2024-01-13,5,hi,,a\n2,2024-01-14,6,,,b\n"
    dataset = load(text)
    assert dataset.inputs[0].staged is not None
    assert dataset.inputs[0].staged.extra == {"x_note": "note", "x_note_2": "Note"}
    assert rows(dataset, "transactions", "x_note", "x_note_2") == [("hi", "a"), (None, "b")]


def test_blank_continuation_rows_take_what_is_the_orders(load: Load) -> None:
    header = "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price,Discount Code\n"
    lines = (
        "#1,a@x.com,paid,2024-01-13 10:00:00 +0300,2,Mug,10.00,SALE\n"
        ",,,,1,Cup,5.00,\n#2,b@x.com,paid,2024-01-14 10:00:00 +0300,1,Mug,10.00,\n"
    )
    dataset = load(header + lines)
    assert rows(dataset, "transactions", "order_id", "product_name", "line_amount", "coupon", "customer_id") == [
        ("#1", "Cup", 5, "SALE", "a@x.com"),
        ("#1", "Mug", 20, "SALE", "a@x.com"),
        # Nothing runs over from one order into the next.
        ("#2", "Mug", 10, None, "b@x.com"),
    ]


def test_five_thousand_columns(load: Load) -> None:
    names = [f"{letter}{word}" for letter in "abcdefghij" for word in map(str.lower, map(chr, range(0x410, 0x430)))]
    header = ",".join(
        ["order_id", "date", "amount", *(f"{one} {other}" for one in names[:100] for other in names[:50])]
    )
    dataset = load(header + "\n" + ",".join(["1", "2024-01-13", "5", *["x"] * 5000]) + "\n")
    assert len(dataset.tables["transactions"].collect_schema()) > 5000


def test_names_of_columns_that_are_no_names(load: Load) -> None:
    dataset = load('order_id,date,amount,"=1+1","[bold]",_flags,🙂\n1,2024-01-13,5,a,b,c,d\n')
    columns = ("x_1_1", "x_bold", "x_flags", "x_column", "_flags")
    assert rows(dataset, "transactions", *columns) == [("a", "b", "c", "d", None)]


def test_columns_that_are_called_what_ours_are_called(load: Load) -> None:
    header = "order_id,date,amount,transactions.quantity,customers.city,transactions.line_amount,_rule"
    dataset = load({"a.csv": f"{header}\n1,2024-01-13,5,many,Bath,x,y\n", "b.csv": "ref,row,_source_row\n1,2,3\n"})
    columns = ("line_amount", "x_transactions_quantity", "x_customers_city", "x_transactions_line_amount", "x_rule")
    assert rows(dataset, "transactions", *columns) == [(5, "many", "Bath", "x", "y")]
    assert rows(dataset, "other_b", "ref", "row_2", "source_row_2") == [("1", "2", "3")]


def test_a_lone_file_of_a_folder_may_be_packed(load: Load, tmp_path: Path) -> None:
    import gzip

    dataset = load({"orders.csv.gz": gzip.compress(early(lambda i: f"{i},c,2024-01-{i:02},{i}").encode())})
    assert dataset.rows_in == 12


def test_dates_in_no_known_way_are_refused_as_a_whole(load: Load) -> None:
    lines = "".join(f"{n},day {n} of the moon,5\n" for n in range(1, 9))
    with pytest.raises(InputError, match="day 1 of the moon"):
        load("order_id,date,amount\n" + lines, fields=(("ordered_at", "date"),))
