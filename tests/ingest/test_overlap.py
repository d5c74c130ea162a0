"""Of many files of one system each thing counts once, as the last file tells it, and the work grows with their rows."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from acrm.ingest import overlap
from acrm.ingest.overlap import STORE, once
from acrm.messages import Message

Line = tuple[str | None, str | None, date | None, int]
SCHEMA = {"order_id": pl.String, "customer_id": pl.String, "ordered_on": pl.Date, "line_no": pl.Int64}
SCHEMA |= {"_flags": pl.String, "_source_file": pl.String}


def frame(name: str, *lines: Line) -> pl.LazyFrame:
    return pl.LazyFrame([(*line, None, name) for line in lines], schema=SCHEMA, orient="row")


def told(frames: list[tuple[str | None, pl.LazyFrame]]) -> tuple[list[tuple[object, ...]], int]:
    notes: list[Message] = []
    with TemporaryDirectory() as scratch:
        rows = once("transactions", frames, notes, Path(scratch)).collect()
    return rows.select("_source_file", "order_id", "customer_id").rows(), sum(
        int(str(note.values["rows"])) for note in notes
    )


@pytest.mark.parametrize("most", [0, 1_000_000], ids=["on disk", "in memory"])
def test_the_last_of_many_files_counts(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(overlap, "_EAGER", most)
    chance = random.Random(5)
    files: list[tuple[str, list[Line]]] = []
    for place in range(23):
        orders: list[Line] = [
            (f"o{chance.randrange(40)}", chance.choice(["a", None]), date(2024, 1, 1), 1) for _ in range(5)
        ]
        files.append((f"f{place:02}", orders))
    expected = []
    for place, (name, orders) in enumerate(files):
        later = {line[:3] for _, others in files[place + 1 :] for line in others}
        expected += [(name, *line[:2]) for line in orders if None in line or line[:3] not in later]
    rows, repeated = told([("shop", frame(name, *orders)) for name, orders in files])
    assert rows == expected
    assert repeated == 23 * 5 - len(expected) > 0


def test_systems_and_stores() -> None:
    line: Line = ("o", "a", date(2024, 1, 1), 1)
    other: Line = ("p", "a", date(2024, 1, 1), 1)
    assert told([("one", frame("a", line)), ("two", frame("b", line)), (None, frame("c", line))])[1] == 0
    assert told([("one", frame("a", line)), ("one", frame("b", line))]) == ([("b", "o", "a")], 1)
    stored = (STORE, frame("s", line, other))
    assert told([stored, ("one", frame("a", line))]) == ([("s", "p", "a"), ("a", "o", "a")], 1)
    assert told([stored, (None, frame("a", line))]) == ([("s", "p", "a"), ("a", "o", "a")], 1)


def test_a_customer_of_two_stores_is_what_either_tells(tmp_path: Path) -> None:
    older = pl.LazyFrame(
        {"customer_id": ["a", "b"], "city": ["Riga", "Oslo"], "x_shoe": ["40", None], "email": ["e", "f"]}
    )
    newer = pl.LazyFrame({"customer_id": ["a"], "city": [None], "email": ["g"]}, schema_overrides={"city": pl.String})
    found = once("customers", [(STORE, older), (STORE, newer)], [], tmp_path).collect().sort("customer_id")
    assert found.select("customer_id", "city", "email", "x_shoe").rows() == [
        ("a", "Riga", "g", "40"),
        ("b", "Oslo", "f", None),
    ]


def test_contacts_of_two_stores_are_read_as_they_are_written(tmp_path: Path) -> None:
    older, newer = (
        pl.LazyFrame(
            {"customer_id": ["a", "b", "c"], "phone": phones, "phone_e164": read},
            schema=dict.fromkeys(("customer_id", "phone", "phone_e164"), pl.String),
        )
        for phones, read in (
            (["8 912", "9", "8 913"], ["+7912", None, "+7913"]),
            (["12", "34", "8 914"], [None, None, "+7914"]),
        )
    )
    found = once("customers", [(STORE, older), (STORE, newer)], [], tmp_path).collect().sort("customer_id")
    assert found.rows() == [("a", "8 912", "+7912"), ("b", "34", None), ("c", "8 914", "+7914")]
