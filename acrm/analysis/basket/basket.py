"""What is bought together: rules that are tested, bundles, and whether the rules hold later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from acrm.analysis.basket.bought import Bought, Held, read_bought
from acrm.analysis.basket.bundles import bundles
from acrm.analysis.basket.holdout import try_later, with_later
from acrm.analysis.basket.mined import Found, choose_support, matching, mine, rules_of
from acrm.analysis.basket.params import ITEM, BasketParams, BasketResult
from acrm.analysis.basket.tables import itemset_table, rule_table
from acrm.errors import UsageError
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
    import polars as pl

    bought = read_bought(lines, params, tables or {}, segments)
    if len(bought.groups) > GROUPS:
        raise UsageError("basket_by_many", column=params.by or "", groups=len(bought.groups), most=GROUPS)
    held = bought.held
    support, notes = choose_support(held.baskets, bought.apart, params)
    notes = [*bought.notes, *notes, *_pattern_notes(bought, params)]
    made: dict[str, pl.DataFrame] = {}
    if params.by:
        parts = [(name, held.only(mask)) for name, mask in bought.groups]
    else:
        parts = [(None, held)]
    rules, sets, groups = [], [], []
    last: tuple[Itemsets, Found] | None = None
    for name, part in parts:
        itemsets = mine(part.baskets, bought.apart, support.of(part.baskets.n_baskets), params)
        found = rules_of(itemsets, bought.items, params)
        label = [] if name is None else [pl.lit(name).alias("group")]
        rules.append(rule_table(found, bought, part).select(*label, pl.all()))
        if params.itemsets:
            sets.append(itemset_table(itemsets, bought, params.itemsets).select(*label, pl.all()))
        groups.append((name, part.baskets.n_baskets, itemsets.min_count, len(itemsets), found.tested, len(found.rules)))
        last = itemsets, found
    table = pl.concat(rules)
    figures = _figures(bought, held, groups)
    if last is not None and not params.by:
        itemsets, found = last
        figures |= {
            "rules_redundant": found.met - len(found.rules)
            if not params.keep_redundant
            else int(table["redundant"].sum()),
            "itemsets_closed": int(itemsets.closed.sum()),
            "itemsets_maximal": int(itemsets.maximal.sum()),
        }
        notes += _mined_notes(bought, held, itemsets, found, params)
        tried = try_later(bought, held, support, params)
        table = with_later(table, tried.table if tried else pl.DataFrame())
        if tried is not None:
            figures |= tried.figures
            notes += tried.notes
            if tried.table.height:
                made["holdout"] = tried.table
        if ITEM in params.level:
            made["bundles"], more = bundles(itemsets, bought, params.discount)
            notes += more
    else:
        made["groups"] = pl.DataFrame(
            groups,
            schema=dict(
                zip(
                    ("group", "baskets", "min_baskets", "itemsets", "tested", "rules"),
                    (pl.String, *[pl.Int64] * 5),
                    strict=True,
                )
            ),
            orient="row",
        )
        notes.append(Message("basket.by_alone", {"tested": figures["tested"]}))
    if sets:
        made["itemsets"] = pl.concat(sets)
    made["left_out"] = bought.kept.goods.left_out
    return BasketResult(
        params=params,
        tables={"rules": table, **made},
        summary={**_account(bought), **figures, "min_support": support.share, "rules": table.height},
        notes=tuple(notes),
        document={"rules_by_size": _by_size(table)},
    )


def _account(bought: Bought) -> dict[str, Scalar]:
    """The account of the lines."""
    return dict(bought.kept.figures)


def _figures(bought: Bought, held: Held, groups: list[tuple[Any, ...]]) -> dict[str, Scalar]:
    import numpy as np

    sizes = np.diff(held.baskets.starts)
    return {
        "baskets": held.baskets.n_baskets,
        "baskets_of_one": int((sizes <= 1).sum()),
        "baskets_giant": bought.giants,
        "items": bought.items.height,
        "items_a_basket": round(float(sizes.mean()), 4) if len(sizes) else None,
        "min_baskets": min(group[2] for group in groups),
        "itemsets": sum(group[3] for group in groups),
        "tested": sum(group[4] for group in groups),
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


def _mined_notes(bought: Bought, held: Held, itemsets: Itemsets, found: Found, params: BasketParams) -> list[Message]:
    """What the reader should know of the sets and of the tests."""
    import numpy as np

    n, counts = held.baskets.n_baskets, held.baskets.item_counts
    notes = []
    everywhere = np.flatnonzero(counts == n)
    if len(everywhere) and n > 1:
        names = bought.items["name"].gather(everywhere)
        notes.append(Message("basket.everywhere", {"names": listed(names, 3)}))
    if not len(np.flatnonzero(np.diff(held.baskets.starts) > 1)):
        notes.append(Message("basket.all_of_one", {"baskets": n}))
    elif not len(itemsets):
        top = int(counts.argmax())
        values = {"needed": itemsets.min_count, "name": bought.items["name"][top], "most": int(counts[top])}
        notes.append(Message("basket.none_frequent", values))
    elif len(itemsets.sets) < 2:
        notes.append(Message("basket.no_pairs", {"needed": itemsets.min_count, "items": len(itemsets)}))
    elif not found.met:
        notes.append(Message("basket.no_rules", {"tested": found.tested, "confidence": params.min_confidence}))
    redundant = found.met - len(found.rules)
    if redundant:
        notes.append(Message("basket.redundant", {"rules": redundant, "of": found.met}))
    if found.tested:
        sides = bool(params.with_item or params.lhs or params.rhs)
        id = f"basket.family_{'limited' if found.limited else 'sides' if sides else 'all'}"
        sure = int((found.q <= 0.05).sum())
        notes.append(Message(id, {"tested": found.tested, "sure": sure, "rules": len(found.rules)}))
    return notes
