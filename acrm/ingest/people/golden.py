"""One record per customer, made of everything the sources tell: the newest value of each field, and who told it."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from acrm.ingest.people.joins import is_role
from acrm.ingest.people.mentions import TRAITS
from acrm.ingest.people.names import firm, is_firm
from acrm.validity import newest_day, valid

_JUDGED = {"email": "email", "email_key": "email", "phone": "phone", "phone_e164": "phone", "birth_date": "birth_date"}
"""Traits of which an older value that can be right goes before a newer one that cannot, and the rule they keep."""
_ID = r"^id:[^:]*:(.*)$"
_FILES = 5
"""So many files are named as the source of a customer; of more it is enough to say that there are more."""


Preference = Mapping[str, Mapping[str, int]]
"""Trait -> file -> its place among those whose word counts first; `*` stands for all traits not named."""
_TOGETHER = {
    "email_key": "email",
    "phone_e164": "phone",
    "first_name": "full_name",
    "middle_name": "full_name",
    "last_name": "full_name",
}
"""Traits that are told by the same source as another."""


def records(
    mentions: pl.DataFrame, references: pl.DataFrame, apart: pl.DataFrame, prefer: Preference | None = None
) -> pl.LazyFrame:
    """One row per customer: of every trait the newest value, a customer list before what orders and deals say.

    Of e-mails, phones and birth dates it is the newest that can be right, if there is any.
    Consent is a rule of its own, whoever tells it.

    Args:
        mentions: As `mentions.of` gives them.
        references: `ref`, `customer_id`.
        apart: Pairs `ref`, `anchor` that share an address or a phone and are two people: a household.
        prefer: Files whose word on a trait counts before all others', if they say anything.

    Returns:
        The traits, and: `external_id`, all ids when there are several or others than `customer_id`; `created_at`, the
        earliest; `customer_type`; `company_id`, the customer that is the firm, else the firm's name; `household_id`;
        `_source_file`, all files that told of the customer; `_origin`, which file each field is from when several did.
    """
    known = mentions.filter(~pl.col("_outdated")).join(references.select("ref", "customer_id"), on="ref")
    extras = sorted(name for name in known.columns if name.startswith("x_"))
    traits = [*(name for name in TRAITS if name in known.columns), *extras]
    told = _told(traits)
    as_of = newest_day({"customers": known.lazy().select(created_at="_seen")})
    rules = valid("customers", known.columns, as_of)
    judged = {name: f"good {name}" for name, rule in _JUDGED.items() if name in told and rule in rules}
    known = known.with_columns(pl.when(rules[_JUDGED[name]]).then(name).alias(good) for name, good in judged.items())
    several = pl.col("customer_id").is_duplicated()
    made = _of_several(known.filter(several), traits, judged, prefer)
    alone = _of_one(known.filter(~several)).select(made.columns)
    return _grouped(pl.concat([made, alone]).sort("customer_id"), references, apart).lazy()


def _told(traits: list[str]) -> list[str]:
    """The traits of which one value is chosen."""
    return [name for name in traits if name not in ("created_at", "external_id")]


def _of_one(known: pl.DataFrame) -> pl.DataFrame:
    """The records of customers of whom one mention tells: there is nothing to choose."""
    ids = [pl.col("ref").str.extract(_ID), *(pl.col(name) for name in ("external_id",) if name in known.columns)]
    first, last = pl.min_horizontal(ids), pl.max_horizontal(ids)
    every = pl.when(first == last).then(first).otherwise(pl.concat_str(first, pl.lit("; "), last))
    return known.with_columns(
        external_id=pl.when(every != pl.col("customer_id")).then(every),
        _origin=pl.lit(None, pl.String),
        _flags=_each_once(pl.col("_flags")),
    )


def _of_several(
    known: pl.DataFrame, traits: list[str], judged: Mapping[str, str], prefer: Preference | None
) -> pl.DataFrame:
    """The records of customers of whom several mentions tell."""
    told = _told(traits)
    ranked = known.sort(
        "customer_id",
        "_master",
        "_seen",
        "ref",
        *traits,
        "_source_file",
        "_source_row",
        descending=[False, True, True, *[False] * (len(traits) + 3)],
        nulls_last=True,
    )
    ids = pl.col("ref").str.extract(_ID)
    if "external_id" in traits:
        ids = ids.append(pl.col("external_id"))
    return (
        ranked.lazy()
        .group_by("customer_id", maintain_order=True)
        .agg(
            *(_first(name, judged.get(name), prefer) for name in told if name != "consent"),
            *([_consent()] if "consent" in told else []),
            *([pl.col("created_at").min()] if "created_at" in traits else []),
            ids.drop_nulls().unique().sort().alias("_ids"),
            pl.col("_source_file").unique().sort().alias("_files"),
            *(
                _first(name, judged.get(name), prefer, of="_source_file").alias(f"of {name}")
                for name in told
                if name != "consent"
            ),
            *([_consent(of="_source_file").alias("of consent")] if "consent" in told else []),
            pl.col("_source_row").first(),
            pl.col("_flags").drop_nulls().unique().str.join(" "),
        )
        .with_columns(
            pl.when(pl.col("_ids").list.join("; ") != pl.col("customer_id"))
            .then(pl.col("_ids").list.join("; "))
            .replace("", None)
            .alias("external_id"),
            _origin=_origin(told),
            _source_file=_listed(pl.col("_files")),
            _flags=_each_once(pl.col("_flags")),
        )
        .drop("_ids", "_files", *(f"of {name}" for name in told))
        .collect()
    )


def _first(trait: str, good: str | None, prefer: Preference | None, of: str | None = None) -> pl.Expr:
    """The first value of a trait in a customer's mentions, a good one if there is any; or what `of` says there.

    Of good ones and of all, those of preferred files come first.
    """
    places, found = _places(trait, prefer or {}), []
    for told in (good, trait):
        if not told:
            continue
        there = pl.col(told).is_not_null()
        values = pl.col(of or trait).filter(there)
        if places:
            last = 1 + max(places.values())
            place = pl.col("_source_file").replace_strict(dict(places), default=last, return_dtype=pl.Int64)
            values = values.sort_by(place.filter(there), maintain_order=True)
        found.append(values.first())
    return pl.coalesce(found).alias(trait)


def _places(trait: str, prefer: Preference) -> Mapping[str, int]:
    named = next((name for name in (trait, _TOGETHER.get(trait), "*") if name in prefer), None)
    return prefer[named] if named else {}


def _each_once(marks: pl.Expr) -> pl.Expr:
    """Marks of several rows as those of one."""
    return pl.when(marks != "").then(marks.str.split(" ").list.unique().list.sort().list.join(" "))


def _consent(of: str = "consent") -> pl.Expr:
    """Leave to be contacted: a no holds unless a yes is known to have been given after it; or what `of` says there."""
    told, seen = pl.col("consent"), pl.col("_seen")
    refused = ~told
    last_no, last_yes = seen.filter(refused).max(), seen.filter(told).max()
    undated = (refused & seen.is_null()).any()
    stands = refused.any() & (undated | last_yes.is_null() | (last_no >= last_yes).fill_null(False))
    said = pl.col(of)
    return pl.when(stands).then(said.filter(refused).first()).otherwise(said.filter(told).first()).alias("consent")


def _listed(files: pl.Expr) -> pl.Expr:
    more = pl.when(files.list.len() > _FILES).then(pl.lit("; …")).otherwise(pl.lit(""))
    return pl.concat_str(files.list.head(_FILES).list.join("; "), more)


def _origin(told: list[str]) -> pl.Expr:
    """`field=file` of every field, where a customer's fields come from different files."""
    fields = [name for name in told if name not in ("email_key", "phone_e164")]
    files = [pl.col(f"of {name}") for name in fields]
    if not files:
        return pl.lit(None, pl.String)
    parts = [pl.concat_str(pl.lit(f"{name}="), file) for name, file in zip(fields, files, strict=True)]
    several = pl.max_horizontal(files) != pl.min_horizontal(files)
    return pl.when(several).then(pl.concat_str(parts, separator="; ", ignore_nulls=True))


def _grouped(made: pl.DataFrame, references: pl.DataFrame, apart: pl.DataFrame) -> pl.DataFrame:
    """The records with what kind of customer each is, the firm it belongs to and the household it lives in."""
    columns: list[str] = [name for name in ("full_name", "company") if name in made.columns]
    if not columns:
        return made
    told = pl.any_horizontal(pl.col(name).is_not_null() for name in columns)
    columns = ["customer_type", *columns] if "customer_type" in made.columns else columns
    spelled = made.select(columns).unique().filter(told)
    houses = [_house(row) for row in spelled.iter_rows(named=True)]
    kinds = pl.DataFrame(houses, schema={"_firm": pl.String, "_house": pl.String}, orient="row")
    made = made.join(spelled.hstack(kinds), on=columns, how="left", nulls_equal=True, maintain_order="left")
    kind = [pl.col("customer_type")] if "customer_type" in made.columns else []
    made = made.with_columns(
        customer_type=pl.coalesce(*kind, pl.when(pl.col("_firm").is_not_null()).then(pl.lit("company")))
    )
    of_firms = (
        made.filter(pl.col("_firm").is_not_null()).group_by(_house="_firm").agg(_known=pl.col("customer_id").min())
    )
    named = pl.col(columns[-1]).min().over("_house")
    made = made.join(of_firms, on="_house", how="left", maintain_order="left").with_columns(
        company_id=pl.when(pl.col("_house").is_not_null()).then(pl.coalesce("_known", named))
    )
    people = made.filter(pl.col("_firm").is_null()).select("customer_id", "_house")
    households = _households(references, apart, people)
    given = [pl.col("household_id")] if "household_id" in made.columns else []
    made = made.join(households, on="customer_id", how="left", maintain_order="left")
    return made.with_columns(household_id=pl.coalesce(*given, "_household")).drop(
        "_firm", "_house", "_known", "_household"
    )


def _house(names: dict[str, str | None]) -> tuple[str | None, str | None]:
    """The key of the firm that a customer is, and of the firm that it belongs to."""
    person, company = names.get("full_name"), names.get("company")
    if person and is_firm(person):
        return firm(person), firm(person)
    if company and not person and names.get("customer_type") != "person":
        return firm(company), firm(company)
    return None, firm(company) if company else None


def _households(references: pl.DataFrame, apart: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """People who share a phone or a mailbox and are not one: the smallest of their ids names the household.

    Colleagues and those who share an office's mailbox (`info@`) are none.
    """
    ids = dict(references.select("ref", "customer_id").join(people, on="customer_id", how="semi").iter_rows())
    firms = dict(people.drop_nulls().iter_rows())
    head: dict[str, str] = {}

    def first(member: str) -> str:
        while head.setdefault(member, member) != member:
            member = head[member]
        return member

    for ref, anchor, rule, value in apart.select("ref", "anchor", "rule", "value").iter_rows():
        if rule not in ("phone", "email") or ref not in ids or anchor not in ids or is_role(value):
            continue
        if (firms.get(ids[ref]) or ref) != firms.get(ids[anchor]):
            one, other = sorted((first(ids[ref]), first(ids[anchor])))
            head[other] = one
    rows = sorted((member, first(member)) for member in head)
    return pl.DataFrame(rows, schema={"customer_id": pl.String, "_household": pl.String}, orient="row")
