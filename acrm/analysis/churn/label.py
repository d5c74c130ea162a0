"""The column that says who left, found or named, and which of its values means it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from acrm.analysis.churn.case import Case
from acrm.errors import InputError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from acrm.analysis.people.features import Feature

NAMES = (
    *("churn", "churned", "is_churn", "is_churned", "has_churned", "churn_flag", "churn_label", "churn_value"),
    *("churn_status", "churnflag", "churnlabel", "churnvalue", "customer_churn", "churn_yes_no", "target_churn"),
    *("exited", "has_exited", "attrition", "attrition_flag", "attrited", "left", "has_left", "is_left", "gone"),
    *("cancelled", "canceled", "is_cancelled", "is_canceled", "has_cancelled", "lapsed", "is_lapsed", "unsubscribed"),
    *("отток", "в_оттоке", "оттёк", "оттек", "ушёл", "ушел", "ушла", "ушли", "клиент_ушёл", "клиент_ушел"),
    *("покинул", "отвалился", "расторг", "расторгнут", "признак_оттока", "флаг_оттока"),
)
"""Names of such a column, in the order in which they are preferred; `x_`, case and signs between words aside."""
_STAYED = frozenset(
    {"retained", "is_retained", "stayed", "active", "is_active", "renewed", "is_renewed", "retention", "loyal"}
    | {"остался", "осталась", "активен", "активный", "продлил", "продлён", "продлен", "удержан"}
)
"""Columns whose yes means the opposite."""
_YES = frozenset(
    {"1", "yes", "y", "true", "t", "да", "д", "истина", "+"}
    | {"churn", "churned", "exited", "attrited", "attrited customer", "left", "gone", "lost", "cancelled", "canceled"}
    | {"lapsed", "inactive", "closed", "unsubscribed", "отток", "ушёл", "ушел", "ушла", "потерян", "расторгнут"}
    | {"закрыт", "неактивен", "неактивный"}
)
_NO = frozenset(
    {"0", "-1", "no", "n", "false", "f", "нет", "н", "ложь", "-"}
    | {"stayed", "retained", "existing", "existing customer", "active", "current", "open", "not churned", "no churn"}
    | {"остался", "осталась", "активен", "активный", "действует", "открыт", "клиент"}
)
_STATES = 10
"""Values of a state of which one means to have left."""


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Customers of whom it is known whether they left, and those of whom it is not.

    Attributes:
        case: The former, without the column among the features.
        unlabelled: The latter: rows of the same table, to be scored and never learned from.
        column: Where it stood.
        left: The value that means that a customer left.
        notes: Both in words.
    """

    case: Case
    unlabelled: pl.DataFrame
    column: str
    left: str
    notes: tuple[Message, ...]


def labelled(
    table: pl.DataFrame,
    features: Sequence[Feature],
    *,
    target: str | None = None,
    positive: str | None = None,
    cutoff: date | None = None,
) -> Labelled | None:
    """Take the label out of a table of customers.

    Without `target` it is the column with the first of `NAMES` that has such values. Which of the two means that a
    customer left follows from the words (yes, 1, true, churned, да …); in a column such as `retained` it is no. Several
    values will do if one speaks of leaving and another of staying, or with `positive`: all others mean that a customer
    stayed, also one who came lately.

    Args:
        table: One row per customer, as `people` makes it.
        features: Its columns.
        target: Name of the column, with or without the `x_` of what is not ours.
        positive: The value that means that a customer left.
        cutoff: The day before which all features were known, if that is told.

    Returns:
        None where no column was asked for and none is recognised.

    Raises:
        InputError: There is no such column or value, or the values do not tell which means what.

    Examples:
        >>> import polars as pl
        >>> from acrm.analysis.people.features import Feature
        >>> table = pl.DataFrame({"customer_id": ["b", "a", "c"], "x_churn": ["No", "Yes", None], "age": [30.0, 40, 9]})
        >>> found = labelled(table, [Feature(name=name, axis="extra", kind="number") for name in ("x_churn", "age")])
        >>> found.left, found.case.table.rows(), found.case.outcome.to_list(), found.unlabelled["customer_id"].to_list()
        ('Yes', [('a', 40.0), ('b', 30.0)], [True, False], ['c'])
    """
    import polars as pl

    column = recognised(table, target)
    if column is None and target is not None:
        raise no_column("churn_no_target", "target", target, table.columns[1:])
    if column is None:
        return None
    words = _words(table[column])
    left = _left(column, words, positive)
    known = table.with_columns(_left=words == left).sort("customer_id")
    rows = known.filter(pl.col("_left").is_not_null())
    outcome = rows["_left"].alias("left")
    if outcome.all() or not outcome.any():
        raise _refusal(column, words.drop_nulls().unique().to_list()[:1])
    unlabelled = known.filter(pl.col("_left").is_null()).drop("_left", column)
    figures = {
        "column": column.removeprefix("x_"),
        "left": left,
        "leavers": int(outcome.sum()),
        "customers": len(outcome),
    }
    notes = [Message("churn_label.found", figures | {"share": float(outcome.sum()) / len(outcome)})]
    others = words.filter(words != left).unique().sort().to_list()
    if len(others) > 1:
        notes.append(Message("churn_label.stayed", {"values": listed(others, _STATES)}))
    if unlabelled.height:
        notes.append(
            Message("churn_label.unlabelled", {"customers": unlabelled.height, "column": column.removeprefix("x_")})
        )
    return Labelled(
        case=Case(
            table=rows.drop("_left", column),
            features=tuple(feature for feature in features if feature.name != column),
            outcome=outcome,
            cutoff=cutoff,
        ),
        unlabelled=unlabelled,
        column=column,
        left=left,
        notes=tuple(notes),
    )


def plain_name(column: str) -> str:
    """A name as it is looked up.

    >>> plain_name("x_Churn Flag"), plain_name("Is-Churned?")
    ('churn_flag', 'is_churned')
    """
    return re.sub(r"[\W_]+", "_", column.lower().removeprefix("x_")).strip("_")


def called(columns: Iterable[str], most: int = 8) -> str:
    """Columns in a sentence, as users call them and may type them.

    >>> called(["x_contract", "age"])
    'contract, age'
    """
    return listed((name.removeprefix("x_") for name in columns), most)


def no_column(id: str, option: str, asked: str, columns: Iterable[str]) -> InputError:
    """The refusal of a column that is not there: those there are, and the one that is called most like it.

    >>> str(no_column("churn_no_by", "by", "Contrakt", ["gender", "x_contract"]).hint)
    '--by contract'
    """
    known = [name.removeprefix("x_") for name in columns]
    near = get_close_matches(plain_name(asked), known, 1, 0.0)
    return InputError(id, option=option, column=asked, known=listed(known, 20), nearest=near[0] if near else "…")


def column_of(names: Sequence[str], asked: str) -> str | None:
    """The column that is meant by a name, with or without the `x_` of what is not ours, case and signs aside.

    Those of lineage are nobody's.

    >>> column_of(["customer_id", "x_monthlycharges"], "MonthlyCharges")
    'x_monthlycharges'
    """
    named = [name for name in names if name[0] != "_"]
    if asked in named:
        return asked
    return next((name for name in named if plain_name(name) == plain_name(asked)), None)


def outcome_of(values: pl.Series) -> pl.Series:
    """What a campaign brought: numbers as they are, words of yes and no as True and False.

    Raises:
        InputError: The values are neither.
    """
    import polars as pl

    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return values
    words = _words(values)
    yes = _left(values.name, words, None)
    return words == yes


def recognised(table: pl.LazyFrame | pl.DataFrame, target: str | None = None) -> str | None:
    """The column that says who left: the one told, or else the first of `NAMES` with two values; None without any."""
    by_name = _by_name(table)
    if target is not None:
        return column_of([*by_name.values()], target)
    for name in NAMES:
        if name in by_name:
            values = _values(table, by_name[name])
            if len(values) == 2 or _one_left(values) is not None:
                return by_name[name]
    return None


def missing(tables: Mapping[str, pl.LazyFrame]) -> InputError:
    """Why no table says who left, where no purchases do: a column is called so, but has one value only, or others."""
    for table in tables.values():
        by_name = _by_name(table)
        for name in NAMES:
            if name in by_name and (values := _values(table, by_name[name])):
                return _refusal(by_name[name], values)
    return InputError("churn_nothing")


def _refusal(column: str, values: list[str]) -> InputError:
    if len(values) == 1:
        return InputError("churn_one_outcome", column=column.removeprefix("x_"), value=values[0])
    first = next(iter([*_meant(values, _YES), *values]), "yes")
    return InputError(
        "churn_values", column=column.removeprefix("x_"), n=len(values), known=listed(values, 10), first=first
    )


def _by_name(table: pl.LazyFrame | pl.DataFrame) -> dict[str, str]:
    found: dict[str, str] = {}
    for column, kind in table.lazy().collect_schema().items():
        if not kind.is_nested() and column != "customer_id":
            found.setdefault(plain_name(column), column)
    return found


def _values(table: pl.LazyFrame | pl.DataFrame, column: str) -> list[str]:
    return _words(table.lazy().select(column).collect()[column]).drop_nulls().unique().sort().to_list()


def _words(values: pl.Series) -> pl.Series:
    """The values as texts; whole numbers without a decimal mark, null and NaN alike unknown."""
    import polars as pl

    if values.dtype.is_numeric():
        values = values.cast(pl.Float64).fill_nan(None)
    words = values.cast(pl.String).str.strip_chars()
    return words.str.replace(r"^(-?\d+)\.0+$", "$1").replace("", None)


def _meant(values: list[str], words: frozenset[str]) -> list[str]:
    return [value for value in values if value.lower().rstrip(".") in words]


def _one_left(values: list[str]) -> str | None:
    """The only one of some values that speaks of leaving, if another speaks of staying."""
    yes = _meant(values, _YES)
    return yes[0] if 2 < len(values) <= _STATES and len(yes) == 1 and _meant(values, _NO) else None


def _left(column: str, words: pl.Series, positive: str | None) -> str:
    values = words.drop_nulls().unique().sort().to_list()
    if positive is not None:
        wanted = positive.strip().lower()
        found = [value for value in values if value.lower() == wanted]
        if not found:
            told = {"column": column.removeprefix("x_"), "value": positive}
            raise InputError("churn_positive", **told, known=listed(values, 10), last=values[-1])
        return str(found[0])
    if (one := _one_left(values)) is not None:
        return one
    yes, no = _meant(values, _YES), _meant(values, _NO)
    if len(values) != 2:
        raise _refusal(column, values)
    stayed = plain_name(column) in _STAYED
    # One word that is known is enough: the other value is its opposite.
    for known, meant in ((yes, not stayed), (no, stayed)):
        if len(known) == 1:
            return str(known[0] if meant else next(value for value in values if value != known[0]))
    raise InputError("churn_which", column=column.removeprefix("x_"), known=listed(values), first=values[0])
