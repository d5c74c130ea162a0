"""Which pairs are looked at: keys that two records of one person are likely to share, none of them too common."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import polars as pl

from acrm.ingest.linkage.fields import Field

ALL_PAIRS = 1_000_000
"""Up to so many pairs every record is compared with every other."""
PAIRS_PER_RECORD = 12
LEAST_PAIRS = 3_000_000


def blocks(frame: pl.DataFrame, fields: list[Field]) -> pl.DataFrame:
    """Key columns `b0`, `b1`, … best first: two records that share one are compared.

    A value that too many records share is null in its key: every key may make an equal share of
    `PAIRS_PER_RECORD` pairs a record, and what one does not need is for those after it.

    Returns:
        No column at all where all pairs together are at most `ALL_PAIRS`: then compare them all.
    """
    if frame.height * (frame.height - 1) // 2 <= ALL_PAIRS:
        return pl.DataFrame()
    left = max(LEAST_PAIRS, PAIRS_PER_RECORD * frame.height)
    keys = list(_keys(fields))
    columns = []
    for at, key in enumerate(keys):
        values, pairs = _bounded(frame.select(key.alias(f"b{at}")).to_series(), left // (len(keys) - at))
        if pairs:
            columns.append(values)
            left -= pairs
    return pl.DataFrame(columns)


def _bounded(key: pl.Series, budget: int) -> tuple[pl.Series, int]:
    """The key without the values that go beyond the budget, the commonest first; and the pairs that the rest make."""
    name = key.name
    sizes = (
        key.drop_nulls().value_counts().with_columns(pairs=pl.col("count").cast(pl.Int64) * (pl.col("count") - 1) // 2)
    )
    by_size = (
        sizes.group_by("count").agg(pl.col("pairs").sum()).sort("count").with_columns(total=pl.col("pairs").cum_sum())
    )
    within = by_size.filter(pl.col("total") <= budget)
    if not within.height:
        return key, 0
    rare = sizes.filter(pl.col("count") <= within["count"][-1], pl.col("count") > 1).select(name)
    kept = key.to_frame().with_columns(pl.when(pl.col(name).is_in(rare[name].implode())).then(pl.col(name)))
    return kept.to_series(), int(within["total"][-1])


def _keys(fields: list[Field]) -> Iterator[pl.Expr]:
    """Every key of `_KEYS` that the fields allow."""
    kinds: dict[str, list[str]] = {}
    for field in fields:
        kinds.setdefault(field.kind, []).append(field.name)
    made = {name for name, (_, *needs) in _MADE.items() if set(needs) <= {field.name for field in fields}}
    for line in _KEYS.strip().splitlines():
        wanted = [word.partition(":") for word in line.split()]
        choices = [[kind] if kind in made else kinds.get(kind, []) for kind, _, _ in wanted]
        for names in product(*choices):
            if len(set(names)) < len(names) or (wanted[0][0] == wanted[-1][0] and names != tuple(sorted(names))):
                continue
            cuts = (cut for _, _, cut in wanted)
            yield pl.concat_str([_part(name, cut) for name, cut in zip(names, cuts, strict=True)], separator="|")


def _part(name: str, cut: str) -> pl.Expr:
    whole = _MADE[name][0] if name in _MADE else pl.col(name)
    if not cut:
        return whole
    return whole.str.head(int(cut)) if int(cut) > 0 else whole.str.tail(-int(cut))


_BOTH = pl.concat_list("given", "family").list.sort()
_NAMED = pl.col("given").is_not_null() & pl.col("family").is_not_null()
_MADE: dict[str, tuple[pl.Expr, *tuple[str, ...]]] = {
    # The order of the names does not matter here; one missing name makes no key.
    "names": (pl.when(_NAMED).then(_BOTH.list.join("|")), "given", "family"),
    "initials": (pl.when(_NAMED).then(_BOTH.list.eval(pl.element().str.head(1)).list.join("")), "given", "family"),
    "mailbox": (pl.col("email").str.extract(r"^([^@]{4,})@"), "email"),
    "day": (pl.col("birth").str.tail(4), "birth"),
}
# Kinds of fields whose values make a key together; `:4` is the first four characters, `:-4` the last.
# Those that hold fewest strangers stand first.
_KEYS = """
document
email
phone
names
mailbox
birth initials
birth given
birth family
birth:4 given family:1
birth:4 family given:1
day given
day family
birth place
birth postcode
birth address
birth
postcode family
postcode given
place family
place given
address family
address given
address address
address place
address postcode
phone:-7
phone:6 given
phone:6 family
email:4 family
document:4 family
document:-4 family
document:4 birth
document:-4 birth
company given
company family
"""
