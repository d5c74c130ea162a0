"""A made-up shop as acrm keeps it: `python -m tests.benchmarks.made.shop LINES FOLDER` writes a store.

Two years; an order is of 2.5 lines, a customer has 20 orders; on ten lines there is one interaction. Customers come at
all times, buy at rates of their own and stop for good after a time that depends on the channel they use and on how much
of what they buy is reduced. In the last weeks before that they write tickets about delivery more often, give more
back and visit the site less. Who stopped shows in nothing else: there is no column for it.

The same count gives the same rows. Orders are drawn at once and sorted by time, lines are written in pieces.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from acrm import __version__
from acrm.lineage import KEY
from acrm.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LINES_AN_ORDER, ORDERS_A_CUSTOMER, LINES_AN_INTERACTION = 2.5, 20, 10
DAYS = 730
LAST_WEEKS = 45
PIECE = 1_000_000
"""Orders written at once."""
PRODUCTS = 20_000
START = np.datetime64("2023-01-01", "us")
CHANNELS = np.array(["app", "shop", "web"])
SUBJECTS = np.array(["delivery", "invoice", "product", "warranty"])


class Shop:
    """Customers, and when each comes and goes."""

    def __init__(self, lines: int) -> None:
        self.random = np.random.default_rng(0)
        self.orders = int(lines / LINES_AN_ORDER)
        self.interactions = lines // LINES_AN_INTERACTION
        draw, self.customers = self.random, max(int(self.orders / ORDERS_A_CUSTOMER), 1)
        self.begin = np.where(draw.random(self.customers) < 0.3, 0.0, draw.random(self.customers) * DAYS)
        self.channel = draw.choice(3, self.customers, p=[0.4, 0.35, 0.25])
        self.reduced = draw.beta(1.2, 4.0, self.customers)
        self.grade = draw.random(self.customers)
        lasting = 420 * np.exp(
            np.array([0.5, 0.1, -0.5])[self.channel] - 2.5 * (self.reduced - 0.23) + 0.6 * self.grade
        )
        stop = self.begin + draw.exponential(lasting)
        self.end = np.minimum(stop, DAYS)
        self.stops = stop < DAYS
        self.rate = draw.gamma(0.9, 1.0, self.customers) * (0.5 + self.grade)

    def times(self, count: int, rate: Floats) -> tuple[NDArray[np.intp], Floats]:
        """The customer and the day of about so many events, in the order of time."""
        expected = rate * (self.end - self.begin)
        number = self.random.poisson(expected * count / expected.sum())
        customer = np.repeat(np.arange(self.customers), number)
        day = self.begin[customer] + self.random.random(len(customer)) * (self.end - self.begin)[customer]
        order = np.argsort(day)
        return customer[order], day[order]

    def leaving(self, customer: NDArray[np.intp], day: Floats) -> NDArray[np.bool_]:
        """Whether the customer is about to stop."""
        return self.stops[customer] & (self.end[customer] - day < LAST_WEEKS)


def transactions(shop: Shop) -> Iterator[pl.DataFrame]:
    """Order lines in pieces, by `order_id`."""
    customers, days = shop.times(shop.orders, shop.rate)
    for at in range(0, len(days), PIECE):
        customer, day = customers[at : at + PIECE], days[at : at + PIECE]
        lines = 1 + shop.random.poisson(LINES_AN_ORDER - 1, len(day))
        order = np.repeat(np.arange(len(day)), lines)
        who, size = customer[order], len(order)
        back = shop.random.random(size) < np.where(shop.leaving(customer, day), 0.07, 0.02)[order]
        product = (shop.random.random(size) ** 3 * PRODUCTS).astype(int)
        price = product * 7919 % 9900 + 99
        quantity = shop.random.integers(1, 5, size) * np.where(back, -1, 1)
        off = (shop.random.random(size) < shop.reduced[who]) * price // 5
        ordered = START + (day * 86_400_000_000).astype("timedelta64[us]")
        yield pl.DataFrame(
            {
                "order": at + order,
                "line_no": np.arange(size) - np.repeat(np.cumsum(lines) - lines, lines) + 1,
                "customer": who,
                "ordered_at": ordered[order],
                "product": product,
                "quantity": quantity,
                "price": price,
                "off": off,
                "is_refund": back,
                "channel": CHANNELS[np.where(shop.random.random(len(day)) < 0.8, shop.channel[customer], 0)[order]],
                "unit": who % 40,
            }
        ).select(
            pl.format("O{}", pl.col("order").cast(pl.String).str.zfill(9)).alias("order_id"),
            pl.col("line_no").cast(pl.Int64),
            _id("C", "customer"),
            pl.col("ordered_at").dt.replace_time_zone("UTC"),
            pl.col("ordered_at").dt.date().alias("ordered_on"),
            _id("P", "product"),
            pl.col("quantity").cast(pl.Decimal(38, 4)),
            _money(pl.col("price")).alias("unit_price"),
            _money(pl.col("off") * pl.col("quantity").abs()).alias("discount"),
            _money((pl.col("price") - pl.col("off")) * pl.col("quantity")).alias("line_amount"),
            pl.lit("EUR").alias("currency"),
            "is_refund",
            "channel",
            pl.format("U{}", "unit").alias("unit"),
        )


def interactions(shop: Shop) -> pl.DataFrame:
    """Visits, calls and tickets, in the order of time."""
    customer, day = shop.times(shop.interactions, shop.rate**0.5)
    draw, size = shop.random, len(day)
    leaving = shop.leaving(customer, day)
    kind = np.select([draw.random(size) < np.where(leaving, 0.5, 0.8), draw.random(size) < 0.5], [0, 1], 2)
    subject = np.where(leaving & (draw.random(size) < 0.5), 0, draw.integers(0, len(SUBJECTS), size))
    started = START + (day * 86_400_000_000).astype("timedelta64[us]")
    answered = started + (draw.exponential(np.where(leaving, 40, 15)) * 3_600_000_000).astype("timedelta64[us]")
    spoken = pl.col("kind") != "web_visit"
    return pl.DataFrame(
        {
            "kind": np.array(["web_visit", "call", "ticket"])[kind],
            "started_at": started,
            "customer": customer,
            "answered": answered,
            "subject": SUBJECTS[subject],
        }
    ).select(
        pl.format("I{}", pl.int_range(pl.len()).cast(pl.String).str.zfill(9)).alias("interaction_id"),
        "kind",
        pl.col("started_at").dt.replace_time_zone("UTC"),
        _id("C", "customer"),
        pl.when(spoken).then("answered").dt.replace_time_zone("UTC").alias("first_response_at"),
        pl.when(spoken).then("subject").alias("subject"),
    )


def customers(shop: Shop) -> pl.DataFrame:
    """Who they are, by `customer_id`."""
    draw, size = shop.random, shop.customers
    return pl.DataFrame(
        {
            "customer": np.arange(size),
            "birth_date": np.datetime64("1950-01-01") + draw.integers(0, 20_000, size).astype("timedelta64[D]"),
            "gender": np.array(["f", "m"])[draw.integers(0, 2, size)],
            "city": np.array([f"City {number}" for number in range(60)])[(draw.random(size) ** 2 * 60).astype(int)],
            "source": np.array(["search", "friend", "advert", "shop"])[draw.integers(0, 4, size)],
        }
    ).select(_id("C", "customer"), "birth_date", "gender", "city", "source")


def _id(letter: str, name: str) -> pl.Expr:
    return pl.format(f"{letter}{{}}", pl.col(name).cast(pl.String).str.zfill(7)).alias(f"{name}_id")


def _money(cents: pl.Expr) -> pl.Expr:
    return cents.cast(pl.Decimal(38, 0)).cast(pl.Decimal(38, 4)) / 100


def main(lines: int, folder: Path) -> None:
    """Write the tables of the store."""
    folder.mkdir(parents=True, exist_ok=True)
    shop = Shop(lines)
    pieces = []
    for number, piece in enumerate(transactions(shop)):
        pieces.append(folder / f"{number}.arrow")
        piece.write_ipc(pieces[-1])
    _write(pl.scan_ipc(pieces), "transactions", folder)
    for path in pieces:
        path.unlink()
    _write(interactions(shop).lazy(), "interactions", folder)
    _write(customers(shop).lazy(), "customers", folder)


def _write(table: pl.LazyFrame, name: str, folder: Path) -> None:
    made = {"acrm": __version__, "schema_version": SCHEMA_VERSION, "command": "clean", "table": name}
    path = folder / f"{name}.parquet"
    told = (pl.lit("shop").alias("_source_file"), pl.int_range(pl.len()).alias("_source_row"))
    stored = table.with_columns(*told, _flags=pl.lit(None, pl.String)).cast({pl.Decimal: pl.Decimal(38, 4)})
    stored.sink_parquet(path, compression="zstd", metadata={KEY: json.dumps(made)})


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
