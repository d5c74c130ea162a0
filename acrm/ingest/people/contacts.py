"""Phones to E.164 and e-mails to matching keys; the raw texts stay beside them."""

from __future__ import annotations

import re
from functools import cache

import polars as pl

from acrm.ingest.vocabulary import words

EXPONENT = r"(?:^|[;,]\s*)\d[.,]\d+[eE]\+\d+(?:$|\s*;)"
"""A phone that a spreadsheet saved as a number: its last digits are lost."""
_EMAIL = r"([\p{L}\d_+][\p{L}\d._%+'\-]*@[\p{L}\d\-]+(?:\.[\p{L}\d\-]+)*\.(?:xn--[a-z\d\-]+|\p{L}{2,}))"
_COUNTRIES = {
    "united states": "US",
    "usa": "US",
    "россия": "RU",
    "рф": "RU",
    "russia": "RU",
    "казахстан": "KZ",
    "kazakhstan": "KZ",
    "беларусь": "BY",
    "belarus": "BY",
    "украина": "UA",
    "ukraine": "UA",
    "germany": "DE",
    "deutschland": "DE",
    "united kingdom": "GB",
    "uk": "GB",
}
_EIGHT = ("RU", "KZ")
"""Where eight is dialled before the ten digits of a number; both share the country code 7."""


def email_key(text: pl.Expr) -> pl.Expr:
    """The first address in a cell, lower case, with `,` for the last dot and trailing marks mended; else null.

    What people write to get past a form (`no@mail.ru`) is nobody's address.

    >>> cells = pl.DataFrame({"e": ["  ADA@Example.com ", "anna@mail,ru", "a@b.ru.; c@d.ru", "none", "no@mail.ru"]})
    >>> cells.select(email_key(pl.col("e")))["e"].to_list()
    ['ada@example.com', 'anna@mail.ru', 'a@b.ru', None, None]
    """
    lowered = text.str.to_lowercase().str.replace_all(r"(@[\p{L}\d\-]+),\s?(\p{L}{2,6})(\s|[;,>.]|$)", "$1.$2$3")
    found = lowered.str.extract(_EMAIL)
    return pl.when(~found.str.contains("|".join(words("email_placeholders")))).then(found)


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
    russian = region in _EIGHT
    plus = pl.col("phone").str.contains(r"^[\s']*\+")
    quick = (
        pl.when(pl.col("phone").str.contains(EXPONENT) | digits.str.contains(_placeholder()))
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


@cache
def _placeholder() -> str:
    """Digits that are nobody's number: 70000000000, 1234567."""
    return "|".join(words("phone_placeholders"))


def _region(country: str | None, default: str | None) -> str | None:
    if country is None:
        return default
    text = country.strip()
    known = _COUNTRIES.get(text.casefold())
    code = text.upper() if len(text) == 2 and text.isascii() and text.isalpha() else None
    return known or code or default


def _first_valid(cell: str, region: str | None) -> str | None:
    import phonenumbers

    for part in re.split(r"[;,/|\n]|\s{2,}", cell):
        text = re.split(r"(?i)\s*(?:доб|вн|внутр|ext|x|#)\b\.?|#", part)[0].strip(" '")
        digits = re.sub(r"\D", "", text)
        if re.search(_placeholder(), digits):
            continue
        # Eleven digits, or two numbers of eleven with nothing but a blank between them.
        if region in _EIGHT and re.fullmatch(r"(?:8\d{10}){1,2}", digits) and not text.startswith("+"):
            text = f"+7{digits[1:11]}"
        elif re.fullmatch(r"7\d{10}[78]\d{10}", digits):
            text = f"+{digits[:11]}"
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return None
