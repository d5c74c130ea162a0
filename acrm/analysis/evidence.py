"""What all tables together say of each customer: when last heard of, what was sold, whether the files agree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.schema import TABLES

if TYPE_CHECKING:
    import polars as pl

DERIVED = ("email_key", "phone_e164", "line_no", "household_id", "company_id", "person_id", "ordered_on", "paid_on")
"""Columns that are made of others, and are as good as those."""
ALIKE = {"email": "email_key", "phone": "phone_e164"}
"""Fields of which two spellings are one by another column."""
_OWN = ("created_at", "external_id", "source", "customer_type", "tags")
"""What every source says of itself: no two need to agree."""


def share(part: int | Decimal | None, whole: int | Decimal | None) -> float | None:
    """A part of a whole, rounded to six digits; None where either is not known, or there is no whole."""
    return round(float(part / whole), 6) if whole and part is not None else None


def people(tables: Mapping[str, pl.LazyFrame], as_of: date | None) -> tuple[pl.LazyFrame, Decimal | None]:
    """The last day up to `as_of` (`_last`) and the sales (`_sales`) of each customer; and all sales.

    Without sales, and where they are in several currencies, there is no sum of all.
    """
    import polars as pl

    from acrm.validity import HAPPENED

    texts = {"customer_id": pl.String(), "currency": pl.String()}
    schema = {**texts, "_day": pl.Date(), "_sales": pl.Decimal(38, 4)}
    queries = []
    for name, columns in HAPPENED.items():
        frame = tables.get(name)
        have = [] if frame is None else frame.collect_schema().names()
        for column in columns:
            if frame is None or not {"customer_id", column} <= set(have):
                continue
            keys = [key for key in ("customer_id", "currency") if key in have]
            day = pl.col(column).cast(pl.Date)
            made = [pl.when(day <= pl.lit(as_of, pl.Date)).then(day).max().alias("_day")]
            if name == "transactions":
                made.append(pl.when(_is_sale(have)).then("line_amount").sum().alias("_sales"))
            queries.append(frame.group_by(keys).agg(made))
    found = pl.concat([pl.DataFrame(schema=schema), *pl.collect_all(queries, engine="streaming")], how="diagonal")
    sold = found.filter(pl.col("_sales") > 0)
    one = sold["currency"].drop_nulls().n_unique() <= 1
    known = found.drop_nulls("customer_id").lazy().group_by("customer_id")
    by_customer = known.agg(pl.col("_day").max().alias("_last"), pl.col("_sales").sum())
    return by_customer, Decimal(str(sold["_sales"].sum())) if one and sold.height else None


def _is_sale(columns: list[str]) -> pl.Expr:
    import polars as pl

    tests = [pl.col("line_amount") > 0]
    tests += [~pl.col(name).fill_null(False) for name in ("is_test", "is_refund") if name in columns]
    tests += [pl.col("status").fill_null("") != "cancelled"] if "status" in columns else []
    return pl.all_horizontal(tests)


def agreement(identities: pl.LazyFrame | None) -> dict[str, dict[str, Any]]:
    """By field, how many customers two files or more tell it of (`compared`), and the share of whom all tell the same.

    Letter case, ё, punctuation and the order of words make no difference.
    """
    import polars as pl

    if identities is None:
        return {}
    # What a customer list said before it was told anew is no second opinion.
    identities = identities.filter(~pl.col("_outdated"))
    have = identities.collect_schema().names()
    fields = [name for name in TABLES["customers"].names if name in have and name not in ("customer_id", *_OWN)]
    fields = [name for name in fields if name not in DERIVED]
    file = pl.col("_source_file")
    if not identities.select(file.min() != file.max()).collect().item():
        return {}
    several = identities.group_by("customer_id").agg(file.min() != file.max()).filter("_source_file")
    values = {name: pl.col(ALIKE[name] if ALIKE.get(name) in have else name).cast(pl.String) for name in fields}
    told = (
        identities.join(several, on="customer_id", how="semi")
        .select("customer_id", "_source_file", **values)
        .collect(engine="streaming")
    )
    fields = [name for name in fields if told[name].null_count() < told.height]
    # Whether texts are the same is all that is asked here, and numbers are compared many times faster.
    coded = told.lazy().select(
        pl.col("customer_id").hash(),
        *(pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash()).alias(name) for name in fields),
        *(pl.when(pl.col(name).is_not_null()).then(file.hash()).alias(f"{name}/file") for name in fields),
    )
    compared = (
        coded.group_by("customer_id")
        .agg(pl.exclude("customer_id").min().name.suffix("/least"), pl.exclude("customer_id").max())
        .select(
            "customer_id",
            *((pl.col(f"{name}/file/least") != pl.col(f"{name}/file")).alias(f"{name}/several") for name in fields),
            *((pl.col(f"{name}/least") == pl.col(name)).alias(f"{name}/same") for name in fields),
        )
        .collect()
    )
    told = told.with_columns(pl.col("customer_id").hash())
    found = {}
    for name in fields:
        asked = compared.filter(f"{name}/several")
        doubtful = asked.filter(~pl.col(f"{name}/same")).select("customer_id")
        words = pl.col(name).str.to_lowercase().str.replace_all("ё", "е").str.extract_all(r"[\p{L}\d]+")
        folded = told.join(doubtful, on="customer_id").drop_nulls(name).with_columns(words.list.sort().list.join(" "))
        differ = folded.group_by("customer_id").agg(pl.col(name).min() != pl.col(name).max())[name].sum()
        found[name] = {"agreeing": share(asked.height - int(differ), asked.height), "compared": asked.height}
    return found
