"""A customer's card: who they are, what happened, what is expected of them, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from acrm.analysis.report.timeline import timeline
from acrm.analysis.report.whose import customer_of
from acrm.analysis.result import Scalar
from acrm.messages import Message
from acrm.schema import polars_schema

if TYPE_CHECKING:
    import polars as pl

ABOUT = (
    *("full_name", "company", "customer_type", "email", "phone_e164", "phone", "card_number", "birth_date", "city"),
    *("region", "country", "source", "created_at", "owner", "tags"),
)
"""What is told of who they are, where it is known."""
OFFERED, DECIDED = 3, 5
GAPS = 3
"""Spans between days of purchase from which on there is a rhythm of one's own."""


@dataclass(frozen=True, kw_only=True)
class CustomerCard:
    """One customer.

    Attributes:
        customer_id: The id.
        about: What is known of them, by column (see `ABOUT`).
        consent: Whether they may be contacted; None: not told.
        rfm, clv, churn: Their row of the analyses; None: they are not in them.
        tables: `timeline` (see `timeline.timeline`), `open` (contacts nobody has solved: `started_at`, `kind`,
            `subject`, `waits_days`), `offers` (the best: `product`, `expected_value`, `due_from`, `due_to`, `reason`),
            `decided` (what was decided about them, the newest first: rows of `decisions`), `monthly` (`month`,
            `amount`, `orders`, from the first to the last).
        figures: `orders`, `spend`, `days_since_last`, `usual_gap`, `longest_gap` (days between days of purchase),
            `overdue_days` (beyond the longest gap there was, from three gaps on), `currency`, `as_of`.
        notes: What is overdue, what is missing.
    """

    customer_id: str
    about: Mapping[str, Scalar]
    consent: bool | None
    rfm: Mapping[str, Any] | None
    clv: Mapping[str, Any] | None
    churn: Mapping[str, Any] | None
    tables: dict[str, pl.DataFrame]
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def card(
    who: str, tables: Mapping[str, pl.LazyFrame], results: Mapping[str, Any], *, as_of: date | None = None
) -> CustomerCard:
    """Gather what the tables and the results say of one customer; nothing is computed of them that is not there.

    Args:
        who: An id, or an e-mail address, phone or name that is one customer's.
        tables: Canonical tables.
        results: `rfm`, `clv`, `churn`, `offers`, as far as there are any.
        as_of: Today. None: that of the results, else the day after the last thing that happened.

    Raises:
        InputError: Nobody, or more than one, is meant.
    """
    customer = customer_of(who, tables)
    days = timeline(customer, tables)
    last: Any = days["day"].max()
    told = (getattr(one, "summary", {}).get("as_of") for one in results.values())
    known: Any = next((day for day in told if day), last + timedelta(days=1) if last else None)
    today: date | None = as_of or known
    row = _row(tables.get("customers"), customer) or {}
    rows = {name: _scored(results.get(name), customer) for name in ("rfm", "clv", "churn")}
    bought, figures = _bought(customer, tables, today)
    figures |= {"as_of": today, "currency": _currency(results, tables, customer)}
    made = {
        "timeline": days,
        "open": _open(tables, customer, today),
        "offers": _offers(results.get("offers"), customer),
        "decided": _decided(tables, customer),
        "monthly": bought,
    }
    about: dict[str, Scalar] = {name: row[name] for name in ABOUT if row.get(name) is not None}
    if "phone_e164" in about:
        about.pop("phone", None)
    consent = row.get("consent")
    notes = [Message("report_card.refuses")] if consent is False else []
    if figures["overdue_days"]:
        notes.append(Message("report_card.overdue", figures))
    waits = made["open"].height
    if waits:
        notes.append(Message("report_card.waits", {"n": waits}))
    return CustomerCard(
        customer_id=customer, about=about, consent=consent, tables=made, figures=figures, notes=tuple(notes), **rows
    )


def _row(frame: pl.LazyFrame | None, customer: str) -> dict[str, Any] | None:
    import polars as pl

    if frame is None:
        return None
    found = frame.filter(pl.col("customer_id") == customer).head(1).collect()
    return found.row(0, named=True) if found.height else None


def _scored(result: Any, customer: str) -> dict[str, Any] | None:
    """The customer's row of the main table of a result."""
    if result is None or "customers" not in result.tables:
        return None
    found = result.tables["customers"].filter(customer_id=customer)
    row = found.row(0, named=True) if found.height else None
    if row and "segments" in result.tables and "label" in result.tables["segments"].columns:
        label = result.tables["segments"].filter(segment=row["segment"])["label"]
        row["label"] = label[0] if label.len() else row["segment"]
    return row


def _currency(results: Mapping[str, Any], tables: Mapping[str, pl.LazyFrame], customer: str) -> str | None:
    import polars as pl

    known = (getattr(one, "summary", {}).get("currency") for one in results.values())
    code = next((code for code in known if code), None)
    frame = tables.get("transactions")
    if code or frame is None or "currency" not in frame.collect_schema().names():
        return code
    own = frame.filter(pl.col("customer_id") == customer).select("currency").unique().collect()["currency"].drop_nulls()
    return str(own[0]) if own.len() == 1 else None


def _bought(
    customer: str, tables: Mapping[str, pl.LazyFrame], today: date | None
) -> tuple[pl.DataFrame, dict[str, Scalar]]:
    """Spend by month, and the rhythm of the days of purchase."""
    import polars as pl

    from acrm.summaries.customers import purchase_days

    names = ("orders", "spend", "days_since_last", "usual_gap", "longest_gap", "overdue_days")
    figures: dict[str, Scalar] = dict.fromkeys(names)
    schema: dict[str, Any] = {"month": pl.Date, "amount": pl.Decimal(38, 4), "orders": pl.Int64}
    lines = tables.get("transactions")
    if lines is None or today is None:
        return pl.DataFrame(schema=schema), figures
    days = purchase_days(lines.filter(pl.col("customer_id") == customer), as_of=today).collect().sort("day")
    if days.is_empty():
        return pl.DataFrame(schema=schema), figures
    gaps = days["day"].diff().drop_nulls().dt.total_days()
    since = (today - days["day"][-1]).days
    median: Any = gaps.median()
    longest: Any = gaps.max()
    figures |= {"orders": int(days["orders"].sum()), "spend": days["amount"].sum(), "days_since_last": since}
    figures |= {"usual_gap": median, "longest_gap": longest}
    figures["overdue_days"] = since - longest if gaps.len() >= GAPS and since > longest else None
    months = days.group_by(pl.col("day").dt.truncate("1mo").alias("month")).agg(
        pl.col("amount").sum(), pl.col("orders").sum().cast(pl.Int64)
    )
    first: Any = months["month"].min()
    span = pl.DataFrame({"month": pl.date_range(first, months["month"].max(), "1mo", eager=True)})  # type: ignore[arg-type]
    whole = (
        span.join(months, on="month", how="left").sort("month").with_columns(pl.col("amount", "orders").fill_null(0))
    )
    return whole.select(pl.col(name).cast(kind) for name, kind in schema.items()), figures


def _open(tables: Mapping[str, pl.LazyFrame], customer: str, today: date | None) -> pl.DataFrame:
    """Contacts that somebody waits for and that have not ended."""
    import polars as pl

    from acrm.analysis.report.service import WAITING

    schema = {"started_at": pl.Date, "kind": pl.String, "subject": pl.String, "waits_days": pl.Int64}
    frame = tables.get("interactions")
    have = [] if frame is None else frame.collect_schema().names()
    # Where no end is ever told, none is missing.
    if frame is None or "ended_at" not in have or "customer_id" not in have:
        return pl.DataFrame(schema=schema)
    subject = pl.col("subject") if "subject" in have else pl.lit(None, pl.String).alias("subject")
    rows = frame.filter(
        pl.col("customer_id") == customer, pl.col("kind").is_in(WAITING), pl.col("ended_at").is_null()
    ).select(pl.col("started_at").dt.date(), "kind", subject)
    waits = (pl.lit(today, pl.Date) - pl.col("started_at")).dt.total_days().alias("waits_days")
    return rows.with_columns(waits).sort("started_at", "kind", nulls_last=True).collect()


def _offers(result: Any, customer: str) -> pl.DataFrame:
    """The offers worth most."""
    import polars as pl

    if result is None:
        return pl.DataFrame(schema={"product": pl.String})
    names = result.tables["products"].select("product_id", "product_name")
    rows = result.tables["offers"].filter(customer_id=customer).join(names, on="product_id", how="left")
    rows = rows.sort("expected_value", "kind", "rank", descending=[True, False, False], nulls_last=True).head(OFFERED)
    product = pl.coalesce("product_name", "product_id").alias("product")
    table: pl.DataFrame = rows.select(product, "kind", "expected_value", "due_from", "due_to", "reason")
    return table


def _decided(tables: Mapping[str, pl.LazyFrame], customer: str) -> pl.DataFrame:
    import polars as pl

    frame = tables.get("decisions")
    if frame is None:
        return pl.DataFrame(schema=polars_schema("decisions"))
    rows = frame.filter(pl.col("customer_id") == customer).collect()
    return rows.sort("made_at", "decision_id", descending=[True, False]).head(DECIDED)
