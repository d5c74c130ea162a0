"""Do the values of a column look like dates, numbers, e-mails? Used to refuse a synonym that only looks right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from acrm.ingest.vocabulary import fold, folded, null_words, words

if TYPE_CHECKING:
    import polars as pl

_DATE = (
    r"^\s*'?\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|^\s*\d{8}(\d{6})?\s*$|^\s*\d{5}([.,]\d+)?\s*$|^\s*\d{10}(\d{3})?\s*$"
    r"|^\s*\d{1,2}(er|st|nd|rd|th)?[ .-]{1,2}\pL{2,}|^\s*\pL{2,12}[.,]{0,2}[ .-]+(\pL{3,9}\.?[ -])?\d{1,4}"
    r"|^\s*\d{1,2}:\d{2}(:\d{2})?[ ,\x{a0}]+\d"
)
_NUMBER = r"^\D{0,5}[\s(−-]*\D{0,5}\d[\d\s.,'’\x{a0}\x{202f}]*(e[+-]?\d+)?[)\s%−-]*(\pL|[₽$€£.]){0,8}\s*$"
_PATTERNS = {
    "date": _DATE,
    "datetime": _DATE,
    # A share of something is no sum of money: a discount of 10% is not 10.
    "money": "(?i)" + _NUMBER.replace("%", ""),
    "number": "(?i)" + _NUMBER,
    # Six or seven digits lack an area code: such a number is nobody's.
    "phone": r"(?i)^\D*(\d\D*){0,5}$|(\d\D*){8}|\de\+?\d",
    "integer": r"(?i)^\s*\d+:\d{2}(:\d{2})?\s*$|" + _NUMBER,
}


def fits(values: pl.Series, kind: str) -> bool:
    """Whether at least 6 of 10 non-empty values have the shape of the kind; texts, ids and empty columns always fit."""
    import polars as pl

    if values.dtype != pl.String:
        temporal = values.dtype.is_temporal()
        return {"date": temporal, "datetime": temporal}.get(kind, not temporal if kind in _PATTERNS else True)
    if kind not in _PATTERNS:
        return True
    filled = values.str.strip_chars()
    # The word that heads a total stands in the first column, which is often the date.
    total = filled.str.to_lowercase().str.strip_chars(": ").is_in(words("totals_row"))
    filled = filled.filter(~filled.is_in(null_words()) & ~total)
    if filled.is_empty():
        return True
    return float(filled.str.contains(_PATTERNS[kind]).mean() or 0.0) >= 0.6  # type: ignore[arg-type]


def among(values: pl.Series, known: Iterable[str]) -> bool:
    """Whether at least 6 of 10 non-empty values are one of some words; an empty column and truth values are."""
    import polars as pl

    if values.dtype != pl.String:
        return values.dtype == pl.Boolean
    filled = values.str.strip_chars()
    filled = filled.filter(~filled.is_in(null_words()))
    if filled.is_empty():
        return True
    said = pl.DataFrame({"v": filled}).select(folded(pl.col("v"))).to_series().is_in([fold(word) for word in known])
    return float(said.mean() or 0.0) >= 0.6  # type: ignore[arg-type]
