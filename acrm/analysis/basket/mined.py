"""From baskets to frequent sets and the rules between them: which support, which rules, which of them were tested."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Any

from acrm.analysis.basket.params import BasketParams
from acrm.errors import InputError
from acrm.messages import Message

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from acrm.models.baskets import Baskets, CountArray
    from acrm.models.itemsets import Itemsets
    from acrm.models.rules import Rules

ENOUGH = 3_000
"""Sets that a chosen support may give: more nobody reads."""
FEWEST = 10
"""Baskets on which a chosen support lets a rule rest."""
FAMILY = 1_000_000
"""Rules that are tested whatever their confidence and lift are; of more, those that meet the limits."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Support:
    """How many baskets a set needs: a share, or a number of them."""

    share: float | None
    count: int
    chosen: bool = False

    def of(self, n_baskets: int) -> int:
        """The number in so many baskets; a number that was asked for stays."""
        from acrm.models.baskets import min_count

        if self.share is None:
            return self.count
        return max(min_count(self.share, n_baskets), min(FEWEST, self.count) if self.chosen else 1)


def choose_support(baskets: Baskets, apart: CountArray, params: BasketParams) -> tuple[Support, list[Message]]:
    """The support asked for, or one that is chosen, and why it is this one."""
    from acrm.models.baskets import min_count
    from acrm.models.itemset_mining import suggest_support

    n = baskets.n_baskets
    asked = params.min_support
    if not n:
        return Support(share=None, count=1), []
    if asked is None:
        found = suggest_support(baskets, enough=ENOUGH, fewest=FEWEST, max_length=params.max_length, apart=apart)
        values = {
            "support": found.support,
            "baskets": found.min_count,
            "sets": round(found.forecast.total),
            "enough": ENOUGH,
            "fewest": FEWEST,
        }
        chosen = Support(share=found.support, count=found.min_count, chosen=True)
        return chosen, [Message(f"basket.support_{found.because}", values)]
    if asked >= 1:
        return Support(share=None, count=int(asked)), [
            Message("basket.support_count", {"baskets": int(asked), "share": asked / max(n, 1)})
        ]
    count = min_count(asked, n)
    values = {"support": asked, "baskets": count}
    below = asked * n < 1
    return Support(share=asked, count=count), [Message(f"basket.support_{'below' if below else 'given'}", values)]


def mine(baskets: Baskets, apart: CountArray, count: int, params: BasketParams) -> Itemsets:
    """The frequent sets.

    Raises:
        InputError: There are too many to look for.
    """
    from acrm.models.frequent_pairs import TooManyItemsets
    from acrm.models.itemset_mining import frequent_itemsets, suggest_support

    try:
        return frequent_itemsets(baskets, count, max_length=params.max_length, apart=apart)[0]
    except TooManyItemsets as told:
        better = suggest_support(baskets, enough=ENOUGH, fewest=FEWEST, max_length=params.max_length, apart=apart)
        values: dict[str, Any] = {"baskets": count, "most": told.most, "expected": round(told.expected)}
        if better.min_count <= count or better.forecast.total > ENOUGH:
            raise InputError("basket_too_many_long", **values) from told
        raise InputError("basket_too_many", **values, support=f"{better.support:g}") from told


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """The rules that are told of, with their tests."""

    rules: Rules
    p: NDArray[np.float64]
    q: NDArray[np.float64]
    tested: int
    """Rules of the family that the q values are of."""
    met: int
    """Rules that meet the limits."""
    redundant: int
    """Of these, how many say no more than a shorter one."""
    limited: bool
    """Whether the family is only of rules that meet the limits."""


def rules_of(itemsets: Itemsets, items: pl.DataFrame, params: BasketParams, *, tests: bool = True) -> Found:
    """Rules between the sets.

    The family of tests is every rule between frequent sets whose sides fit the patterns, whatever its confidence and
    lift, so that choosing by these leaves the false discoveries as few as promised.
    """
    import numpy as np

    from acrm.models.rule_tests import benjamini_hochberg, fisher
    from acrm.models.rules import find_rules

    possible = sum(
        len(rows) * sum(comb(size, right) for right in range(1, min(params.rhs_size, size - 1) + 1))
        for size, rows in enumerate(itemsets.sets, 1)
    )
    limited = possible > FAMILY or not tests
    limits = {"min_confidence": params.min_confidence, "min_lift": params.min_lift} if limited else {}
    rules = find_rules(itemsets, rhs_size=params.rhs_size, **limits)
    rules = rules.where(_fitting(rules, items, params))
    p = fisher(rules.association) if tests else np.zeros(len(rules))
    q = benjamini_hochberg(p) if tests else p
    met = (rules.association.confidence >= params.min_confidence) & (rules.association.lift >= params.min_lift)
    shown = met if params.keep_redundant else met & ~rules.redundant
    return Found(
        rules=rules.where(shown),
        p=p[shown],
        q=q[shown],
        tested=len(rules),
        met=int(met.sum()),
        redundant=int((met & rules.redundant).sum()),
        limited=limited,
    )


def _fitting(rules: Rules, items: pl.DataFrame, params: BasketParams) -> NDArray[np.bool_]:
    """Which rules have an item that fits on the sides where one must."""
    import numpy as np

    fits = np.ones(len(rules), dtype=np.bool_)
    ends, codes = rules.itemsets.listed()
    for patterns, side in ((params.with_item, rules.whole), (params.lhs, rules.lhs), (params.rhs, rules.rhs)):
        if patterns and len(codes):
            hits = matching(items, patterns)[codes]
            fits &= np.logical_or.reduceat(hits, ends[:-1])[side]
    return fits


def matching(items: pl.DataFrame, patterns: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which items fit one of the patterns by id or name."""
    from fnmatch import fnmatchcase

    import numpy as np

    # Brackets stand for themselves: names have them.
    lowered = [pattern.lower().replace("[", "[[]") for pattern in patterns]
    cells = items.select("id", "name").iter_rows()
    return np.array(
        [any(fnmatchcase(cell.lower(), pattern) for cell in row for pattern in lowered) for row in cells],
        dtype=np.bool_,
    )
