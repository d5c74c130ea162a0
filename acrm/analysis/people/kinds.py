"""Columns of texts whose meaning nobody told: numbers, days, lists of answers, or words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from acrm.analysis.people.features import Kind

_MOST = 0.95
"""Share of the filled cells that must have a form; the others are taken for unknown."""
_SEVERAL, _ANSWERS = 0.1, 60
"""Share of the cells with a separator from which on a column is a list; different answers it may have."""
_UNKNOWN = frozenset(
    {"", "-", "n/a", "na", "nan", "none", "null", "unknown", "?", "нет данных", "неизвестно", "не указано"}
)
_MONEY_BEFORE, _MONEY_AFTER = r"^(-?)(?:[$€£₽¥₴₸]|USD|EUR|GBP|RUB)", r"(?i)(?:[$€£₽¥₴₸]|usd|eur|gbp|rub|руб|р)\.?$"
_DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%m/%d/%Y", "%m-%d-%Y")


def told(values: pl.Series, today: date | None, kind: Kind | None = None) -> tuple[Kind, pl.Series]:
    """A column as what its values are, or as the `kind` that it was before; days become days before `today`.

    Two values are a choice, even if they are numbers (0 and 1); texts in which `;` or `|` separates few different
    answers are lists. What is not of a `kind` that was told is unknown.

    Examples:
        >>> import polars as pl
        >>> told(pl.Series(["1 200,5", "7", None, "30"]), None)[1].to_list()
        [1200.5, 7.0, None, 30.0]
        >>> kind, values = told(pl.Series(["ski; chess", "chess", "ski;  tea", "tea"]), None)
        >>> kind, values.to_list()
        ('multi', [['chess', 'ski'], ['chess'], ['ski', 'tea'], ['tea']])
        >>> told(pl.Series(["0", "1", "0"]), None)[0]
        'category'
        >>> told(pl.Series(["0", "1", "many"]), None, "number")[1].to_list()
        [0.0, 1.0, None]
    """
    import polars as pl

    may_be = kind in (None, "number")
    if may_be and values.dtype.is_numeric() and (kind or values.n_unique() - (values.null_count() > 0) > 2):
        return "number", values.cast(pl.Float64)
    if may_be and values.dtype.is_temporal() and today is not None:
        return "number", _before(values.cast(pl.Date), today)
    text = values.cast(pl.String).str.strip_chars()
    text = (
        text.to_frame("v")
        .select(pl.when(~pl.col("v").str.to_lowercase().is_in(sorted(_UNKNOWN))).then("v"))
        .to_series()
    )
    if kind == "category":
        return kind, text
    parts = text.str.split("|").list.join(";").str.split(";").list.eval(pl.element().str.strip_chars())
    parts = parts.list.eval(pl.element().filter(pl.element() != "").unique().sort())
    if kind == "multi":
        return kind, parts
    filled = text.len() - text.null_count()
    if kind is None and (not filled or text.drop_nulls().n_unique() <= 2):
        return "category", text
    numbers = _numbers(text)
    if numbers.is_finite().sum() >= _MOST * filled:
        return "number", numbers
    for form in _DAYS:
        days = text.str.head(10).str.to_date(form, strict=False)
        if days.len() - days.null_count() >= _MOST * filled:
            return ("number", _before(days, today)) if today else (kind or "category", numbers if kind else text)
    if kind == "number":
        return kind, numbers
    several = (text.str.contains(r"[;|]").sum() or 0) >= _SEVERAL * filled
    return ("multi", parts) if several and parts.explode().n_unique() <= _ANSWERS else ("category", text)


def _numbers(text: pl.Series) -> pl.Series:
    """Numbers as people write them: with spaces, a decimal comma or one between thousands, a currency, a percent sign.

    Examples:
        >>> import polars as pl
        >>> _numbers(pl.Series(["$1,234.50", "$7", "-$1,000"])).to_list()
        [1234.5, 7.0, -1000.0]
        >>> _numbers(pl.Series(["1.234,50 €", "7,5 €", "1 200 руб."])).to_list()
        [1234.5, 7.5, 1200.0]
    """
    import polars as pl

    plain = text.str.replace_all(r"[\s\u00a0\u202f']", "").str.strip_suffix("%").str.replace(_MONEY_BEFORE, "$1")
    plain = plain.str.replace(_MONEY_AFTER, "")
    # What both marks of one cell mean holds for the column.
    for form, thousands in ((r"^-?\d{1,3}(,\d{3})+\.\d+$", ","), (r"^-?\d{1,3}(\.\d{3})+,\d+$", ".")):
        if plain.str.contains(form).any():
            plain = plain.str.replace_all(thousands, "", literal=True)
    return plain.str.replace(r"^(-?\d+),(\d+)$", "$1.$2").cast(pl.Float64, strict=False)


def _before(days: pl.Series, today: date) -> pl.Series:
    import polars as pl

    return days.to_frame("d").select((pl.lit(today) - pl.col("d")).dt.total_days().cast(pl.Float64)).to_series()
