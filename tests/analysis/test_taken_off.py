"""Refunds taken off earlier purchases: what is left adds up, and is what plain bookkeeping leaves."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.analysis.taken_off import taken_off

events = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.integers(1, 6), st.integers(1, 9).map(Decimal)),
    max_size=12,
)


def table(rows: list[tuple[str, str, int, Decimal]]) -> pl.DataFrame:
    kinds: dict[str, Any] = {"who": pl.String, "what": pl.String, "day": pl.Int64, "amount": pl.Decimal(38, 4)}
    return pl.DataFrame(rows, schema=kinds, orient="row").sort("who", "what", "day")


@settings(max_examples=100, deadline=None)
@given(events, events)
def test_the_latest_purchase_pays_first(
    bought: list[tuple[str, str, int, Decimal]], refunds: list[tuple[str, str, int, Decimal]]
) -> None:
    kept, left = taken_off(table(bought), table(refunds), ["who", "what"])
    piles: dict[tuple[str, str], list[list[Decimal]]] = defaultdict(list)
    owed = Decimal(0)
    marked = [(*row, 0) for row in table(bought).rows()] + [(*row, 1) for row in table(refunds).rows()]
    for who, what, day, money, back in sorted(marked, key=lambda row: (row[0], row[1], row[2], row[4])):
        pile = piles[who, what]
        if not back:
            pile.append([Decimal(day), money])
            continue
        rest = money
        for entry in reversed(pile):
            taken = min(entry[1], rest)
            entry[1] -= taken
            rest -= taken
        owed += rest
    assert sorted(kept.rows()) == sorted(
        (who, what, int(day), amount) for (who, what), pile in piles.items() for day, amount in pile if amount
    )
    assert left["amount"].sum() == owed
    assert left.height == len(refunds)
