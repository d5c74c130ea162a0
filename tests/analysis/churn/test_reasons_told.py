"""Reasons as kinds: what they have in them, and what enough customers say."""

from __future__ import annotations

import polars as pl

from acrm.analysis.churn.reasons_told import KINDS, kind_of
from acrm.messages import LANGUAGES, catalogue


def test_reasons_of_either_language() -> None:
    told = ["Competitor made better offer", "ушёл к конкуренту", "Price too high", "Дорого", "Moved", "Переезд"]
    assert kind_of(pl.Series(told)).to_list() == ["rival", "rival", "price", "price", "moved", "moved"]
    assert kind_of(pl.Series(["Attitude of support person", "non-payment", " ", None])).to_list() == [
        "service",
        "payment",
        "unknown",
        "unknown",
    ]


def test_what_many_say_is_a_kind_of_its_own() -> None:
    kinds = kind_of(pl.Series(["Baby born"] * 10 + ["No idea"] * 9))
    assert kinds.value_counts().sort("kind").rows() == [("baby born", 10), ("other", 9)]


def test_every_kind_has_a_name() -> None:
    for language in LANGUAGES:
        assert all(f"churn_retention.reason.{kind}" in catalogue(language) for kind in (*KINDS, "other", "unknown"))
