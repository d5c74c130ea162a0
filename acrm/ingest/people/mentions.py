"""Whom the rows of a table name: a reference for each row, and every distinct way a customer is spoken of."""

from __future__ import annotations

import polars as pl

from acrm.ingest.mapping import Plan
from acrm.ingest.parse import COMPANY
from acrm.ingest.people.contacts import email_key, phone_numbers
from acrm.ingest.people.names import nobody
from acrm.ingest.raw import ROW
from acrm.ingest.stage import Staged
from acrm.ingest.vocabulary import name_key
from acrm.schema import TABLES, dtype

KINDS = ("id", "email", "phone", "card", "tax", "name")
"""What a reference may be made of, the surest first; a reference reads `kind:value`, ids `id:system:value`."""
TRAITS = tuple(name for name in TABLES["customers"].names if name not in ("customer_id", "person_id", "company_id"))
KEYS = frozenset(("email", "phone", "full_name", "last_name", "company", "tax_id", "card_number"))
"""Traits by which customers may be joined."""
_SEEN = {
    "transactions": "transactions.ordered_at",
    "deals": "deals.created_at",
    "interactions": "interactions.started_at",
    "customers": "customers.created_at",
}


def names_customers(plan: Plan) -> bool:
    """Whether the table's rows say anything of whose they are."""
    return plan.entity != "other" and any(
        name.startswith("customers.") or name == f"{plan.entity}.customer_id" for name in (*plan.fields, *plan.literals)
    )


def by_id_alone(tables: list[Staged]) -> bool:
    """Whether all tables know their customers by the ids of one system and by nothing else: nobody is to be joined."""
    people = [staged.plan for staged in tables if names_customers(staged.plan)]
    keyed = any(f"customers.{key}" in plan.fields for plan in people for key in KEYS)
    return not keyed and len({plan.system for plan in people}) <= 1


def reference_of_id(system: str, customer_id: pl.Expr) -> pl.Expr:
    """The reference of a customer by the id that a system gives it."""
    return pl.concat_str(pl.lit(f"id:{system}:"), customer_id)


def kind_of(column: str) -> pl.Expr:
    """What a reference is made of: `email:`, `id:shop:`."""
    return pl.col(column).str.extract(r"^(id:[^:]*:|\w+:)")


def referenced(staged: Staged, simple: bool) -> pl.LazyFrame:
    """The good rows with `ref`, the reference of the row's customer.

    The first of id, e-mail, phone, card number, tax number and folded name that the row has; prefixed by its kind,
    unless `simple` (`by_id_alone`), where the id itself is the reference. A name that says "customer unknown" is none.
    """
    good = staged.good
    have = good.collect_schema().names()
    entity = staged.plan.entity
    if entity == "other":
        return good
    ids = list(dict.fromkeys(n for n in (f"{entity}.customer_id", "customers.customer_id") if n in have))
    if staged.plan.company_ids and ids and "customers.customer_type" not in have:
        # Beside somebody's number the company is who that person works for.
        company = pl.coalesce(ids).str.starts_with(COMPANY)
        person_or_company = pl.when(company).then(pl.lit("company")).when(~company).then(pl.lit("person"))
        good = good.with_columns(person_or_company.alias("customers.customer_type"))
    if simple:
        return good.with_columns((pl.coalesce(ids) if ids else pl.lit(None, pl.String)).alias("ref"))
    refs = []
    if ids:
        refs.append(reference_of_id(staged.plan.system, pl.coalesce(ids)))
    if "customers.email" in have:
        good = good.with_columns(email_key(pl.col("customers.email")).alias("customers.email_key"))
        refs.append(pl.concat_str(pl.lit("email:"), "customers.email_key"))
    if "customers.phone" in have:
        good = _with_phones(staged, good)
        refs.append(pl.concat_str(pl.lit("phone:"), "customers.phone_e164"))
    for kind, column in (("card", "customers.card_number"), ("tax", "customers.tax_id")):
        if column in have:
            refs.append(pl.concat_str(pl.lit(f"{kind}:"), column))
    good, named = _with_names(good, have)
    if named:
        refs.append(pl.concat_str(pl.lit("name:"), pl.concat_str(named, separator="/", ignore_nulls=True)))
        refs[-1] = pl.when(pl.any_horizontal(key.is_not_null() for key in named)).then(refs[-1])
    ref = pl.coalesce(refs) if refs else pl.lit(None, pl.String)
    return good.with_columns(ref.alias("ref"))


def _with_names(good: pl.LazyFrame, have: list[str]) -> tuple[pl.LazyFrame, list[pl.Expr]]:
    """The rows with their customer's full name, and the keys of the names they have: the person's, the firm's."""
    parts = [name for name in ("customers.last_name", "customers.first_name", "customers.middle_name") if name in have]
    names = [name for name in ("customers.full_name", "customers.company") if name in have]
    if "customers.full_name" not in have and "customers.last_name" in have:
        # Names in Cyrillic are written family name first.
        formal = pl.concat_str(parts, separator=" ", ignore_nulls=True).str.strip_chars()
        given_first = pl.concat_str(*parts[1:], parts[0], separator=" ", ignore_nulls=True).str.strip_chars()
        whole = pl.when(formal.str.contains(r"\p{Cyrillic}")).then(formal).otherwise(given_first)
        good = good.with_columns(pl.when(whole != "").then(whole).alias("customers.full_name"))
        names.insert(0, "customers.full_name")
    for name in names:
        spelled = good.select(name).unique().collect().to_series().drop_nulls().sort()
        keys = [None if nobody(text) else name_key(text) or None for text in spelled]
        made = pl.LazyFrame({name: spelled, f"{name}_key": pl.Series(keys, dtype=pl.String)})
        good = good.join(made, on=name, how="left", maintain_order="left")
    return good, [pl.col(f"{name}_key") for name in names]


def _with_phones(staged: Staged, good: pl.LazyFrame) -> pl.LazyFrame:
    have = good.collect_schema().names()
    country = "customers.country" if "customers.country" in have else None
    pairs = good.select("customers.phone", *([country] if country else [])).unique().collect()
    region = staged.plan.phone_region or ("RU" if _is_russian(staged, pairs["customers.phone"]) else None)
    numbers = phone_numbers(pairs["customers.phone"], region, pairs[country] if country else None)
    numbers = numbers.rename({"phone": "customers.phone", "e164": "customers.phone_e164"})
    if country is None:
        return good.join(numbers.drop("country").lazy(), on="customers.phone", how="left", maintain_order="left")
    on = ["customers.phone", country]
    return good.join(
        numbers.rename({"country": country}).lazy(), on=on, how="left", nulls_equal=True, maintain_order="left"
    )


def _is_russian(staged: Staged, phones: pl.Series) -> bool:
    """Whether the headers are Russian, or most phones are written as in Russia: 8 or 7, then 9 and nine digits."""
    if any("а" <= letter <= "я" for header in staged.raw.header for letter in header.lower()):
        return True
    mobile = phones.drop_nulls().str.replace_all(r"\D", "").str.contains(r"^[78]9\d{9}$")
    return mobile.len() > 0 and int(mobile.sum()) * 2 > mobile.len()


def of(staged: Staged, good: pl.LazyFrame, *, simple: bool) -> pl.DataFrame:
    """Every distinct way a table speaks of its customers.

    Returns:
        `ref`; the traits the table tells, `email_key` and `phone_e164`; `_seen`, when it was last told so; `_times`, by
        how many rows; `_master`, whether in a customer list; `_source_file` and the first `_source_row`; `_flags`.
    """
    have = good.collect_schema().names()
    traits = [name for name in TRAITS if f"customers.{name}" in have and name != "created_at"]
    extras = [name for name in staged.extra if name in have] if staged.plan.entity == "customers" else []
    seen = _SEEN.get(staged.plan.entity)
    time = pl.col(seen) if seen in have else pl.lit(None, dtype("datetime"))
    created = ["created_at"] if "customers.created_at" in have else []
    named = [pl.col("ref"), *(pl.col(f"customers.{name}").alias(name) for name in traits)]
    by_mark = (
        good.filter(pl.col("ref").is_not_null())
        .group_by(*named, *extras, "_flags")
        .agg(
            time.max().alias("_seen"),
            pl.len().cast(pl.Int64).alias("_times"),
            pl.col(ROW).min().cast(pl.Int64).alias("_source_row"),
            *(pl.col(f"customers.{name}").min().alias(name) for name in created),
        )
    )
    flags = pl.col("_flags").min()
    if staged.plan.entity != "customers":
        # Of a customer's orders or calls only what all of them are marked with says something of the customer.
        by_mark = by_mark.with_columns(_flags=_of_customers(staged.plan))
        flags = flags.replace("", None)
    grouped = (
        by_mark.group_by("ref", *traits, *extras)
        .agg(pl.col("_seen").max(), pl.col("_times").sum(), pl.col("_source_row", *created).min(), flags)
        .collect(engine="streaming")
    )
    lacking = [name for name in ("email_key", "phone_e164") if name not in grouped.columns]
    ref = pl.col("ref")
    return grouped.with_columns(
        reference_of_id(staged.plan.system, ref).alias("ref") if simple else ref,
        *(pl.lit(None, pl.String).alias(name) for name in lacking),
        _master=pl.lit(staged.plan.entity == "customers"),
        _outdated=pl.lit(False),
        _source_file=pl.lit(staged.raw.name),
    )


def _of_customers(plan: Plan) -> pl.Expr:
    """The marks of an order or a call that are about its customer; an empty text for none."""
    own = [name for name in TRAITS if f"customers.{name}" in plan.fields and f"{plan.entity}.{name}" not in plan.fields]
    about = ["test_row", *(f"{rule}:{name}" for rule in ("bad_value", "id_exponent") for name in own)]
    return pl.col("_flags").fill_null("").str.split(" ").list.filter(pl.element().is_in(about)).list.join(" ")


def merged(stored: pl.DataFrame | None, new: list[pl.DataFrame]) -> pl.DataFrame:
    """What a store keeps of earlier runs and what this run's tables say, each way of speaking once.

    What customer lists of earlier runs say of a reference is `_outdated` when a list of this run tells it anew: its
    values count no more, but who was known by an old e-mail is still who bought under it.
    """
    if stored is None and len(new) == 1:
        return new[0]
    frames = list(new)
    if stored is not None:
        keys = [name for name in ("ref", "email_key", "phone_e164", *sorted(KEYS)) if name in stored.columns]
        lists = [frame.filter("_master") for frame in new]
        again = pl.concat([stored.clear(), *lists], how="diagonal_relaxed")
        retold = stored.filter("_master").join(again.select("ref").unique(), on="ref", how="semi")
        # What the new list says in the same words is nothing that was known otherwise.
        former = retold.join(again.select(keys).unique(), on=keys, how="anti", nulls_equal=True)
        rest = stored.join(retold.select("ref").unique(), on="ref", how="anti")
        others = stored.filter(~pl.col("_master")).join(retold.select("ref").unique(), on="ref", how="semi")
        frames = [rest, others, former.with_columns(_outdated=pl.lit(True)), *new]
    said = pl.concat(frames, how="diagonal_relaxed")
    counted = ("_seen", "_times", "_source_row", "created_at", "_flags")
    return said.group_by(name for name in said.columns if name not in counted).agg(
        pl.col("_seen", "_times").max(),
        pl.col("_source_row").min(),
        *(pl.col(name).min() for name in ("created_at",) if name in said.columns),
        pl.col("_flags").drop_nulls().min(),
    )
