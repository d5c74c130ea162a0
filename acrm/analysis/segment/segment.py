"""Customers in groups: found, ruled or by an earlier model; what each is like, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from acrm.analysis.people.features import Axis, Feature
from acrm.analysis.people.people import AXES, People
from acrm.analysis.result import Result, Scalar
from acrm.errors import InputError, UsageError
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.actions.actions import ActionsResult
    from acrm.analysis.lifecycle.lifecycle import Lifecycle
    from acrm.analysis.segment.profiles import Profiles
    from acrm.analysis.segment.rules import RuleSegments

_RECORD = r"modified|updated|last_change|synced|изменен|обновлен|geändert"
"""In names of columns: when the record was changed."""
METHODS = ("kmeans", "gmm")
KNOWN = 30
"""Columns that are named where one is not found."""


@dataclass(frozen=True, kw_only=True)
class SegmentParams:
    """How customers are grouped.

    Attributes:
        axes: Which sides of customers count, of `AXES`.
        columns: These columns alone make the groups; empty: all of the axes that are of use.
        k: How many groups; None leaves it to the data.
        method: `kmeans`, or `gmm` for a mixture of Gaussians.
        min_size: Customers that a group must have to be proposed; None: see `clustering.ClusterParams`.
        limits: Days and orders that part the stages of the lifecycle; those not given come from the customers' gaps.
        as_of: Today. None: the day after the last event.
        seed: Start of every random choice.
    """

    axes: tuple[Axis, ...] = AXES
    columns: tuple[str, ...] = ()
    k: int | None = None
    method: Literal["kmeans", "gmm"] = "kmeans"
    min_size: int | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    as_of: date | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        wrong = [name for name in self.axes if name not in AXES]
        if wrong or not self.axes:
            raise UsageError("segment_axis", value=",".join(wrong), known=", ".join(AXES))
        if self.method not in METHODS:
            raise UsageError("segment_method", value=self.method, known=", ".join(METHODS))


@dataclass(frozen=True, kw_only=True)
class SegmentResult(Result):
    """Tables `customers`, `segments`, `profiles`, `people`, `left_out`; `criteria`, `rules`, `lifecycle`, if made."""

    params: SegmentParams
    profiles: Profiles
    life: Lifecycle | None = None
    rules: RuleSegments | None = None
    plan: ActionsResult | None = None


@dataclass(frozen=True, kw_only=True)
class _Groups:
    """Who is in which group: `members` has `customer_id`, `segment_id` and, of groups that were found, `distance`."""

    members: pl.DataFrame
    made_of: tuple[str, ...]
    figures: dict[str, Scalar]
    names: Mapping[int, str] | None = None
    notes: tuple[Message, ...] = ()
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    document: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    rules: RuleSegments | None = None


def segment(
    people: People,
    tables: Mapping[str, pl.LazyFrame],
    params: SegmentParams,
    *,
    rules: Mapping[str, Any] | None = None,
    model: Mapping[str, Any] | None = None,
) -> SegmentResult:
    """Group customers and say what each group is like.

    Groups are found (`clustering.cluster`), or those of the rules, or those of an earlier model. Columns of no use
    (`screening.screen`) make no groups and are listed; nothing is dropped from `people`. Where there is no structure
    and no number of groups was asked for, all customers are one group.

    Args:
        people: Who they are.
        tables: `contracts` and `customers`, for the lifecycle.
        params: See `SegmentParams`.
        rules: A parsed `segments.toml`, see `rules.rule_segments`.
        model: What an earlier result saved: `SegmentResult.files["segment_model.json"]`.

    Returns:
        Table `customers`, by `customer_id`: `segment_id` from 1 (null: no group), `segment`, `stage` of the lifecycle
        (where there are orders), `distance` to the centre (null for rules), `axes` used. The summary has `verdict`
        (`structure`, `no-structure`, or `rules`, `model`), `k`, `fidelity`, and the customers of each stage.

    Raises:
        InputError: No customer, no such column, or another model's file.
        UsageError: What rules say makes no sense.
    """
    import polars as pl

    from acrm.analysis.people.screening import screen
    from acrm.analysis.segment.profiles import profiles

    left_out = screen(people.table.drop("customer_id"))
    left_out = _without_records(left_out, people)
    useless = set(left_out["column"])
    features = [feature for feature in people.features if feature.name not in useless]
    if model is not None:
        groups = _of_model(people, model)
    elif rules is not None:
        groups = _of_rules(people, features, rules)
    else:
        groups = _found(people, _chosen(people, features, params), params)
    life = _life(people, tables, params)
    found = profiles(people.table, features, groups.members["segment_id"], made_of=groups.made_of, seed=params.seed)
    names = groups.names or dict(found.segments.select("segment_id", "segment").rows())
    if groups.names:
        found = renamed(found, names)
    customers = groups.members.with_columns(
        segment=pl.col("segment_id").replace_strict(names, return_dtype=pl.String, default=None),
        axes=pl.lit(",".join(dict.fromkeys(f.axis for f in people.features if f.name in groups.made_of))),
    )
    if life is not None:
        customers = customers.join(life.table.select("customer_id", "stage"), on="customer_id", how="left")
    order = ("customer_id", "segment_id", "segment", "stage", "distance", "axes")
    customers = customers.select(name for name in order if name in customers.columns).sort("customer_id")
    made = {"lifecycle": life.table, "transitions": life.transitions} if life is not None else {}
    sizes = found.segments.select("segment_id", "segment", "customers", "share").to_dicts()
    return SegmentResult(
        params=params,
        tables={
            "customers": customers,
            "segments": found.segments,
            "profiles": found.profiles,
            **groups.tables,
            **made,
            "people": people.table,
            "left_out": left_out,
        },
        summary=people.figures
        | groups.figures
        | {"fidelity": found.fidelity, "columns": len(groups.made_of)}
        | (life.figures if life is not None else {}),
        notes=(*groups.notes, *(life.notes if life is not None else ()), *people.notes, *_unused(left_out)),
        document={"segments": sizes, **groups.document},
        files={"segment_model.json": _dumped({**groups.model, "names": names})} if groups.model else {},
        profiles=found,
        life=life,
        rules=groups.rules,
    )


def _without_records(left_out: pl.DataFrame, people: People) -> pl.DataFrame:
    """Columns of no use, with those on when a record of the customer was changed: systems change records by the way."""
    import polars as pl

    known = set(left_out["column"])
    found = [
        (feature.name, "record", text("segment.record"))
        for feature in people.features
        if feature.axis == "extra" and feature.name not in known and re.search(_RECORD, feature.name.lower())
    ]
    rows = pl.DataFrame(found, schema=left_out.schema, orient="row")
    return pl.concat([left_out, rows]).sort("column")


def _chosen(people: People, features: list[Feature], params: SegmentParams) -> list[Feature]:
    """The features that make groups: those asked for by name, else all; an outcome of a model is none of the axes."""
    if not params.columns:
        return features
    named = {feature.name: feature for feature in people.features}
    spelled = {_plain(name): feature for name, feature in reversed(named.items())}
    found = [named.get(name) or spelled.get(_plain(name)) for name in params.columns]
    missing = [name for name, feature in zip(params.columns, found, strict=True) if feature is None]
    if missing:
        raise InputError("segment_column", columns=", ".join(missing), known=listed(named, KNOWN))
    return list(dict.fromkeys(feature for feature in found if feature is not None))


def _plain(name: str) -> str:
    """How names of columns are compared: letters and figures in any case, without the `x_` of those not ours.

    >>> _plain("x_annual_income_k"), _plain("Annual Income (k$)")
    ('annualincomek', 'annualincomek')
    """
    return "".join(letter for letter in name.removeprefix("x_").casefold() if letter.isalnum())


def _found(people: People, features: list[Feature], params: SegmentParams) -> _Groups:
    from acrm.analysis.segment.clustering import ClusterParams, cluster

    asked = ClusterParams(k=params.k, method=params.method, min_size=params.min_size, seed=params.seed)
    found = cluster(people.table.select("customer_id", *(feature.name for feature in features)), features, asked)
    made_of = tuple(feature.name for feature in features if feature.name not in found.model.encoding.left_out)
    kept = {feature.name: [feature.axis, feature.kind] for feature in features if feature.name in made_of}
    # Shuffling one column changes nothing, so that no structure can be told from chance.
    single = len(made_of) == 1 and found.verdict == "no-structure"
    alone = (Message("segment.one_column", {"column": made_of[0]}),) if single else ()
    return _Groups(
        members=found.members.select("customer_id", "segment_id", "distance"),
        made_of=made_of,
        names={1: text("segment.everyone")} if found.k == 1 else None,
        figures={"verdict": found.verdict, "k": found.k},
        notes=(*found.notes, *alone),
        tables={"criteria": found.criteria},
        document={"criteria": found.criteria.to_dicts()},
        model={"acrm": "segment", "as_of": people.as_of, "features": kept, **found.model.to_document()},
    )


def _of_rules(people: People, features: list[Feature], rules: Mapping[str, Any]) -> _Groups:
    import polars as pl

    from acrm.analysis.segment.rules import OTHER, rule_segments
    from acrm.where import names_in

    found = rule_segments(people.table, rules)
    ids = {row["segment"]: place for place, row in enumerate(found.check.iter_rows(named=True), 1)}
    labels = {ids[row["segment"]]: row["label"] or row["segment"] for row in found.check.iter_rows(named=True)}
    if not found.check.filter(segment=OTHER)["customers"].sum():
        labels.pop(ids.pop(OTHER))
    asked = frozenset[str]().union(*(names_in(condition) for condition in found.check["condition"].drop_nulls()))
    members = found.table.with_columns(segment_id=pl.col("segment").replace_strict(ids, return_dtype=pl.Int64))
    return _Groups(
        members=members.select("customer_id", "segment_id"),
        made_of=tuple(feature.name for feature in features if feature.name in asked),
        names=labels,
        figures={"verdict": "rules", "k": len(ids), **found.figures},
        notes=found.notes,
        tables={"rules": found.check},
        rules=found,
    )


def _of_model(people: People, model: Mapping[str, Any]) -> _Groups:
    from acrm.analysis.segment.clustering import Model

    made = Model.from_document(model)
    try:
        names = {int(number): str(name) for number, name in model["names"].items()}
        made_of = tuple(model["features"])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InputError("segment_model") from None
    placed = made.place(people.table)
    notes = [Message("segment.applied", {"day": model.get("as_of"), "segments": len(names)})]
    if missing := made.encoding.missing(people.table):
        notes.append(Message("segment.taken_for_unknown", {"columns": listed(missing)}))
    return _Groups(
        members=placed.select("customer_id", "segment_id", "distance"),
        made_of=made_of,
        names=names,
        figures={"verdict": "model", "k": len(names)},
        notes=tuple(notes),
        model={name: value for name, value in model.items() if name != "names"},
    )


def _life(people: People, tables: Mapping[str, pl.LazyFrame], params: SegmentParams) -> Lifecycle | None:
    from acrm.analysis.lifecycle.lifecycle import lifecycle

    if people.bought is None or people.as_of is None:
        return None
    return lifecycle(
        people.bought.days,
        tables,
        as_of=people.as_of,
        given=params.limits,
        everyone=people.table["customer_id"],
    )


def renamed(found: Profiles, names: Mapping[int, str]) -> Profiles:
    """The profiles under other names."""
    from dataclasses import replace

    import polars as pl

    segments = found.segments.with_columns(
        segment=pl.col("segment_id").replace_strict(names, return_dtype=pl.String, default=pl.col("segment"))
    )
    cards = tuple(replace(card, name=names.get(card.segment_id, card.name)) for card in found.cards)
    return replace(found, segments=segments, cards=cards)


def _unused(left_out: pl.DataFrame) -> list[Message]:
    """Columns that make no groups and are not simply empty, with the reasons."""
    import polars as pl

    told = left_out.filter(pl.col("reason") != "empty").sort("column")
    if told.is_empty():
        return []
    named = listed([text("segment.unused_column", column=row["column"], why=row["detail"]) for row in told.to_dicts()])
    return [Message("segment.unused", {"columns": told.height, "named": named})]


def _dumped(document: Mapping[str, Any]) -> str:
    from acrm.lineage import dumps

    return dumps(document)
