"""What the records themselves teach the model, kept from what they cannot have taught."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import polars as pl

from acrm.ingest.linkage.fields import Field

Session = tuple[tuple[str, ...], int]
"""Columns held equal while the others are trained, and the pairs that makes."""
U_PAIRS = 400_000
"""Random pairs on which chance agreement is counted."""
EM_PAIRS = 1_000_000
TRUST = 200
"""With so many records, half of a trained probability is believed and half of what it was taken for before."""
STRANGERS = 5_000
"""As many random pairs weigh as much as what chance agreement was taken for before."""
FLOOR = 1e-6


def trained(
    linker: Any, settings: dict[str, Any], frame: pl.DataFrame, sessions: list[Session], matches: float, seed: int
) -> dict[str, Any]:
    """The settings with what the records teach: u from random pairs, m by EM over several blockings, the prior."""
    from splink.internals.exceptions import SplinkException

    records, total = frame.height, frame.height * (frame.height - 1) / 2
    learner = linker(settings)
    learner.training.estimate_u_using_random_sampling(max_pairs=U_PAIRS, seed=seed + 1, min_count_per_level=None)
    for columns, pairs in sessions:
        rule = " AND ".join(f"l.{name} = r.{name}" for name in columns)
        sampled = {"max_pairs": EM_PAIRS, "record_sample_proportion": 0.2} if pairs > EM_PAIRS else {}
        before = deepcopy(learner.misc.save_model_to_json())
        try:
            learner.training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=True, **sampled
            )
        except (SplinkException, ValueError):
            # No pair came into the sample, a level died out or no column is left to train: what the other sessions
            # teach counts, and a session that failed leaves no trace.
            learner = linker(before)
    taught = learner.misc.save_model_to_json()
    believed = records / (records + TRUST)
    sampled_pairs = min(U_PAIRS, total)
    result = deepcopy(settings)
    result["probability_two_random_records_match"] = min(settings["probability_two_random_records_match"], matches)
    for before, after in zip(result["comparisons"], taught["comparisons"], strict=True):
        rows = zip(before["comparison_levels"][1:], after["comparison_levels"][1:], strict=True)
        for level, learnt in rows:
            m, u = level["m_probability"], level["u_probability"]
            share, seen = _number(learnt.get("u_probability"), 0.0), sampled_pairs
            if "tf_adjustment_column" in level:
                # How common a value is shows in many records only.
                level["tf_adjustment_weight"] *= believed
                # Equal values need no sample: all their pairs can be counted.
                share, seen = _equal(frame[level["tf_adjustment_column"]]), total
            # Pairs of a small file hold true ones, too.
            chance = max(share - matches * m, 0.0) * seen
            level["u_probability"] = max((chance + STRANGERS * u) / (seen + STRANGERS), FLOOR)
            trained = _number(learnt.get("m_probability"), m)
            level["m_probability"] = max(believed * trained + (1 - believed) * m, 1e-4)
        _calm(before["comparison_levels"][1:])
    return result


def sessions_of(frame: pl.DataFrame, fields: list[Field]) -> list[Session]:
    """Columns to hold equal while the rest is trained, with the pairs that makes: few, and mostly of one person."""
    have = [field.name for field in fields]
    documents = [field.name for field in fields if field.kind == "document"]
    addresses = [field.name for field in fields if field.kind == "address"]
    wanted = [("given", "family"), *((name,) for name in documents), ("email",), ("phone",)]
    wanted += [("birth", place) for place in ("postal_code", "city", *addresses)]
    wanted += [("birth",), *((name, place) for place in ("postal_code", "city") for name in ("family", "given"))]
    chosen: list[Session] = []
    for columns in wanted:
        if not set(columns) <= set(have):
            continue
        sizes = frame.select(columns).drop_nulls().group_by(columns).len()["len"].cast(pl.Int64)
        pairs = int((sizes * (sizes - 1) // 2).sum())
        if 10 <= pairs <= 50 * frame.height:
            chosen.append((columns, pairs))
    return chosen[:4]


def expected_pairs(frame: pl.DataFrame, sessions: list[Session]) -> float:
    """About how many pairs are of one person: what columns that hold few others join is two thirds of them."""
    most = max([0.02 * frame.height, *(pairs for columns, pairs in sessions if pairs < 3 * frame.height)])
    return min(1.5 * most, 0.1 * frame.height * (frame.height - 1))


def _equal(values: pl.Series) -> float:
    """The share of equal ones among the pairs that have the value at all."""
    filled = values.drop_nulls()
    sizes = filled.value_counts()["count"].cast(pl.Int64)
    return int((sizes * (sizes - 1)).sum()) / max(filled.len() * (filled.len() - 1), 1)


def _number(value: Any, default: float) -> float:
    """The value, unless the records had no such pair."""
    return float(value) if isinstance(value, int | float) else default


def _calm(levels: list[dict[str, Any]]) -> None:
    """Likeness never speaks against: a level weighs no more than a liker one, and unlike values at most so much."""
    lowest = float("inf")
    for level in levels[:-1]:
        ratio = min(max(level["m_probability"] / level["u_probability"], 0.5), lowest)
        level["m_probability"] = min(level["u_probability"] * ratio, 1.0)
        lowest = ratio
    last = levels[-1]
    last["m_probability"] = min(max(last["m_probability"], 0.02), last["u_probability"], 0.9)
