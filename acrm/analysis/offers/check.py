"""The lists against what was bought next: every customer's last order held out, popularity beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from acrm.analysis.offers.lists import new_list, popular_list, repeat_list, weigh
from acrm.analysis.offers.purchases import habits, sought

if TYPE_CHECKING:
    import polars as pl

PLACES = 10
ORDERS = 3
"""Orders that a customer must have for the last one to be held out."""
NEEDED = 50
"""Customers without whom a check says nothing."""
_JUDGED = ("recall", "ndcg")
MOST = 20_000
"""Customers who are tested at most: evenly spread over all, by id."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """What the check found.

    Attributes:
        table: By `what` (all, repeat, new) and `method` (offers, popularity): `customers`, `recall`, `hit`, `ndcg`,
            and for offers 95% limits of the gain over popularity: `recall_low`, `recall_high`, `ndcg_low`, `ndcg_high`.
        probabilities: By `kind`, ascending `score`: the `probability` that an offer of that score was in the order
            that came next, monotone.
        customers: How many were tested.
    """

    table: pl.DataFrame
    probabilities: pl.DataFrame
    customers: int

    def of(self, what: str) -> dict[str, dict[str, Any]]:
        """The rows of `table` about these offers, by method."""
        return {row["method"]: row for row in self.table.filter(what=what).iter_rows(named=True)}

    def verdict(self, what: str) -> Literal["few", "better", "unclear", "worse"]:
        """Whether the list beats popularity, by what it finds (recall) and how high it ranks that (nDCG).

        `few`: too few customers to say. `worse`: clearly behind in one of the two, or ahead in neither. `better`:
        clearly ahead in one. `unclear`: ahead in one, but chance alone may show such a gain.
        """
        ours, rival = (self.of(what)[method] for method in ("offers", "popularity"))
        if ours["customers"] < NEEDED:
            return "few"
        behind = any(ours[f"{name}_high"] < 0 for name in _JUDGED)
        ahead = any(ours[name] > rival[name] for name in _JUDGED)
        if behind or not ahead:
            return "worse"
        return "better" if any(ours[f"{name}_low"] > 0 for name in _JUDGED) else "unclear"


def check(bought: pl.DataFrame) -> Check:
    """Fit without the last order of every customer with `ORDERS` or more, and look for it in the lists.

    `all` is the repeat list filled up with the new one. Repeat and new are each held against what was bought of
    their kind, by customers who bought any. Others' later orders stay in what is learned from.

    Args:
        bought: As of `purchases.numbered`.
    """
    import polars as pl

    last = (pl.col("placed") >= ORDERS) & (pl.col("place") == pl.col("placed") - 1)
    held, known = bought.filter(last), bought.filter(~last)
    tested = held["customer_id"].unique().sort()
    if len(tested) > MOST:
        tested = tested.gather_every(-(-len(tested) // MOST))
    held = held.filter(pl.col("customer_id").is_in(tested.implode())).select("customer_id", "product_id")
    history = habits(known)
    popular = sought(history)
    theirs = history.filter(pl.col("customer_id").is_in(tested.implode()))
    offered = popular["product_id"]
    weights = weigh(history, popular)
    repeat = repeat_list(theirs, popular, offered, PLACES)
    new = new_list(theirs, weights, offered, PLACES, reasoned=False)
    both = pl.concat([repeat.with_columns(turn=pl.col("rank")), new.with_columns(turn=pl.col("rank") + PLACES)])
    place = (pl.int_range(pl.len()).over("customer_id") + 1).alias("rank")
    both = both.sort("customer_id", "turn").with_columns(place).filter(pl.col("rank") <= PLACES)
    owned = theirs.select("customer_id", "product_id")
    truth = {
        "all": held,
        "repeat": held.join(owned, on=["customer_id", "product_id"], how="semi"),
        "new": held.join(owned, on=["customer_id", "product_id"], how="anti"),
    }
    rows: list[dict[str, Any]] = []
    for what, ours in (("all", both), ("repeat", repeat), ("new", new)):
        rival = popular_list(theirs, popular, PLACES, what)  # type: ignore[arg-type]
        rows += _rows(what, truth[what], ours, rival)
    schema = {
        "what": pl.String,
        "method": pl.String,
        "customers": pl.Int64,
        **dict.fromkeys(("recall", "hit", "ndcg"), pl.Float64),
        **{f"{name}_{end}": pl.Float64 for name in _JUDGED for end in ("low", "high")},
    }
    probabilities = [_probabilities(kind, truth[kind], ours) for kind, ours in (("repeat", repeat), ("new", new))]
    return Check(table=pl.DataFrame(rows, schema=schema), probabilities=pl.concat(probabilities), customers=len(tested))


def _rows(what: str, truth: pl.DataFrame, ours: pl.DataFrame, rival: pl.DataFrame) -> list[dict[str, Any]]:
    import numpy as np

    found = {"offers": _quality(truth, ours), "popularity": _quality(truth, rival)}
    customers = len(found["offers"]["recall"])
    rows: list[dict[str, Any]] = []
    for method, quality in found.items():
        figures = {name: round(float(values.mean()), 6) if customers else None for name, values in quality.items()}
        rows.append({"what": what, "method": method, "customers": customers, **figures})
    for name in _JUDGED if customers > 1 else ():
        gain = found["offers"][name] - found["popularity"][name]
        margin = 1.96 * float(gain.std(ddof=1)) / float(np.sqrt(customers))
        mean = float(gain.mean())
        rows[0] |= {f"{name}_low": round(mean - margin, 6), f"{name}_high": round(mean + margin, 6)}
    return rows


def _quality(truth: pl.DataFrame, ranking: pl.DataFrame) -> dict[str, Any]:
    import numpy as np
    import polars as pl

    from acrm.models.recommend import quality

    relevant = truth.group_by("customer_id").len().sort("customer_id").with_row_index("row")
    hit = ranking.join(truth, on=["customer_id", "product_id"]).join(relevant, on="customer_id")
    hits = np.zeros((relevant.height, PLACES), np.bool_)
    hits[hit["row"].to_numpy(), hit.select(pl.col("rank") - 1).to_series().to_numpy()] = True
    return dict(quality(hits, relevant["len"].cast(pl.Int64).to_numpy()))


def _probabilities(kind: str, truth: pl.DataFrame, ranking: pl.DataFrame) -> pl.DataFrame:
    """The share of offers that were bought by their score, as a rising line; none where there is no verdict."""
    import polars as pl

    from acrm.models.recommend import rising

    if truth["customer_id"].n_unique() < NEEDED:
        return pl.DataFrame(schema={"kind": pl.String, "score": pl.Float64, "probability": pl.Float64})
    hit = ranking.join(
        truth.with_columns(hit=pl.lit(1.0)), on=["customer_id", "product_id"], how="left", maintain_order="left"
    )
    scores, shares = rising(hit["score"].to_numpy(), hit["hit"].fill_null(0.0).to_numpy())
    found = pl.DataFrame({"score": scores, "probability": shares}).with_columns(pl.col("probability").round(6))
    return found.select(pl.lit(kind).alias("kind"), "score", "probability")
