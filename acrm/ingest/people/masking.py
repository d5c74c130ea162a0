"""A copy for other eyes: names as initials, contacts with their middle blotted out, unknown texts word by word."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from acrm.ingest.assembly import IDENTITIES
from acrm.ingest.dataset import Dataset
from acrm.ingest.orders import RENUMBERED, SOURCE_ID
from acrm.ingest.overlap import MADE_ID
from acrm.ingest.people.identity import LINKS
from acrm.ingest.people.privacy import born
from acrm.schema import TABLES

_NAMES = ("full_name", "first_name", "middle_name", "last_name", "company", "owner", "agent")
_TEXTS = ("tags", "holidays", "subject", "purpose", "page", "raw")
_NUMBERS = ("card_number", "tax_id")
_DIGITS = 6
"""More digits than this in a text may be a phone, a card or a document."""
_CUSTOMERS = ("customer_id", "company_id", "household_id", "person_id")


def masked(dataset: Dataset) -> Dataset:
    """The dataset as others may look at it: a copy to read, not one to add to.

    Ids stay, but where a contact or a name is all there is for an id, its mask, numbered, stands for it. The evidence
    of who is who, and what was joined by it, are left out.
    """
    ids = _ids(dataset)
    return replace(
        dataset,
        tables={name: hidden(_renamed(frame, ids), name) for name, frame in dataset.tables.items()},
        rejects=hidden(dataset.rejects.lazy(), "rejects").collect(),
        kept={"rejects": hidden(dataset.kept["rejects"], "rejects")} if "rejects" in dataset.kept else {},
        links=pl.DataFrame(schema=LINKS),
        identities=None,
        review=None,
        shared=dataset.shared.with_columns(blotted(pl.col("value"))),
    )


def hidden(frame: pl.LazyFrame, table: str) -> pl.LazyFrame:
    """Rows of a table with names, contacts and free texts masked."""
    schema = frame.collect_schema()
    changed = {name: _hidden(name, table, schema) for name, kind in schema.items() if kind == pl.String}
    if "birth_date" in schema and schema["birth_date"] == pl.Date:
        changed["birth_date"] = pl.col("birth_date").dt.truncate("1y")
    return frame.with_columns(**changed).drop("_ref", strict=False)


def _hidden(name: str, table: str, schema: pl.Schema) -> pl.Expr:
    """A column of texts as others see it."""
    cell = pl.col(name)
    masks = {"email_key": email, "phone_e164": phone, "external_id": email, **dict.fromkeys(_NAMES, words)}
    exact = {"email": "email_key", "phone": "phone_e164"}.get(name, "")
    unknown = (name.startswith("x_") and name != SOURCE_ID) or table.startswith("other")
    if name.startswith("_"):
        return born(cell) if name == "_flags" else cell
    if exact and exact in schema:
        return pl.coalesce(masks[exact](pl.col(exact)), blotted(cell))
    if unknown or name in _TEXTS or (table, name) == ("deals", "name"):
        return blotted(cell)
    if name in _NUMBERS:
        return pl.concat_str(pl.lit("***"), cell.str.tail(4))
    if name in masks:
        return masks[name](cell)
    if table in TABLES and name in TABLES[table].names and TABLES[table][name].kind == "text":
        return pl.when(cell.str.contains("@", literal=True)).then(blotted(cell)).otherwise(cell)
    return cell


def words(cell: pl.Expr) -> pl.Expr:
    """Every word as its first letter.

    >>> pl.DataFrame({"n": ["Анна Иванова", "O'Neil, J."]}).select(words(pl.col("n")))["n"].to_list()
    ['А*** И***', 'O***, J***']
    """
    return cell.str.replace_all(r"(\pL)[\pL\pM'’.]*", "${1}***").str.replace_all(r"\d", "*")


def email(cell: pl.Expr) -> pl.Expr:
    """An address as its first letter and its host.

    >>> pl.DataFrame({"e": ["anna.k@mail.ru"]}).select(email(pl.col("e")))["e"].to_list()
    ['a***@mail.ru']
    """
    return cell.str.replace_all(r"([^\s@;,<>])[^\s@;,<>]*@", "${1}***@")


def phone(cell: pl.Expr) -> pl.Expr:
    """A number in E.164 as its country, its area and its last two digits.

    >>> pl.DataFrame({"p": ["+79271234533", "+4915112345678"]}).select(phone(pl.col("p")))["p"].to_list()
    ['+7 927 ***-**-33', '+4915***78']
    """
    russian = cell.str.replace(r"^\+7(\d{3})\d{5}(\d\d)$", "+7 ${1} ***-**-${2}")
    return russian.str.replace(r"^(\+\d{4})\d+(\d\d)$", "${1}***${2}")


def blotted(cell: pl.Expr) -> pl.Expr:
    """Any text: words of three letters and more as their first letter; no digits where there are many.

    >>> texts = pl.DataFrame({"t": ["Анна, 8 927 123-45-67, a.k@mail.ru", "red 42"]})
    >>> texts.select(blotted(pl.col("t")))["t"].to_list()
    ['А***, * *** ***-**-**, a***@m***.r***', 'r*** 42']
    """
    bare = email(cell).str.replace_all(r"(\pL)[\pL\pM'’]+", "${1}***").str.replace_all(r"\*{4,}", "***")
    many = cell.str.count_matches(r"\d") > _DIGITS
    return pl.when(many).then(bare.str.replace_all(r"\d", "*")).otherwise(bare)


def _ids(dataset: Dataset) -> pl.DataFrame:
    """Customer ids that are contacts or names, and what stands for them: id, mask."""
    known = dataset.identities
    if known is None and IDENTITIES in dataset.kept:
        known = dataset.kept[IDENTITIES].collect()
    found = [pl.Series("id", [], pl.String)]
    if known is not None:
        numbered = pl.col("ref").str.starts_with("id:").any().over("customer_id")
        found.append(known.filter(~numbered)["customer_id"].rename("id"))
    for frame in dataset.tables.values():
        have = frame.collect_schema().names()
        of = [name for name in _CUSTOMERS if name in have]
        # The id that a shop gives may be an address, too.
        told = pl.col("id").str.contains(r"@|^\+?\d{11,}$|\d{3}[ )-]\d")
        found += [frame.select(id=name).unique().filter(told).collect()["id"] for name in of]
        if "company_id" in of and "customer_id" in of:
            firms = frame.select(id="company_id").join(frame.select(id="customer_id"), on="id", how="anti")
            found.append(firms.unique().collect()["id"])
    ids = pl.DataFrame({"id": pl.concat(found).drop_nulls().unique().sort()})
    cell = pl.col("id")
    contact = pl.when(cell.str.contains("@", literal=True)).then(email(cell)).when(cell.str.contains(r"^\+\d+$"))
    shown = ids.with_columns(mask=contact.then(phone(cell)).otherwise(words(cell)))
    number = pl.int_range(1, pl.len() + 1).over("mask")
    return shown.with_columns(mask=pl.format("{} #{}", "mask", number))


def _renamed(frame: pl.LazyFrame, ids: pl.DataFrame) -> pl.LazyFrame:
    """Rows with the masks of customer ids, in order ids that were made of them, too."""
    have = frame.collect_schema().names()
    columns = [name for name in _CUSTOMERS if name in have]
    if not ids.height or not columns:
        return frame
    for name in columns:
        frame = frame.join(
            ids.lazy().rename({"id": name, "mask": f"mask of {name}"}), on=name, how="left", maintain_order="left"
        )
    if {"order_id", "customer_id", "_flags"} <= set(have):
        frame = frame.with_columns(order_id=_order_id())
    return frame.with_columns(pl.coalesce(f"mask of {name}", name).alias(name) for name in columns).drop(
        f"mask of {name}" for name in columns
    )


def _order_id() -> pl.Expr:
    order, who, mask = pl.col("order_id"), pl.col("customer_id"), pl.col("mask of customer_id")
    made = pl.col("_flags").str.contains(MADE_ID)
    numbered = pl.col("_flags").str.contains(RENUMBERED)
    ahead = pl.concat_str(mask, order.str.strip_prefix(who))
    behind = pl.concat_str(order.str.strip_suffix(who), mask)
    return (
        pl.when(mask.is_not_null() & made)
        .then(ahead)
        .when(mask.is_not_null() & numbered & order.str.ends_with(who))
        .then(behind)
        .otherwise(order)
    )
