"""Why each customer is at risk: the features that add most to the log-odds of leaving, in words."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from acrm.analysis.churn.label import plain_name
from acrm.analysis.churn.training import blocks
from acrm.analysis.segment.naming import clean, level_words, readable
from acrm.messages import Message, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from acrm.analysis.churn.training import Scorer
    from acrm.models.contributions import Contributions

REASONS = 3
LEAST = 0.05
"""Log-odds, a twentieth more odds of leaving, from which on a feature is a reason."""
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
        One row per row of the table, in its order: `customer_id`, `reason_1` to `reason_3`, `share_1` to `share_3`,
        and `feature_1`, the column that the first reason is about.
    """
    import numpy as np
    import polars as pl

    names = _features(scorer)
    known = _Words(scorer)
    said, shares = [np.empty((0, REASONS), np.int64)], [np.empty((0, REASONS))]
    first: list[str | None] = []
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
        words = np.full((len(top), REASONS), known.nothing)
        for place, name in enumerate(names):
            row, rank = np.nonzero((top == place) & told)
            words[row, rank] = [known.place(name, value) for value in table[name].gather(at + row).to_list()]
        said.append(words)
        first += [
            names[best[0]] if any(sure[:1]) else None for best, sure in zip(top.tolist(), told.tolist(), strict=True)
        ]
        at += len(top)
    sentences = pl.Series(known.sentences, dtype=pl.String)
    chosen, share = np.concatenate(said), np.concatenate(shares)
    return table.select("customer_id").with_columns(
        *(sentences.gather(chosen[:, n]).alias(f"reason_{n + 1}") for n in range(REASONS)),
        *(pl.Series(f"share_{n + 1}", share[:, n]).fill_nan(None) for n in range(REASONS)),
        pl.Series("feature_1", first, dtype=pl.String),
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
            number = feature in self._numbers and value is not None and isfinite(value)
            shown = (feature, _plain(value)) if number else known
            found = self._places.get(shown, len(self.sentences))
            if found == len(self.sentences):
                self.sentences.append(self._put(feature, value))
            self._places[shown] = self._places[known] = found
        return found

    def _put(self, feature: str, value: Any) -> str:
        name = readable(feature)
        if value is None or (isinstance(value, float) and not isfinite(value)):
            return text("churn_reasons.unknown", feature=name)
        if feature in self._numbers:
            known = Message(f"churn_reasons.number.{plain_name(feature)}")
            id = known.id if known.exists else "churn_reasons.value"
            return text(id, feature=name, value=_plain(value), typical=_plain(self._typical[feature]))
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


def _plain(value: float) -> int | float:
    """A number as it is read: three digits, or all that stand before the decimal mark.

    >>> _plain(29.0), _plain(1234.56), _plain(0.123456), _plain(70.35)
    (29, 1235, 0.123, 70.3)
    """
    short = round(value) if abs(value) >= 100 else float(f"{value:.3g}")
    return int(short) if short == int(short) else short
