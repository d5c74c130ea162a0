"""What of a record is compared: folded columns and the kind of each. Ids and counters never stand among them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from acrm.ingest.linkage.names import first_value, parts, sounds
from acrm.ingest.vocabulary import folded

MIN_FILL = 0.02
"""A column filled in fewer of the records than this says too little to be trained."""
_KINDS = {
    "tax_id": "document",
    "card_number": "document",
    "company": "company",
    "city": "place",
    "district": "address",
    "region": "class",
    "gender": "class",
    "postal_code": "postcode",
}
# Of columns that acrm does not know, these alone may be evidence, by the words of their names.
_NAMED = {
    "address": "address addr street road lane avenue house building block flat apartment apt suburb district locality"
    " village strasse straße hausnummer adresse calle direccion dirección numero rue адрес улица ул проспект дом корпус"
    " строение квартира кв район поселок село деревня микрорайон",
    "document": "passport snils ssn socsec nino паспорт паспорта снилс полис",
    "birth": "birth dob birthday birthdate geburtsdatum рождения",
    "never": "id ids guid uuid key code cluster group email mail ip mac url web type kind count date time source issued"
    " ид код тип вид группа кластер почта выдан выдачи дата",
}
_WORDS = {kind: frozenset(words.split()) for kind, words in _NAMED.items()}
_STREET = (
    r"\b(?:ul|ulica|d|dom|kv|kvartira|korp|korpus|str|pr|prosp|prospekt|per|pereulok|g|obl"
    r"|st|street|road|rd|ave|avenue)\b"
)
_LEGAL = r"\b(?:ооо|оао|зао|пао|ао|ип|тоо|чп|фгуп|муп|llc|ltd|limited|inc|corp|gmbh|ag|plc|co)\b"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One folded column: its name, how it is compared, and the columns of the records it shows in words."""

    name: str
    kind: str
    shown: tuple[str, ...]
    several: bool = False
    """Whether cells hold several values: then `<name>_all` is their list."""


def fields(records: pl.DataFrame) -> tuple[pl.DataFrame, list[Field]]:
    """The comparable columns of the records, and what they are.

    Returns:
        `ref` and one text column per field, null where there is nothing to compare, sorted by content so that neither
        the order of the rows nor the refs decide anything; and the fields, those with fewer than two values or filled
        in less than `MIN_FILL` of the records left out.
    """
    columns: dict[str, pl.Series] = {"ref": records["ref"]}
    found: list[Field] = []

    def take(name: str, kind: str, values: pl.Series, *shown: str, several: pl.Series | None = None) -> None:
        enough = values.len() - values.null_count() >= max(2, MIN_FILL * values.len())
        if not enough or (records.height > 2 and values.drop_nulls().n_unique() < 2):
            return
        columns[name] = values.alias(name)
        many = several is not None and bool((several.list.len() > 1).any())
        if several is not None and many:
            columns[f"{name}_all"] = several.alias(f"{name}_all")
        found.append(Field(name=name, kind=kind, shown=shown, several=many))

    have = records.columns
    names = parts(records)
    shown = [name for name in ("full_name", "last_name", "first_name") if name in have]
    for part, column in (("given", "first_name"), ("middle", "middle_name"), ("family", "last_name")):
        take(part, part, names[part], *shown, several=_several(records, column, part))
    birth = _birth(records)
    take("birth", "birth", birth, "birth_date")
    mails = _listed(records, "email_key", "email")
    take("email", "email", mails.list.first(), "email_key", "email", several=mails)
    phones = _listed(records, "phone_e164", "phone").list.eval(
        pl.element().str.replace_all(r"\D", "").str.tail(10).replace("", None)
    )
    take("phone", "phone", phones.list.first(), "phone_e164", "phone", several=phones)
    for name, kind in _KINDS.items():
        if name in have:
            take(name, kind, _folded(first_value(records[name]), kind), name, several=_several(records, name, kind))
    for name in sorted(have):
        extra = extra_kind(name)
        if extra in {"address", "document"}:
            kind = str(extra)
            take(name, kind, _folded(first_value(records[name]), kind), name, several=_several(records, name, kind))
    frame = pl.DataFrame(columns)
    content = [field.name for field in found]
    return frame.sort(*content, "ref", nulls_last=True), found


def extra_kind(column: str) -> str | None:
    """What an unmapped column may be evidence of, judged by the words of its name: address, document, birth or nothing.

    >>> [extra_kind(name) for name in ("x_street_number", "x_паспорт", "x_date_of_birth", "x_cluster", "x_street_id")]
    ['address', 'document', 'birth', None, None]
    """
    if not column.startswith("x_"):
        return None
    words = {word.strip("0123456789") for word in column.removeprefix("x_").split("_")}
    if words & _WORDS["birth"]:
        return "birth"
    if words & _WORDS["never"]:
        return None
    return "address" if words & _WORDS["address"] else "document" if words & _WORDS["document"] else None


def _folded(values: pl.Series, kind: str) -> pl.Series:
    frame = values.alias("value").to_frame()
    if kind in {"document", "postcode"}:
        text = pl.col("value").str.to_lowercase().str.replace_all(r"[\W_]+", "")
        return frame.select(pl.when(text != "").then(text)).to_series()
    if kind == "class":
        text = folded(pl.col("value"))
        return frame.select(pl.when(text != "").then(text)).to_series()
    if kind == "company":
        values = frame.select(pl.col("value").str.to_lowercase().str.replace_all(_LEGAL, " ")).to_series()
    heard = sounds(values)
    if kind == "address":
        text = pl.col("value").str.replace_all(_STREET, " ").str.replace_all(r" +", " ").str.strip_chars()
        heard = heard.alias("value").to_frame().select(pl.when(text != "").then(text).otherwise("value")).to_series()
    return heard


def _several(records: pl.DataFrame, name: str, kind: str) -> pl.Series | None:
    """All values of every cell, folded, as lists; None where no cell has several."""
    if name not in records.columns or not bool(records[name].str.contains("; ", literal=True).any()):
        return None
    cells = records.select(at=pl.int_range(pl.len()), value=pl.col(name).str.split("; ")).explode("value")
    folded_values = cells.select("at", value=_folded(cells["value"], kind))
    return folded_values.group_by("at", maintain_order=True).agg(pl.col("value").drop_nulls())["value"]


def _listed(records: pl.DataFrame, *names: str) -> pl.Series:
    """All values of the first of the columns that a row has, as a list; null where there is none."""
    have = [name for name in names if name in records.columns]
    if not have:
        return pl.Series([None] * records.height, dtype=pl.List(pl.String))
    text = pl.coalesce(pl.col(have).cast(pl.String).str.strip_chars().str.to_lowercase().replace("", None))
    return records.select(text.str.split("; ").list.unique(maintain_order=True)).to_series()


def _birth(records: pl.DataFrame) -> pl.Series:
    """Birth dates as eight digits, year first; one that was no date stands as its source wrote it, in this order."""
    have = records.columns
    known = (
        pl.col("birth_date").cast(pl.Date, strict=False).dt.strftime("%Y%m%d")
        if "birth_date" in have
        else pl.lit(None, pl.String)
    )
    texts = [name for name in sorted(have) if extra_kind(name) == "birth"]
    if not texts:
        return records.select(known.alias("birth")).to_series()
    digits = pl.col(texts[0]).str.replace_all(r"\D", "")
    digits = pl.when(digits.str.len_bytes() == 8).then(digits)
    day_first = pl.concat_str(digits.str.slice(4), digits.str.slice(2, 2), digits.str.head(2))
    month_first = pl.concat_str(digits.str.slice(4), digits.str.head(4))
    frame = records.select(known=known, year_first=digits, day_first=day_first, month_first=month_first)
    layouts = frame.columns[1:]
    agree = frame.select((pl.col("known") == pl.col(name)).sum().alias(name) for name in layouts).row(0)
    best = layouts[max(range(3), key=lambda at: agree[at])]
    return frame.select(pl.coalesce("known", best).alias("birth")).to_series()
