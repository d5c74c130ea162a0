"""Dates as people and mail programs write them, rewritten so that one numeric format reads them."""

from __future__ import annotations

import polars as pl

from acrm.ingest.vocabulary import words

MIDNIGHT = r"(?:^|[^\d:])24:00(?::00(?:[.,]0+)?)?(?:[^\d:.,]|$)"
"""The end of a day, which is the beginning of the next."""
_SPACES = r"[\s\x{a0}\x{2007}\x{2009}\x{202f}]+"
_TIME_FIRST = r"(?i)^(\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[ap]\.?\s?m\.?)?)[,;]?\s(.*\d.*)$"
_CLOCK = r"(?i)(:\d{2}(?:\.\d+)?(?:\s?[ap]\.?\s?m\.?)?)"
_OF_YEAR = r"(?i)(\d)\s?(?:г\.?|года|р\.?|року)(,?\s|$)"
_JOINED = r"(?i)(\d)(?:\s?,\s?|\s)(?:(?:в|о|at|um|à|a las)\s)?(\d{1,2}:\d{2})"
_DATED = r"(\d{1,4}[./-]\d{1,2}[./-].*|\d{1,2}[.\s-]+(?:de )?\pL{3,}.*|\pL{3,}\.?[\s-].*)"
_BEFORE = r"([^\pL]*(?:\d(?:st|nd|rd|th|er) )?(?:de )?)"
_DAY, _YEAR, _GAP, _TAIL = r"(\d{1,2})(?:st|nd|rd|th|er|º)?", r"(\d{4}|\d{2})", r"[\s.,–-]*", r"(?:,?\s+(\d.*))?$"
_AROUND = (
    (rf"^{_DAY}{_GAP}(?:de |of )?M(\d\d){_GAP}(?:de |del )?{_YEAR}{_TAIL}", 3, 1, 4),
    (rf"^M(\d\d){_GAP}{_DAY}[\s.,-]+{_YEAR}{_TAIL}", 3, 2, 4),
    (rf"^(\d{{4}}){_GAP}M(\d\d){_GAP}{_DAY}{_TAIL}", 1, 3, 4),
    (rf"^M(\d\d){_GAP}(?:de |del )?['’]?{_YEAR}$", 2, 0, 0),
    (rf"^(\d{{4}}){_GAP}M(\d\d)$", 1, 0, 0),
)
"""What stands around a month that is written M01 to M12: pattern, and its groups of year, day and time (0: none)."""


def numeric(text: pl.Expr) -> pl.Expr:
    """A date text without weekday, month name, zone name, words and odd blanks; one it cannot rewrite stays.

    The time comes last, 24:00 is written 00:00 (`MIDNIGHT` still finds it in the text), a zone becomes its offset.

    >>> cells = pl.DataFrame({"t": ["Fri, 13 Feb 2026 12:00:00 +0300", "12:30 13.02.2026 г.", "5. März 2024"]})
    >>> cells.select(numeric(pl.col("t")))["t"].to_list()
    ['2026-02-13 12:00:00+0300', '13.02.2026 12:30', '2024-03-5']
    """
    # Step by step on values: as one expression, every step would be computed again by each that follows.
    return text.map_batches(_numeric, return_dtype=pl.String, is_elementwise=True)


def _numeric(texts: pl.Series) -> pl.Series:
    distinct = texts.unique()
    plain = distinct.str.replace_all(_SPACES, " ").str.strip_chars(" '")
    plain = plain.str.replace(_OF_YEAR, "$1$2").str.strip_chars().str.replace(_TIME_FIRST, "$2 $1")
    plain = plain.str.replace(rf"(?i)^(?:{'|'.join(words('weekdays'))})\.?,?\s{_DATED}$", "$1")
    plain = plain.str.replace(r"(:\d{2}:\d{2}),(\d+)", "$1.$2").str.replace(r"(?i)(:\d{2})\s?uhr$", "$1")
    plain = plain.str.replace(_JOINED, "$1 $2").str.replace(r"([ T])24:00", "${1}00:00")
    plain = _with_offset(plain)
    plain = plain.str.replace(r"(?i)(:\d{2}(?:\.\d+)?)\s?([ap])\.?\s?m\.?", "$1 ${2}M")
    named = _named_month(plain)
    rewritten = named.zip_with(named.is_not_null(), plain)
    return texts.replace_strict(distinct, rewritten, return_dtype=pl.String)


def _with_offset(texts: pl.Series) -> pl.Series:
    """`+3`, `GMT+3`, `(UTC+03:00)`, `MSK` as `+0300` right behind the time."""
    bare = texts.str.replace(r"([+-]\d{2}:?\d{2}|Z)\s?\([^)]*\)$", "$1")
    bare = bare.str.replace(rf"{_CLOCK}\s?\(?(?:gmt|utc)?\s?([+-])(\d)(?::?(\d{{2}}))?\)?$", "$1${2}0$3$4")
    bare = bare.str.replace(rf"{_CLOCK}\s?\(?(?:gmt|utc)?\s?([+-]\d{{2}})(?::?(\d{{2}}))?\)?$", "$1$2$3")
    bare = bare.str.replace(rf"{_CLOCK}([+-]\d{{2}})$", "$1${2}00")
    for offset, names in words("zone_offsets").items():
        bare = bare.str.replace(rf"{_CLOCK}\s?\(?(?:{'|'.join(names)})\)?$", f"${{1}}{offset}")
    return bare


def _named_month(texts: pl.Series) -> pl.Series:
    """`5 января 2024 10:30`, `Jan 5, 2024`, `15-ene-24` with the year first; null when there is no month name."""
    months = {name: f"{number:02d}" for number, names in enumerate(words("months"), 1) for name in names}
    names = "|".join(sorted(months, key=lambda name: (-len(name), name)))
    found = pl.DataFrame({"text": texts.str.to_lowercase()}).with_columns(
        parts=pl.col("text").str.extract_groups(rf"^{_BEFORE}({names})\pL*\.?(.*)$")
    )
    before, name, after = (pl.col("parts").struct.field(str(place)) for place in (1, 2, 3))
    found = found.select(before=before, month=name.replace_strict(months, default=None), after=after)
    found = found.with_columns(coded=pl.concat_str("before", pl.lit("M"), "month", "after"))
    dates = pl.Series(values=[None], dtype=pl.String).new_from_index(0, texts.len())
    for pattern, year, day, tail in _AROUND:
        date = found.select(
            pl.concat_str(
                _four_digits(pl.col("coded").str.extract(pattern, year)),
                "month",
                pl.col("coded").str.extract(pattern, day) if day else pl.lit("01"),
                separator="-",
            ).alias("date"),
            (pl.col("coded").str.extract(pattern, tail) if tail else pl.lit(None, pl.String)).alias("rest"),
        ).select(
            pl.when(pl.col("date").is_not_null()).then(pl.concat_str("date", "rest", separator=" ", ignore_nulls=True))
        )
        dates = dates.zip_with(dates.is_not_null(), date.to_series())
    return dates


def _four_digits(year: pl.Expr) -> pl.Expr:
    """Two-digit years from 70 are of the last century."""
    century = pl.when(year.cast(pl.Int32, strict=False) < 70).then(pl.lit("20")).otherwise(pl.lit("19"))
    return pl.when(year.str.len_chars() == 2).then(pl.concat_str(century, year)).otherwise(year)
