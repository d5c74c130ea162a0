"""Refunds that name no purchase, taken off the purchases before them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl


def taken_off(bought: pl.DataFrame, refunds: pl.DataFrame, keys: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The purchases without what was given back, the latest first, and the refunds with what follows no purchase.

    A refund takes from purchases of the same keys until its day; what comes to 0 is no purchase and goes.

    Args:
        bought: The keys, `day`, `amount` Decimal above 0, sorted by the keys and `day`; of one day the last row is
            the latest. Other columns stay.
        refunds: The keys, `day`, `amount` above 0.

    Examples:
        >>> import polars as pl
        >>> from decimal import Decimal
        >>> bought = pl.DataFrame({"who": ["a", "a"], "day": [1, 5], "amount": [Decimal(7), Decimal(4)]})
        >>> refund = pl.DataFrame({"who": ["a"], "day": [9], "amount": [Decimal(6)]})
        >>> kept, left = taken_off(bought, refund, ["who"])
        >>> kept.rows(), left["amount"].sum()
        ([('a', 1, Decimal('5'))], Decimal('0'))
    """
    import polars as pl

    numbered = bought.with_columns(_place=pl.int_range(pl.len(), dtype=pl.Int64))
    refunds = refunds.sort(*keys, "day", "amount")
    given_back = refunds.with_columns(_place=pl.lit(None, pl.Int64), _number=pl.int_range(pl.len(), dtype=pl.Int64))
    columns = ["_place", "_number", "amount", *keys]
    touched = numbered.join(refunds, on=keys, how="semi").with_columns(_number=pl.lit(None, pl.Int64))
    # Of one day the purchases come first.
    events = pl.concat([part.select("day", *columns) for part in (touched, given_back)])
    events = events.sort(*keys, "day", "_place", nulls_last=True).select(columns)
    left: dict[int, Decimal] = {}
    rest = [Decimal(0)] * refunds.height
    whose: tuple[object, ...] | None = None
    open_places: list[int] = []
    for place, number, amount, *key in events.iter_rows():
        if tuple(key) != whose:
            whose, open_places = tuple(key), []
        if place is not None:
            open_places.append(place)
            left[place] = amount
            continue
        owed = amount
        while owed and open_places:
            latest = open_places[-1]
            taken = min(owed, left[latest])
            owed -= taken
            left[latest] -= taken
            if not left[latest]:
                open_places.pop()
        rest[number] = owed
    amounts = bought["amount"].clone()
    # In place, as the purchases may be very many and those that change are few.
    amounts.scatter(list(left), pl.Series(left.values(), dtype=amounts.dtype))
    kept = bought.with_columns(amounts)
    kept = kept.filter(pl.col("amount") > 0) if Decimal(0) in left.values() else kept
    return kept, refunds.with_columns(pl.Series("amount", rest, dtype=refunds["amount"].dtype))
