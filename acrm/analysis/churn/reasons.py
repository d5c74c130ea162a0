"""Why each customer is at risk: the features that add most to the log-odds of leaving, in words."""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING, Any

from acrm.analysis.churn.training import blocks
from acrm.analysis.segment.naming import clean, level_words, readable
from acrm.messages import Message, number, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from acrm.analysis.churn.training import Scorer
    from acrm.models.contributions import Contributions

REASONS = 3
LEAST = 0.05
"""Log-odds, a twentieth more odds of leaving, from which on a feature is a reason."""
_ABOUT = re.compile(r"about_(.+)_(\d+)d")
_MONEY = frozenset({"spend", "mean_order", "spend_recent", "price", "clv"})
_SHORT, _LONG = 100, 1e15
"""From the one on without decimals, from the other on with an exponent."""
_YES, _NO = frozenset({"yes", "y", "true", "1", "да"}), frozenset({"no", "n", "false", "0", "нет"})


def contributions(scorer: Scorer, table: pl.DataFrame) -> pl.DataFrame:
    """What every feature adds to each customer's log-odds of leaving.

    Returns:
        `customer_id`, `base` (the same for all), and a column per feature; in the rows' order. For the additive model
        they sum to the log-odds of `churn_probability`. For one with interactions, see
        `acrm.models.contributions.Contributions`.
    """
    import numpy as np
    import polars as pl

    names = _features(scorer)
    parts = list(_taken_apart(scorer, table))
    added = np.concatenate([part.added for part in parts]) if parts else np.empty((0, len(names)))
    base = pl.lit(parts[0].base if parts else 0.0).alias("base")
    columns = [pl.Series(name, added[:, place]) for place, name in enumerate(names)]
    return table.select("customer_id").with_columns(base, *columns)


def reasons(scorer: Scorer, table: pl.DataFrame) -> pl.DataFrame:
    """The three features that add most to each customer's risk, and what part of all that adds to it each of them is.

    A reason adds `LEAST` at least; who has fewer has empty ones. The words say how the customer is, and for numbers
    what is usual (the median); `churn_reasons.number.<feature>` in the catalogue says it better where it is known.

    Returns:
        One row per row of the table, in its order: `customer_id`, `reason_1` to `reason_3`, `share_1` to `share_3`, and
        `feature_1` to `feature_3`, the features they are about.
    """
    import numpy as np
    import polars as pl

    names = _features(scorer)
    known = _Words(scorer)
    said, shares = [np.empty((0, REASONS), np.int64)], [np.empty((0, REASONS))]
    about = [np.empty((0, REASONS), np.int64)]
    at = 0
    for part in _taken_apart(scorer, table):
        # Equal contributions: the feature that comes first.
        top = np.argsort(-part.added, axis=1, kind="stable")[:, :REASONS]
        push = np.take_along_axis(part.added, top, axis=1)
        told = push >= LEAST
        total = np.maximum(part.added, 0).sum(axis=1, keepdims=True)
        share = np.full((len(top), REASONS), np.nan)
        share[:, : top.shape[1]] = np.where(told, push / np.where(total > 0, total, 1.0), np.nan)
        shares.append(share)
        feature = np.full((len(top), REASONS), len(names))
        feature[:, : top.shape[1]] = np.where(told, top, len(names))
        about.append(feature)
        words = np.full((len(top), REASONS), known.nothing)
        for place, name in enumerate(names):
            row, rank = np.nonzero((top == place) & told)
            words[row, rank] = [known.place(name, value) for value in table[name].gather(at + row).to_list()]
        said.append(words)
        at += len(top)
    sentences = pl.Series(known.sentences, dtype=pl.String)
    features = pl.Series([*names, None], dtype=pl.String)
    chosen, share, feature = np.concatenate(said), np.concatenate(shares), np.concatenate(about)
    return table.select("customer_id").with_columns(
        *(sentences.gather(chosen[:, n]).alias(f"reason_{n + 1}") for n in range(REASONS)),
        *(pl.Series(f"share_{n + 1}", share[:, n]).fill_nan(None) for n in range(REASONS)),
        *(features.gather(feature[:, n]).alias(f"feature_{n + 1}") for n in range(REASONS)),
    )


def _features(scorer: Scorer) -> list[str]:
    return list(dict.fromkeys(scorer.design.features))


def _taken_apart(scorer: Scorer, table: pl.DataFrame) -> Iterator[Contributions]:
    import numpy as np
    import polars as pl

    from acrm.models.contributions import contributions as taken_apart

    place = {name: number for number, name in enumerate(_features(scorer))}
    feature = np.array([place[name] for name in scorer.design.features], dtype=np.intp)
    usual = {name: [value] for name, value in scorer.design.typical.items()}
    typical = scorer.design.matrix(pl.DataFrame(usual, schema={name: table.schema[name] for name in usual}))[0]
    for matrix in blocks(scorer.design, table):
        yield taken_apart(scorer.classifier, matrix, feature, typical)


class _Words:
    """What is said of a value, each put into words once."""

    nothing = 0
    """Place of no sentence."""

    def __init__(self, scorer: Scorer) -> None:
        self._typical = scorer.design.typical
        self._numbers = frozenset(scorer.design.numbers)
        self._places: dict[tuple[str, Any], int] = {}
        self.sentences: list[str | None] = [None]

    def place(self, feature: str, value: Any) -> int:
        """Where among `sentences` it stands how a customer is in a feature."""
        known = (feature, tuple(value) if isinstance(value, list) else value)
        found = self._places.get(known)
        if found is None:
            # Numbers that are read alike are said alike.
            told = feature in self._numbers and value is not None and isfinite(value)
            shown = (feature, _shown(feature, value)) if told else known
            found = self._places.get(shown, len(self.sentences))
            if found == len(self.sentences):
                self.sentences.append(self._put(feature, value))
            self._places[shown] = self._places[known] = found
        return found

    def _put(self, feature: str, value: Any) -> str:
        name = readable(feature)
        if value is None or (isinstance(value, float) and not isfinite(value)):
            known = Message(f"churn_reasons.unknown_of.{feature}")
            return str(known) if known.exists else text("churn_reasons.unknown", feature=name)
        if about := _ABOUT.fullmatch(feature):
            values = {"value": _plain(value), "typical": _plain(self._typical[feature])}
            return text("churn_reasons.about", topic=clean(about[1]), days=int(about[2]), **values)
        if feature in self._numbers:
            told, usual = _shown(feature, value), _shown(feature, self._typical[feature])
            known = Message(f"churn_reasons.number.{feature}")
            id = known.id if known.exists else "churn_reasons.value"
            id = "churn_reasons.as_usual" if told == usual else id
            return text(id, feature=name, value=told, typical=usual)
        if isinstance(value, list):
            level = ", ".join(clean(one) for one in value[:REASONS]) or text("churn_reasons.none")
            return text("churn_reasons.level", feature=name, level=level)
        if value.lower() in _YES:
            return name
        return (
            text("churn_reasons.no", feature=name)
            if value.lower() in _NO
            else text("churn_reasons.level", feature=name, level=level_words(value))
        )


def _shown(feature: str, value: float) -> int | float | str:
    """A number as it is read: money to the cent below 100; the words say how shares are written.

    >>> _shown("spend", 70.346), _shown("spend", 7034.6), _shown("visits", 3.0), _shown("return_share", 0.000176)
    ('70.35', '7,035', 3, 0.000176)
    """
    if feature in _MONEY and abs(value) < _SHORT:
        return number(value, ",.2f")
    if feature in _MONEY and abs(value) < _LONG:
        return number(value, ",.0f")
    return _plain(value)


def _plain(value: float) -> int | float:
    """A number as it is read: three digits, or all that stand before the decimal mark.

    >>> _plain(29.0), _plain(1234.56), _plain(0.123456), _plain(70.35), _plain(1.23456e300)
    (29, 1235, 0.123, 70.3, 1.23e+300)
    """
    if _SHORT <= abs(value) < _LONG:
        return round(value)
    short = float(f"{value:.3g}")
    return int(short) if short == int(short) and abs(short) < _LONG else short
