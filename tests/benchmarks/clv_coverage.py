"""Do the limits of `acrm clv` hold as often as they say? Made-up customers of known ways, and what became of them.

    python -m tests.benchmarks.clv_coverage [SETS] [--customers N]

Customers join over a year, are watched up to the end of the second, and the third shows what came. Three truths in
turn: BG/NBD, MBG/NBD and Pareto/NBD, each with Gamma-Gamma spend, with the parameters of the CDNOW sample; the same
model is fitted. Shown is the share of sets whose total of orders and of revenue lies within 80% limits, and the mean
share of customers whose discounted money does, with the error of these shares.

Money is 0 for many, so that limits cannot hold with just 80%: where 0 is likelier than 90%, both limits are 0 and hold
more often. `plain` counts whoever lies within the limits, 0 included; `fair` counts a 0 by the part of its probability
that lies between the tails of 10%, as if 0s were told apart at random. Only `fair` is to be 80%.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from acrm.analysis.clv import fitting, scoring, totals
from acrm.analysis.clv.params import WEEK, ClvParams
from acrm.analysis.clv.purchases import EPOCH, Purchases
from acrm.models import purchases as models

TRUTHS = {
    "bg-nbd": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426},
    "mbg-nbd": {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614},
    "pareto-nbd": {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669},
}
P, Q, GAMMA = 6.25, 3.74, 15.44
YEAR = 365
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Held:
    """Of one set of customers: whether the limits of both totals held, and the share of customers whose did."""

    orders: bool
    revenue: bool
    plain: float
    fair: float


def main() -> None:
    """Make the sets and print a line for each truth."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.clv_coverage")
    parser.add_argument("sets", nargs="?", type=int, default=200)
    parser.add_argument("--customers", type=int, default=1500)
    asked = parser.parse_args()
    sys.stdout.write(f"{'80% limits hold':<16}{'sets':>6}{'orders':>16}{'revenue':>16}{'plain':>8}{'fair':>16}\n")
    every: list[Held] = []
    for place, truth in enumerate(TRUTHS):
        found = list(coverage(truth, len(range(place, asked.sets, len(TRUTHS))), asked.customers))
        every += found
        show(truth, found)
    show("all", every)


def show(name: str, found: list[Held]) -> None:
    """A line of the table."""

    def share(of: str) -> str:
        values = np.array([getattr(one, of) for one in found], dtype=float)
        return f"{values.mean():>9.1%} ±{values.std() / np.sqrt(len(values)):>5.1%}"

    plain = np.mean([one.plain for one in found])
    line = f"{name:<16}{len(found):>6}{share('orders')}{share('revenue')}{plain:>8.1%}{share('fair')}\n"
    sys.stdout.write(line)
    sys.stdout.flush()


def coverage(truth: str, sets: int, customers: int) -> Iterator[Held]:
    """What became of the limits in so many sets of customers."""
    params = ClvParams(horizon=YEAR)
    for number in range(sets):
        rng = np.random.default_rng([number, *truth.encode()])
        purchases, orders, money = simulated(truth, customers, rng, params.rate)
        known = purchases.until(purchases.end)
        grouped = known.grouped()
        model, fit = models.fit(truth, grouped.histories)
        spend = fitting.spend_of(known)
        valued = scoring.Valued(model=model, fit=fit, spend=spend, known=known, grouped=grouped, kept=1.0)
        sums: Any = totals.totals(valued, params)
        scores = scoring.scored(purchases.ids, valued, params)
        low, high = (scores[name].cast(pl.Float64).to_numpy() for name in ("clv_low", "clv_high"))
        nil = 1 - scores["p_order"].to_numpy()
        within = (low <= money[:, 1]) & (money[:, 1] <= high)
        part = np.maximum(np.minimum(nil, 0.9) - 0.1, 0) / np.maximum(nil, 1e-12)
        yield Held(
            orders=bool(sums["year_orders_low"] <= orders <= sums["year_orders_high"]),
            revenue=bool(sums["year_revenue_low"] <= money[:, 0].sum() <= sums["year_revenue_high"]),
            plain=float(within.mean()),
            fair=float(np.where(money[:, 1] > 0, within, part).mean()),
        )


def simulated(truth: str, customers: int, rng: np.random.Generator, rate: float) -> tuple[Purchases, int, Floats]:
    """What is known of customers after two years; order days of the third, and everybody's money of it.

    Money in two columns, as it is and discounted at a continuous `rate` per day.
    """
    customer, day = order_days(truth, customers, rng)
    worth = rng.standard_gamma(Q, customers) / GAMMA
    amount = rng.standard_gamma(P, len(day)) / worth[customer]
    before, after = day < 2 * YEAR, (day >= 2 * YEAR) & (day < 3 * YEAR)
    money = np.zeros((customers, 2))
    np.add.at(money[:, 0], customer[after], amount[after])
    np.add.at(money[:, 1], customer[after], (amount * np.exp(-rate * (day - 2 * YEAR)))[after])
    start = np.searchsorted(customer[before], np.arange(customers + 1))
    known = Purchases(
        ids=pl.Series([f"C{number:05}" for number in range(customers)]),
        start=start,
        day=day[before],
        amount=amount[before],
        as_of=EPOCH + timedelta(days=2 * YEAR),
        unit=WEEK,
        kept=1.0,
        figures={},
        notes=(),
    )
    return known, int(after.sum()), money


def order_days(truth: str, customers: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], Floats]:
    """Customer and whole day of the orders of three years, sorted, each day once."""
    who, time = _orders(truth, rng.uniform(0, YEAR, customers), rng)
    codes = np.unique(who * (3 * YEAR) + time.astype(np.int64))
    return codes // (3 * YEAR), (codes % (3 * YEAR)).astype(float)


def _orders(truth: str, joined: Floats, rng: np.random.Generator) -> tuple[NDArray[np.intp], Floats]:
    """Customer and day, in fractions, of all orders of three years, the first ones included."""
    given, customers = TRUTHS[truth], len(joined)
    rate = rng.standard_gamma(given["r"], customers) / given["alpha"]
    if truth == "pareto-nbd":
        leave = rng.standard_gamma(given["s"], customers) / given["beta"]
        end = joined + WEEK * rng.standard_exponential(customers) / leave
        drop = np.zeros(customers)
    else:
        end = np.full(customers, np.inf)
        drop = rng.beta(given["a"], given["b"], customers)
    who, time = [np.arange(customers)], [joined]
    going = who[0][rng.random(customers) >= drop] if truth == "mbg-nbd" else who[0]
    now = joined.copy()
    while len(going):
        now[going] += WEEK * rng.standard_exponential(len(going)) / np.maximum(rate[going], 1e-12)
        going = going[now[going] < np.minimum(end[going], 3 * YEAR)]
        who.append(going)
        time.append(now[going])
        going = going[rng.random(len(going)) >= drop[going]]
    return np.concatenate(who), np.concatenate(time)


if __name__ == "__main__":
    main()
