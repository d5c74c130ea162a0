"""Texts to exact decimals: one reading of the marks for a whole column, refused when a mark could mean either."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from acrm.errors import InputError
from acrm.schema import dtype

_PLAIN = r"^-?\d+(\.\d+)?$"
_COMMA = r"^-?\d[\d \x{a0}\x{202f}]*(,\d+)?$"
_SPACES = r"[\s\x{a0}\x{2007}\x{2009}\x{202f}'’`]"
_DIGITS = r"(\d(?:[\d.,\s\x{a0}\x{2007}\x{2009}\x{202f}'’`]*\d)?)"
_TIMES = {"k": 1000, "к": 1000, "тыс": 1000, "m": 10**6, "млн": 10**6, "mln": 10**6}
_UNITS = (
    r"\b(?:k|к|тыс|m|млн|mln|руб\pL*|р|rub|сум|сом|тг|тенге|грн|бел|br|kč|zł|us|ca|au|шт|pcs|ед|кг|kg|г|л|м|pt|stk|x"
    r"|usd|eur|gbp|kzt|uah|byn|uzs|kgs|chf|pln|czk|brl|inr|cny|jpy|try|aed|cad|aud|sek|nok|dkk|tl|rs|kr|fr|bdt"
    r"|евро|euros?|dollars?|доллар\pL*|бакс\pL*|долл|сша|грив\pL+|злот\pL+|лари|драм\pL*|манат\pL*|сомони|сом\pL{1,2}"
    r"|сум\pL{1,2}|юан\pL+|иен\pL?|йен\pL?|у е|уе|y e|gross|net|брутто|нетто|36)\b"
)
_EXPONENT = r"^[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+$"
_LAKHS = r"^\d{1,2}(,\d{2})+,\d{3}$"
"""How India groups: 1,23,456."""
_DEEP = r"[.,]\d{4}\d*[1-9]"


@dataclass(frozen=True, kw_only=True)
class NumberFormat:
    """How a column's numbers are written.

    `style` is the cheapest way to read them all: `plain` (digits, sign, decimal dot), `comma` (spaces in groups, a
    decimal comma), or `any`. The `…_triple_…` flags say what a lone mark before exactly three digits is ("1,234").
    `doubt` is an example that reads both ways.
    """

    style: str = "plain"
    decimal: str | None = None
    """The decimal mark the values prove, None when no value has decimals."""
    comma_triple_is_decimal: bool = False
    dot_triple_is_decimal: bool = True
    doubt: str | None = None
    deep: bool = False
    """Some value has more decimals than the four that are kept."""


def decide(values: pl.Series, preferred: str | None = None) -> NumberFormat:
    """Decide how a column of texts writes its numbers, from its distinct values.

    Two marks in a value, a repeated mark, or a mark not before exactly three digits speak for themselves. A lone mark
    before three digits follows the column's other values, then `preferred` (`--decimal`, or the file's other columns).

    Examples:
        >>> decide(pl.Series(["24 800,00", "1 234,50 р."])).decimal
        ','
        >>> decide(pl.Series(["1,234", "12.50"])).comma_triple_is_decimal
        False
        >>> decide(pl.Series(["1,234", "2,500"])).doubt
        '1,234'
    """
    texts = values.drop_nulls().str.strip_chars().unique().sort()
    plain = texts.is_empty() or bool(texts.str.contains(_PLAIN).all())
    form = _plain(texts, preferred) if plain else _marked(texts, preferred)
    return replace(form, deep=bool(texts.str.contains(_DEEP).any()))


def _marked(texts: pl.Series, preferred: str | None) -> NumberFormat:
    """Numbers with marks of any kind around, between or behind their digits."""
    digits = texts.str.extract(_DIGITS).str.replace_all(_SPACES, "").drop_nulls()

    def any_of(pattern: str) -> bool:
        return bool(digits.str.contains(pattern).any())

    comma = (
        any_of(r"^\d*,(\d{1,2}|\d{4,})$")
        or any_of(r"^0\d*,\d{3}$")
        or any_of(r"\.\d*,\d+$")
        or any_of(r"^\d{4,},\d{3}$")
    )
    dot = (
        any_of(r"^\d*\.(\d{1,2}|\d{4,})$")
        or any_of(r"^0\d*\.\d{3}$")
        or any_of(r",\d*\.\d+$")
        or any_of(r"^\d{4,}\.\d{3}$")
    )
    # Dollars and pounds are grouped with commas wherever they are written.
    dollars = bool(texts.str.contains(r"[$£]\s*\d{1,3},\d{3}").any())
    comma_groups = any_of(r",\d{3},") or any_of(r",\d{2},\d{3}") or any_of(r",\d*\.\d") or dollars
    dot_groups = any_of(r"\.\d{3}\.") or any_of(r"\.\d*,\d")
    comma_triples = digits.filter(digits.str.contains(r"^[1-9]\d{0,2},\d{3}$"))
    dot_triples = digits.filter(digits.str.contains(r"^[1-9]\d{0,2}\.\d{3}$"))
    doubt = None
    comma_triple = dot_triple = False
    if comma_triples.len():
        comma_triple = comma and not (dot or comma_groups)
        if not (comma or dot or comma_groups or dot_groups):
            comma_triple = preferred == ","
            doubt = None if preferred else comma_triples[0]
    if dot_triples.len():
        dot_triple = dot and not (comma or dot_groups)
        if not (comma or dot or comma_groups or dot_groups):
            dot_triple = preferred == "."
            doubt = doubt if preferred else dot_triples[0]
    simple = comma and bool(texts.str.contains(_COMMA).all()) and (comma_triple or not comma_triples.len())
    proven = "," if comma and not dot else "." if dot and not comma else None
    return NumberFormat(
        style="comma" if simple else "any",
        decimal=proven,
        comma_triple_is_decimal=comma_triple,
        dot_triple_is_decimal=dot_triple,
        doubt=doubt,
    )


def _plain(texts: pl.Series, preferred: str | None) -> NumberFormat:
    """Digits and dots only: a dot is the decimal mark, unless every dotted value could be a group of three."""
    dotted = texts.filter(texts.str.contains(".", literal=True))
    if dotted.is_empty():
        return NumberFormat()
    if not bool(dotted.str.contains(r"^-?[1-9]\d{0,2}\.\d{3}$").all()):
        return NumberFormat(decimal=".")
    if preferred == ",":
        return NumberFormat(style="any", dot_triple_is_decimal=False)
    ungrouped = bool(texts.str.contains(r"^-?\d{4,}$").any())
    return NumberFormat(
        decimal="." if preferred or ungrouped else None, doubt=None if preferred or ungrouped else dotted[0]
    )


def parse(text: pl.Expr, form: NumberFormat, *, shares: bool = True) -> pl.Expr:
    """Trimmed text to Decimal(38, 4), rounded half away from zero past four decimals; what does not parse is null.

    Args:
        text: The cells.
        form: What was decided about their column.
        shares: Whether `100%` is a number; it is no amount of money.

    Examples:
        >>> cells = pl.DataFrame({"t": ["2.00005", "-2.00005", "2.00004999"]})
        >>> cells.select(parse(pl.col("t"), decide(cells["t"])))["t"].to_list()
        [Decimal('2.0001'), Decimal('-2.0001'), Decimal('2.0000')]
    """
    if form.style == "plain":
        # Where the decision saw no dot, a dot that turns up later is for a new decision.
        known = text if form.decimal else pl.when(~text.str.contains(".", literal=True)).then(text)
        return _exact(known, form)
    if form.style == "comma":
        return _exact(text.str.replace_all(_SPACES, "").str.replace(",", ".", literal=True), form)
    clean = text.str.strip_chars()
    digits = clean.str.extract(_DIGITS).str.replace_all(_SPACES, "")
    single_comma, single_dot = digits.str.contains(r"^\d*,\d*$"), digits.str.contains(r"^\d*\.\d*$")
    comma_triple, dot_triple = (
        digits.str.contains(r"^[1-9]\d{0,2},\d{3}$"),
        digits.str.contains(r"^[1-9]\d{0,2}\.\d{3}$"),
    )
    no_comma = digits.str.replace_all(",", "", literal=True)
    no_dot = digits.str.replace_all(".", "", literal=True)
    comma_last = no_dot.str.replace(",", ".", literal=True)
    dotted = (
        pl.when(comma_triple & (not form.comma_triple_is_decimal))
        .then(no_comma)
        .when(dot_triple & (not form.dot_triple_is_decimal))
        .then(no_dot)
        .when(single_comma)
        .then(comma_last)
        .when(single_dot)
        .then(digits)
        .when(digits.str.contains(r"\.[^.]*,\d*$") & (digits.str.count_matches(",", literal=True) == 1))
        .then(comma_last)
        .when(digits.str.contains(r",[^,]*\.\d*$") & (digits.str.count_matches(".", literal=True) == 1))
        .then(no_comma)
        .when(digits.str.contains(r"^\d{1,3}(,\d{3})+$") | digits.str.contains(_LAKHS))
        .then(no_comma)
        .when(digits.str.contains(r"^\d{1,3}(\.\d{3})+$"))
        .then(no_dot)
        .when(digits.str.contains(r"^\d+$"))
        .then(digits)
    )
    around = clean.str.replace(_DIGITS, " ").str.to_lowercase().str.replace_all(r"[^\pL\pN]+", " ").str.strip_chars()
    times = (
        clean.str.to_lowercase()
        .str.extract(r"\d\s*(k|к|тыс|m|млн|mln)(?:\PL|$)")
        .replace_strict(_TIMES, default=1, return_dtype=pl.Int64)
    )
    number = pl.when(times == 1).then(_exact(dotted, form)).otherwise(_multiplied(dotted, times))
    number = pl.when(clean.str.contains(r"^[^\d]*[-−–(]\s*[^\d]*\d|\d\s*-$")).then(-number).otherwise(number)
    exponent = _rounded(clean.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False))
    # "2 шт по 5", "1200-1500", "see note 15" are no numbers: other digits, or words that are no currency and no unit.
    known = (around.str.replace_all(_UNITS, "").str.strip_chars() == "") & ~clean.str.contains(r"^\pL\d")
    if not shares:
        known = known & ~clean.str.contains("%", literal=True)
    return pl.when(clean.str.contains(_EXPONENT)).then(exponent).when(known).then(number)


def _exact(text: pl.Expr, form: NumberFormat) -> pl.Expr:
    """Digits with a decimal dot. The cast alone would round half to even; its way round costs only deep columns."""
    if not form.deep:
        return text.cast(dtype("money"), strict=False)
    # What follows the fifth decimal cannot change how the fourth is rounded.
    return _rounded(text.str.replace(r"(\.\d{5})\d+$", "$1").cast(pl.Decimal(38, 5), strict=False))


def _multiplied(text: pl.Expr, times: pl.Expr) -> pl.Expr:
    """`1.23456 million`: the decimals that the factor brings before the mark are read, too."""
    return _rounded(text.str.replace(r"(\.\d{11})\d+$", "$1").cast(pl.Decimal(38, 11), strict=False) * times)


def _rounded(value: pl.Expr) -> pl.Expr:
    return value.round(4, mode="half_away_from_zero").cast(dtype("money"), strict=False)


def of_typed(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """A numeric column as Decimal(38, 4), rounded as texts are; what does not fit is null."""
    return _rounded(column) if kind.is_float() or kind.is_decimal() else column.cast(dtype("money"), strict=False)


def refuse_doubt(file: str, column: str, form: NumberFormat) -> None:
    """Raise the error that names the option when a column's mark reads both ways."""
    if form.doubt:
        raise InputError("decimal_ambiguous", file=file, column=column, example=form.doubt)
