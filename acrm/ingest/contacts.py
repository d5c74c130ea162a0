"""Phones to E.164 and e-mails to matching keys; the raw texts stay beside them."""

from __future__ import annotations

import polars as pl

from acrm.ingest.vocabulary import name_key

_EMAIL = r"([\p{L}\d._%+'\-]+@[\p{L}\d\-]+(?:\.[\p{L}\d\-]+)*\.\p{L}{2,})"
_COUNTRIES = {
    "united states": "US",
    "usa": "US",
    "россия": "RU",
    "russia": "RU",
    "germany": "DE",
    "united kingdom": "GB",
}
# Seven times the same digit and nothing else, but for a country code: filled in to get past a form.
_FILLER = r"^[^\d]*\d?(?:" + "|".join(f"{digit}{{7,}}" for digit in range(10)) + r")$"
_EXPONENT = r"^\d[.,]\d+[eE]\+\d+$"


def email_key(text: pl.Expr) -> pl.Expr:
    """The first address in a cell, lower case, with `,` for the last dot and trailing marks mended; else null.

    >>> cells = pl.DataFrame({"e": ["  ADA@Example.com ", "anna@mail,ru", "a@b.ru.; c@d.ru", "none"]})
    >>> cells.select(email_key(pl.col("e")))["e"].to_list()
    ['ada@example.com', 'anna@mail.ru', 'a@b.ru', None]
    """
    lowered = text.str.to_lowercase().str.replace(r",(\p{L}{2,6})\s*\.?\s*$", ".$1")
    return lowered.str.extract(_EMAIL)


def phone_numbers(texts: pl.Series, region: str | None, countries: pl.Series | None = None) -> pl.DataFrame:
    """Distinct phone texts (and their rows' countries) with the E.164 number of the first valid phone in each.

    Args:
        texts: Phone cells as the source has them.
        region: ISO country of numbers without a country code; None leaves such numbers unread.
        countries: Optional country of each row, which beats `region`.

    Returns:
        Columns `phone`, `country`, `e164` (null when no number in the cell is valid), one row per distinct pair.
    """
    frame = pl.DataFrame(
        {
            "phone": texts,
            "country": countries if countries is not None else pl.Series([None] * texts.len(), dtype=pl.String),
        }
    )
    pairs = frame.filter(pl.col("phone").is_not_null()).unique().sort("phone", "country")
    digits = pl.col("phone").str.replace_all(r"\D", "")
    russian = region == "RU"
    plus = pl.col("phone").str.contains(r"^[\s']*\+")
    quick = (
        pl.when(pl.col("phone").str.contains(_EXPONENT) | digits.str.contains(_FILLER))
        .then(pl.lit(""))
        .when(
            digits.str.contains(r"^7[3-9]\d{9}$") & (plus | russian)
            | digits.str.contains(r"^8[3-9]\d{9}$") & ~plus & russian
        )
        .then(pl.concat_str(pl.lit("+7"), digits.str.slice(1)))
        .when(digits.str.contains(r"^9\d{9}$") & ~plus & russian)
        .then(pl.concat_str(pl.lit("+7"), digits))
    )
    pairs = pairs.with_columns(quick.alias("e164"))
    slow = [
        _first_valid(phone, _region(country, region)) if e164 is None else (e164 or None)
        for phone, country, e164 in pairs.iter_rows()
    ]
    return pairs.with_columns(pl.Series("e164", slow, dtype=pl.String))


def _region(country: str | None, default: str | None) -> str | None:
    if country is None:
        return default
    text = country.strip()
    return (
        text.upper()
        if len(text) == 2 and text.isascii() and text.isalpha()
        else _COUNTRIES.get(text.casefold(), default)
    )


def _first_valid(cell: str, region: str | None) -> str | None:
    import re

    import phonenumbers

    for part in re.split(r"[;,/|\n]|\s{2,}", cell):
        text = re.split(r"(?i)\s*(?:доб|ext|x)\b\.?", part)[0].strip(" '")
        # Russians dial 8 before ten digits; a country code 8 does not exist.
        if region == "RU" and re.fullmatch(r"8\d{10}", re.sub(r"\D", "", text)) and not text.startswith("+"):
            text = "+7" + re.sub(r"\D", "", text)[1:]
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return None


def name_keys(names: pl.Series) -> pl.DataFrame:
    """Distinct names with the key under which two spellings are one: columns `name`, `key`."""
    distinct = names.drop_nulls().unique().sort()
    return pl.DataFrame(
        {"name": distinct, "key": [name_key(name) or None for name in distinct]},
        schema={"name": pl.String, "key": pl.String},
    )
