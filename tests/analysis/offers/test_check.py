"""The check against one written straight from its definition, and what it concludes."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from math import log2
from random import Random

import numpy as np
import polars as pl
import pytest

from acrm.analysis.offers.check import PLACES, Check, check
from acrm.analysis.offers.purchases import numbered

Bought = dict[str, list[set[str]]]


def shop(seed: int) -> tuple[pl.DataFrame, Bought]:
    """Orders of 70 customers who each like some of 20 products."""
    random, rows = Random(seed), []
    orders: Bought = {}
    for number in range(70):
        who, day = f"c{number:02}", 0
        orders[who] = []
        for place in range(random.randint(1, 6)):
            day += random.choice((0, 1, 30))
            items = {f"p{random.choice((number % 5, random.randrange(20))):02}" for _ in range(4)}
            orders[who].append(items)
            rows += [(who, f"{who}-{place}", item, date(2025, 1, 1) + timedelta(day), 1) for item in sorted(items)]
    names = ("customer_id", "order_id", "product_id", "day", "amount")
    return numbered(pl.DataFrame(rows, schema=names, orient="row")), orders


def by_hand(orders: Bought) -> dict[tuple[str, str], list[float]]:
    held = {who: baskets[-1] for who, baskets in orders.items() if len(baskets) >= 3}
    known = {who: baskets[:-1] if who in held else baskets for who, baskets in orders.items()}
    counts = Counter(item for baskets in known.values() for basket in baskets for item in basket)
    having = Counter(item for baskets in known.values() for item in set().union(*baskets))
    popular = sorted(counts, key=lambda item: (-counts[item], item))
    ids = [item for item in popular if having[item] >= 2]
    age = np.array(
        [
            [min([n for n, one in enumerate(reversed(baskets)) if item in one], default=np.inf) for item in ids]
            for baskets in known.values()
        ]
    )
    has = np.isfinite(age).astype(float)
    inverse = np.linalg.inv(has.T @ has + 200 * np.eye(len(ids)))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    scores = dict(zip(known, (0.9**age @ np.maximum(weights, 0).round(7)).round(7), strict=True))
    found: dict[tuple[str, str], list[float]] = {}
    for what in ("all", "repeat", "new"):
        for method in ("offers", "popularity"):
            figures = []
            for who, basket in held.items():
                own = set().union(*known[who])
                every = set(popular) | basket
                allowed = {"all": every, "repeat": own, "new": every - own}[what]
                truth = {item for item in basket if item in allowed}
                habit = sorted(own, key=lambda item: (-sum(item in one for one in known[who]), popular.index(item)))
                line = scores[who]
                fresh = [n for n in range(len(ids)) if ids[n] not in own and line[n] > 0]
                fresh = sorted(fresh, key=lambda n: (-line[n], n))
                lists = {"repeat": habit[:PLACES], "new": [ids[n] for n in fresh][:PLACES]}
                lists["all"] = [*lists["repeat"], *lists["new"]]
                ranked = lists[what] if method == "offers" else [item for item in popular if item in allowed]
                hits = [item in truth for item in ranked[:PLACES]]
                ideal = sum(1 / log2(n + 2) for n in range(min(PLACES, len(truth))))
                gain = sum(hit / log2(n + 2) for n, hit in enumerate(hits))
                figures += [(sum(hits) / len(truth), any(hits), gain / ideal)] if truth else []
            found[what, method] = [len(figures), *np.mean(figures, axis=0).tolist()]
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_same_as_by_hand(seed: int) -> None:
    bought, orders = shop(seed)
    expected = by_hand(orders)
    for row in check(bought).table.iter_rows(named=True):
        figures = [row[name] for name in ("customers", "recall", "hit", "ndcg")]
        assert figures == pytest.approx(expected[row["what"], row["method"]], abs=2e-6)


def test_a_kind_that_too_few_bought_has_no_probabilities() -> None:
    bought, _ = shop(0)
    found = check(bought)
    few = {what for what in ("repeat", "new") if found.of(what)["offers"]["customers"] < 50}
    assert few
    assert {what for what in few if found.verdict(what) == "few"} == few
    assert not set(found.probabilities["kind"]) & few


@pytest.mark.parametrize(
    ("recall", "ndcg", "verdict"),
    [
        ((0.3, 0.02, 0.18), (0.3, -0.1, 0.3), "better"),
        ((0.2, 0.0, 0.0), (0.3, 0.05, 0.15), "better"),
        ((0.19, -0.08, 0.06), (0.21, -0.02, 0.04), "unclear"),
        ((0.21, -0.08, 0.1), (0.19, -0.02, 0.01), "unclear"),
        ((0.2, 0.0, 0.0), (0.2, 0.0, 0.0), "worse"),
        ((0.19, -0.08, 0.06), (0.2, -0.02, 0.02), "worse"),
        ((0.1, -0.15, -0.05), (0.3, 0.05, 0.15), "worse"),
    ],
)
def test_what_is_told_of_a_list(
    recall: tuple[float, float, float], ndcg: tuple[float, float, float], verdict: str
) -> None:
    """Popularity has 0.2 of both; each figure with the 95% limits of its gain."""
    rows = [
        {"what": "new", "method": "offers", "customers": 60}
        | dict(zip(("recall", "recall_low", "recall_high"), recall, strict=True))
        | dict(zip(("ndcg", "ndcg_low", "ndcg_high"), ndcg, strict=True)),
        {"what": "new", "method": "popularity", "customers": 60, "recall": 0.2, "ndcg": 0.2},
    ]
    assert Check(table=pl.DataFrame(rows), probabilities=pl.DataFrame(), customers=60).verdict("new") == verdict
