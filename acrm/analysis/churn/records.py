"""All that is known of customers by the day on which it became known, and that what was known until a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from acrm.analysis.history import read_history
from acrm.analysis.people.behaviour import contacts_by_day
from acrm.analysis.result import Scalar
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

TOPICS = 6
"""Subjects of contacts that are told apart: the most frequent."""
TOPIC_SHARE = 0.02
"""Least share of the contacts with a subject: free text makes no topics."""
MOST_LINES = 20_000_000
"""Order lines beyond which the products of a customer are not told apart: it would take the most memory of all."""
_KEYS = ("customer_id", "product_id")


@dataclass(frozen=True, kw_only=True)
class Past:
    """What was known at the end of the day `cutoff`; no frame has a row of a later day.

    Attributes:
        cutoff: The last day known.
        days: Days with a purchase, sorted by `customer_id` and `day`: `gap` (days since the purchase before, null for
            the first), and the columns of `acrm.summaries.days.order_days` but refunds. Where there are no order lines
            it has no rows.
        refunds: `customer_id`, `day`, `refunds` Decimal above 0, sorted.
        contacts: As of `acrm.summaries.days.contact_days`, sorted.
        topics: Subjects that have a column of their own, chosen once from all contacts.
        deals: `customer_id`, `day`, `begun`, `won`, `lost`, sorted; one row per customer and day.
        customers: One row per customer, by `customer_id`: as they stand today, without those created later.
        contracts: By the `day` they began, see `acrm.analysis.churn.agreements`; `left_on` is null until that day.
    """

    cutoff: date
    days: pl.DataFrame
    refunds: pl.DataFrame
    contacts: pl.DataFrame | None = None
    topics: tuple[str, ...] = ()
    deals: pl.DataFrame | None = None
    customers: pl.DataFrame | None = None
    contracts: pl.DataFrame | None = None

    def until(self, cutoff: date) -> Past:
        """What was known at the end of an earlier day.

        Raises:
            ValueError: The day is later than all that is known.
        """
        import polars as pl

        if cutoff > self.cutoff:
            raise ValueError(f"{cutoff} is after {self.cutoff}")

        def known(frame: pl.DataFrame | None) -> pl.DataFrame | None:
            return None if frame is None else frame.filter(pl.col("day") <= cutoff)

        customers = self.customers
        if customers is not None and "created_at" in customers.columns:
            customers = customers.filter((pl.col("created_at").dt.date() <= cutoff).fill_null(value=True))
        contracts = known(self.contracts)
        if contracts is not None:
            contracts = contracts.with_columns(left_on=pl.when(pl.col("left_on") <= cutoff).then("left_on"))
        return replace(
            self,
            cutoff=cutoff,
            days=self.days.filter(pl.col("day") <= cutoff),
            refunds=self.refunds.filter(pl.col("day") <= cutoff),
            contacts=known(self.contacts),
            deals=known(self.deals),
            customers=customers,
            contracts=contracts,
        )

    def of(self, everyone: pl.DataFrame) -> Past:
        """What was known of some customers; `everyone` has their `customer_id`."""

        def theirs(frame: pl.DataFrame) -> pl.DataFrame:
            return frame.join(everyone, on="customer_id", how="semi", maintain_order="left")

        return replace(
            self,
            days=theirs(self.days),
            refunds=theirs(self.refunds),
            contacts=None if self.contacts is None else theirs(self.contacts),
            deals=None if self.deals is None else theirs(self.deals),
            customers=None if self.customers is None else theirs(self.customers),
            contracts=None if self.contracts is None else theirs(self.contracts),
        )


@dataclass(frozen=True, kw_only=True)
class Records:
    """The whole of what is known, and the account of the order lines.

    Attributes:
        past: Everything, its `cutoff` being today: as of which customers are scored.
        first: Day of the first purchase of all.
        last: Last day observed, where the last label ends: `as_of`, or the last day with an order line without one.
        figures: As of `read_history`.
        notes: What to say of the lines.
    """

    past: Past
    first: date
    last: date
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]

    def drawn(self, most: int, seed: int) -> Records:
        """Everything that is known of so many customers, drawn from all who bought; of fewer, of all."""
        import numpy as np

        everyone = self.past.days.select("customer_id").unique().sort("customer_id")
        if everyone.height <= most:
            return self
        places = np.sort(np.random.default_rng(seed).choice(everyone.height, most, replace=False))
        return replace(self, past=self.past.of(everyone[places]))


def read_records(lines: pl.LazyFrame, tables: Mapping[str, pl.LazyFrame], *, as_of: date | None = None) -> Records:
    """Reduce order lines, contacts and deals to days in one pass each; everything later than `as_of` is left out.

    Order lines tell the time: without `as_of` today is the day after the last of them.

    Args:
        lines: Canonical transactions.
        tables: `interactions`, `deals`, `customers`, if there are any.
        as_of: Last day that counts. None: as `read_history` has it.

    Raises:
        InputError: See `read_history`.
    """
    import polars as pl

    from acrm import engine
    from acrm.summaries.days import order_days

    size = engine.height(lines)
    notes: tuple[Message, ...] = ()
    if size > MOST_LINES and "product_id" in engine.columns(lines):
        lines = lines.drop("product_id")
        notes = (Message("churn_transactional.no_breadth", {"lines": size, "most": MOST_LINES}),)
    history = read_history(engine.coded(lines, _KEYS), refunds="net", as_of=as_of, beside=(order_days,))
    today: Any = history.figures["as_of"]
    # Without `as_of` today is the day after the last event: nothing is known of it yet.
    last = today if as_of is not None else today - timedelta(days=1)
    found = history.beside[0].with_columns(pl.col("customer_id").cast(pl.String)).sort("customer_id", "day")
    before = pl.when(pl.col("customer_id") == pl.col("customer_id").shift()).then(pl.col("day").shift())
    bought = found.filter(pl.col("orders") > 0).drop("refunds")
    days = bought.with_columns(gap=(pl.col("day") - before).dt.total_days().cast(pl.Float64))
    first: Any = days["day"].min()
    return Records(
        past=Past(
            cutoff=today,
            days=days,
            refunds=found.filter(pl.col("refunds") > 0).select("customer_id", "day", "refunds"),
            **beside_purchases(tables, today),
        ),
        first=first or last,
        last=last,
        figures=history.figures,
        notes=(*history.notes, *notes),
    )


def beside_purchases(tables: Mapping[str, pl.LazyFrame], today: date) -> dict[str, Any]:
    """What `Past` has of contacts, deals and customers."""
    told = tables.get("customers")
    customers = None
    if told is not None:
        known = told.drop_nulls("customer_id").collect()
        customers = known.unique("customer_id", keep="last", maintain_order=True).sort("customer_id")
    contacts = _contacts(tables.get("interactions"), today)
    return {
        "contacts": contacts,
        "topics": () if contacts is None else tuple(contacts["topic"].drop_nulls().unique().sort()),
        "deals": _deals(tables.get("deals"), today),
        "customers": customers,
    }


def _contacts(interactions: pl.LazyFrame | None, today: date) -> pl.DataFrame | None:
    import polars as pl

    if interactions is None:
        return None
    names = interactions.collect_schema().names()
    if "customer_id" not in names:
        return None
    topics: list[str] = []
    if "subject" in names:
        subject = pl.col("subject").str.strip_chars().str.to_lowercase()
        told = interactions.filter(pl.col("customer_id").is_not_null(), pl.col("started_at").dt.date() <= today)
        counts = told.select(subject).drop_nulls().group_by("subject").len().collect(engine="streaming")
        often = counts.filter(pl.col("len") >= TOPIC_SHARE * pl.col("len").sum(), pl.col("subject") != "")
        topics = often.sort("len", "subject", descending=[True, False])["subject"].head(TOPICS).to_list()
    found = contacts_by_day(interactions, topics=topics, as_of=today).collect(engine="streaming")
    return found.sort("customer_id", "day", "kind", "topic") if found.height else None


def _deals(deals: pl.LazyFrame | None, today: date) -> pl.DataFrame | None:
    """Deals on the day they were created and on the day they were closed; how they ended is not known before that."""
    import polars as pl

    if deals is None or not {"customer_id", "created_at"} <= set(deals.collect_schema().names()):
        return None
    rows = deals.drop_nulls("customer_id")
    events = [rows.select("customer_id", day=pl.col("created_at").dt.date(), begun=1, won=0, lost=0)]
    if "closed_at" in rows.collect_schema().names():
        ended = [(pl.col("status") == status).cast(pl.Int32).alias(status) for status in ("won", "lost")]
        closed = rows.filter(pl.col("status").is_in(["won", "lost"]))
        events.append(
            closed.select("customer_id", pl.col("closed_at").dt.date().alias("day"), pl.lit(0).alias("begun"), *ended)
        )
    found = pl.concat(events).filter(pl.col("day") <= today).group_by("customer_id", "day")
    table = found.agg(pl.col("begun", "won", "lost").sum()).collect().sort("customer_id", "day")
    return table if table.height else None
