"""What is bought together: rules that are tested, bundles, and whether the rules hold later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from acrm.analysis.basket.bought import PERIODS, Bought, read_bought
from acrm.analysis.basket.bundles import bundles
from acrm.analysis.basket.holdout import try_later, with_later
from acrm.analysis.basket.mined import Found, Support, choose_support, matching, mine, rules_of
from acrm.analysis.basket.params import ITEM, BasketParams, BasketResult
from acrm.analysis.basket.tables import itemset_table, rule_table
from acrm.errors import InputError, UsageError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.result import Scalar
    from acrm.models.itemsets import Itemsets

GROUPS = 50
"""Groups that the baskets may be divided into."""


def basket(
    lines: pl.LazyFrame,
    params: BasketParams,
    tables: Mapping[str, pl.LazyFrame] | None = None,
    segments: pl.DataFrame | None = None,
) -> BasketResult:
    """Find rules "who buys these also buys those" and bundles.

    Args:
        lines: Canonical transactions with `product_id` or `product_name`, and `order_id` (unless a basket is a
            customer's); dates, amounts and customers where they are known.
        params: See `BasketParams`.
        tables: `products` (`cost`, `category`), `customers` (columns to divide by), if any.
        segments: `customer_id` and `segment`, to divide by segment.

    Returns:
        Table `rules`, sorted by lift, the highest first (within the group):

        | column | type | unit, range |
        |---|---|---|
        | `group` | String | only with `by` |
        | `antecedents`, `consequents` | List[String] | ids; `..._text`: names |
        | `support`, `confidence`, `lift`, `leverage`, `conviction`, `zhang`, `chi_square` | Float64 | |
        | `p_value`, `q_value` | Float64 | Fisher, one-sided; Benjamini-Hochberg |
        | `confidence_low` .. `lift_high` | Float64 | 95%: Wilson; normal for log lift |
        | `improvement` | Float64 | confidence above the best shorter rule's |
        | `redundant` | Boolean | |
        | `baskets`, `antecedent_baskets`, `consequent_baskets` | Int64 | |
        | `revenue`, `margin` | Decimal | of the rule's items in the baskets with all of them |
        | `confidence_later`, `lift_later`, `held` | Float64, Boolean | see `acrm.analysis.basket.holdout` |

    Raises:
        InputError: No line says what was bought in which basket; too many frequent sets.
        UsageError: A parameter out of range.
    """
    bought = read_bought(lines, params, tables or {}, segments)
    support, notes = choose_support(bought.held.baskets, bought.apart, params)
    notes = [*bought.notes, *notes, *_pattern_notes(bought, params)]
    made, figures, more = (_parts if params.by else _whole)(bought, support, params)
    rules = made["rules"]
    return BasketResult(
        params=params,
        tables={**made, "left_out": bought.kept.goods.left_out},
        summary={
            **bought.kept.figures,
            **_figures(bought),
            "min_support": support.share,
            "min_baskets": support.count,
            "rules": rules.height,
            **figures,
        },
        notes=(*notes, *more),
        document={"rules_by_size": _by_size(rules)},
    )


Made = tuple[dict[str, "pl.DataFrame"], dict[str, "Scalar"], list[Message]]
"""Tables, figures, notes."""


def _whole(bought: Bought, support: Support, params: BasketParams) -> Made:
    """Rules of all baskets, tried on the later ones, and bundles."""
    held = bought.held
    itemsets = mine(held.baskets, bought.apart, support.of(held.baskets.n_baskets), params)
    found = rules_of(itemsets, bought.items, params)
    notes = _mined_notes(bought, itemsets, found, params)
    figures: dict[str, Scalar] = {
        "rules_redundant": int(found.redundant),
        "tested": found.tested,
        "itemsets": len(itemsets),
        "itemsets_closed": int(itemsets.closed.sum()),
        "itemsets_maximal": int(itemsets.maximal.sum()),
    }
    # Where nothing was found, nothing can be tried.
    tried = try_later(bought, support, params if found.met else replace(params, holdout=0))
    made = {"rules": with_later(rule_table(found, bought, held), tried.table)}
    if tried.table.height:
        made["holdout"] = tried.table
    if ITEM in params.level:
        made["bundles"], more = bundles(itemsets, bought, params.discount)
        notes = [*notes, *more]
    if params.itemsets:
        made["itemsets"] = itemset_table(itemsets, bought, params.itemsets)
    return made, {**figures, **tried.figures}, [*notes, *tried.notes]


def _parts(bought: Bought, support: Support, params: BasketParams) -> Made:
    """Rules of each part of the baskets; a part with too many sets has none, and is named.

    Raises:
        InputError: Every part has too many.
        UsageError: There are too many parts.
    """
    import polars as pl

    if len(bought.groups) > GROUPS:
        id = "basket_by_many_times" if params.by in PERIODS else "basket_by_many"
        raise UsageError(id, column=params.by or "", groups=len(bought.groups), most=GROUPS)
    rules, sets, endless = [], [], []
    groups: list[tuple[str | int | None, ...]] = []
    for name, mask in bought.groups:
        held = bought.held.only(mask)
        needed = support.of(held.baskets.n_baskets)
        try:
            itemsets = mine(held.baskets, bought.apart, needed, params)
        except InputError:
            endless.append(name)
            groups.append((name, held.baskets.n_baskets, needed, None, None, None))
            continue
        found = rules_of(itemsets, bought.items, params)
        label = pl.lit(name).alias("group")
        rules.append(rule_table(found, bought, held).select(label, pl.all()))
        if params.itemsets:
            sets.append(itemset_table(itemsets, bought, params.itemsets).select(label, pl.all()))
        row = (name, held.baskets.n_baskets, itemsets.min_count, len(itemsets), found.tested, len(found.rules))
        groups.append(row)
    numbers = ("baskets", "min_baskets", "itemsets", "tested", "rules")
    table = pl.DataFrame(groups, schema={"group": pl.String, **dict.fromkeys(numbers, pl.Int64)}, orient="row")
    if not rules:
        raise InputError("basket_by_endless", column=params.by or "")
    made = {"rules": pl.concat(rules), "groups": table}
    if sets:
        made["itemsets"] = pl.concat(sets)
    figures: dict[str, Scalar] = {name: int(table[name].sum()) for name in ("itemsets", "tested")}
    notes = [Message("basket.by_endless", {"names": listed(endless), "n": len(endless)})] if endless else []
    return made, figures, [*notes, Message("basket.by_alone", {"tested": figures["tested"]})]


def _figures(bought: Bought) -> dict[str, Scalar]:
    import numpy as np

    sizes = np.diff(bought.held.baskets.starts)
    return {
        "baskets": len(sizes),
        "baskets_of_one": int((sizes <= 1).sum()),
        "baskets_giant": bought.giants,
        "items": int((bought.held.baskets.item_counts > 0).sum()),
        "items_a_basket": round(float(sizes.mean()), 4) if len(sizes) else None,
    }


def _by_size(rules: pl.DataFrame) -> dict[str, int]:
    """How many rules have so many items, both sides together."""
    import polars as pl

    size = pl.col("antecedents").list.len() + pl.col("consequents").list.len()
    counts = rules.group_by(size.alias("size")).len().sort("size")
    return {str(size): count for size, count in counts.rows()}


def _pattern_notes(bought: Bought, params: BasketParams) -> list[Message]:
    """Patterns that no item fits."""
    asked = (("--with", params.with_item), ("--lhs", params.lhs), ("--rhs", params.rhs))
    return [
        Message("basket.no_fit", {"option": option, "patterns": listed(patterns)})
        for option, patterns in asked
        if patterns and not matching(bought.items, patterns).any()
    ]


def _mined_notes(bought: Bought, itemsets: Itemsets, found: Found, params: BasketParams) -> list[Message]:
    """What the reader should know of the sets and of the tests."""
    import numpy as np

    baskets = bought.held.baskets
    n, counts = baskets.n_baskets, baskets.item_counts
    if not n:
        return []
    notes = []
    everywhere = np.flatnonzero(counts == n)
    if len(everywhere) and n > 1:
        names = bought.items["name"].gather(everywhere)
        notes.append(Message("basket.everywhere", {"names": listed(names, 3)}))
    if not len(np.flatnonzero(np.diff(baskets.starts) > 1)):
        notes.append(Message("basket.all_of_one", {"baskets": n}))
    elif not len(itemsets):
        top = int(counts.argmax())
        values = {"needed": itemsets.min_count, "name": bought.items["name"][top], "most": int(counts[top])}
        notes.append(Message("basket.none_frequent", values))
    elif len(itemsets.sets) < 2:
        notes.append(Message("basket.no_pairs", {"needed": itemsets.min_count, "items": len(itemsets)}))
    elif not found.met:
        notes.append(Message("basket.no_rules", {"tested": found.tested, "confidence": params.min_confidence}))
    if found.redundant and not params.keep_redundant:
        notes.append(Message("basket.redundant", {"rules": found.redundant, "of": found.met}))
    if found.tested:
        sides = bool(params.with_item or params.lhs or params.rhs)
        kind = "limited" if found.limited else "sides" if sides else "all"
        sure = int((found.q <= 0.05).sum())
        notes.append(
            Message(f"basket.family_{kind}", {"tested": found.tested, "sure": sure, "rules": len(found.rules)})
        )
    return notes
