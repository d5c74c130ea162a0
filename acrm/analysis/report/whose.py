"""Which customer somebody means: by id, card number, e-mail address, phone or name, as long as it is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from acrm.errors import InputError
from acrm.messages import listed

if TYPE_CHECKING:
    import polars as pl

_IDS = ("external_id", "card_number", "tax_id")
_MAILS = ("email", "email_key")
_NAMES = ("full_name", "company")
_PHONES = ("phone_e164", "phone")
_DIGITS = 10
"""Last digits by which two writings of a phone number are one."""
_ALIKE, _NEAR, _TRIED = 60.0, 3, 100
"""How alike, of 100, and how many customers are proposed where none is meant, out of how many."""
_TABLES = ("customers", "transactions", "deals", "interactions", "contracts")


def customer_of(who: str, tables: Mapping[str, pl.LazyFrame]) -> str:
    """The id of the customer that is meant.

    An id decides alone; then other numbers, addresses, phones and names are looked through in turn. Letters may be
    small or capital, a name's words may stand in any order.

    Raises:
        InputError: Nobody is meant, with who is most alike; or several are.
    """
    import polars as pl

    who = who.strip()
    ids = _ids(tables)
    if who in set(ids):
        return who
    told = _told(tables)
    digits = "".join(letter for letter in who if letter.isdigit())
    words = sorted(who.casefold().split())
    meant = (
        pl.col("word") == who.casefold(),
        pl.col("digits").str.ends_with(digits[-_DIGITS:]) if len(digits) >= _DIGITS else pl.lit(value=False),
        pl.col("words") == " ".join(words) if words else pl.lit(value=False),
    )
    for kinds, test in (((*_IDS, *_MAILS), meant[0]), (_PHONES, meant[1]), (_NAMES, meant[2])):
        found = told.filter(pl.col("kind").is_in(kinds), test)["customer_id"].unique().sort().to_list()
        if len(found) == 1:
            return str(found[0])
        if found:
            raise InputError("card_many", who=who, n=len(found), ids=listed(found), one=found[0])
    near = _near(who, ids, told)
    said = listed(id if word == id.lower() else f"{id} ({word})" for id, word in near.items())
    raise InputError("card_unknown", who=who, near=said or "-", one=next(iter(near), ids[0]))


def _ids(tables: Mapping[str, pl.LazyFrame]) -> list[str]:
    import polars as pl

    frames = [tables[name] for name in _TABLES if name in tables]
    known = [frame.select("customer_id") for frame in frames if "customer_id" in frame.collect_schema().names()]
    ids = pl.concat(known).drop_nulls().unique().sort("customer_id").collect()["customer_id"] if known else None
    if ids is None or ids.is_empty():
        raise InputError("card_nobody")
    return ids.to_list()


def _told(tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """What customers are called: `customer_id`, `kind`, `word` in small letters, its `digits`, its `words` sorted."""
    import polars as pl

    frame = tables.get("customers")
    have = [] if frame is None else frame.collect_schema().names()
    columns = [name for name in (*_IDS, *_MAILS, *_PHONES, *_NAMES) if name in have]
    if frame is None or not columns:
        texts = ("customer_id", "kind", "word", "digits", "words")
        return pl.DataFrame(schema=dict.fromkeys(texts, pl.String))
    rows = frame.select("customer_id", *(pl.col(name).cast(pl.String) for name in columns)).collect()
    long = rows.unpivot(columns, index="customer_id", variable_name="kind", value_name="word")
    word = pl.col("word").str.strip_chars().str.to_lowercase()
    words = pl.col("word").str.split(" ").list.eval(pl.element().filter(pl.element() != "")).list.sort().list.join(" ")
    digits = pl.col("word").str.replace_all(r"\D", "")
    return long.drop_nulls().with_columns(word=word).with_columns(digits=digits, words=words)


def _near(who: str, ids: list[str], told: pl.DataFrame) -> dict[str, str]:
    """The customers whose id, address or name is most alike, with that."""
    from rapidfuzz import fuzz, process

    own = [(id.lower(), id) for id in ids]
    called = [*own, *told.select("word", "customer_id").sort("word", "customer_id").iter_rows()]
    meant = who.casefold()
    # Of those that fit in some part, those that fit as a whole.
    parts = process.extract(meant, [word for word, _ in called], scorer=fuzz.WRatio, limit=_TRIED)
    best = sorted((-(score + fuzz.ratio(meant, word)) / 2, called[place]) for word, score, place in parts)
    found: dict[str, str] = {}
    for likeness, (word, id) in best:
        if -likeness >= _ALIKE:
            found.setdefault(id, word)
    return dict([*found.items()][:_NEAR])
