"""A churn model as a JSON document, so that customers are scored later by what was learned now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

from acrm import __version__
from acrm.analysis.churn import classifier_file
from acrm.analysis.churn.prepared import Setting
from acrm.analysis.document import FaultError, checked, is_day, is_facts, is_number, is_text, is_whole
from acrm.analysis.people.features import Axis, Feature, Kind
from acrm.errors import InputError

if TYPE_CHECKING:
    from acrm.analysis.churn.design import Design
    from acrm.analysis.churn.training import Scorer

FORMAT = "acrm-churn-model"
VERSION = 1


@dataclass(frozen=True, kw_only=True)
class SavedChurn:
    """What is needed to score customers as they were scored.

    Attributes:
        setting: How it was told who left.
        scorer: The model.
        features: What was known of customers, whether the model looks at it or not.
        customers: So many it learned from.
        window: Days without a purchase, or until an end, that count as leaving, where there is a window.
        target, positive: The column of the table that said who left, and its value for those; None where purchases or
            ends did.
        as_of: The day as of which the data held; None where they had no dates.
        figures: What is known of its quality, by name: roc_auc, brier, ...
        made_by: Version of acrm that learned it.
    """

    setting: Setting
    scorer: Scorer
    features: tuple[Feature, ...]
    customers: int
    window: int | None = None
    target: str | None = None
    positive: str | None = None
    as_of: date | None = None
    figures: Mapping[str, int | float | str | None] = field(default_factory=dict)
    made_by: str = __version__

    @property
    def kinds(self) -> dict[str, Kind]:
        """What columns of texts are to be taken for when they are read again, see `people.people.people`.

        Those of numbers are not told: were they, a text in them would be taken for unknown instead of being noticed.
        """
        return {feature.name: feature.kind for feature in self.features if feature.kind != "number"}


def to_document(saved: SavedChurn) -> dict[str, Any]:
    """The model as plain values that JSON can hold; floats are written in full, so that nothing is lost."""
    scorer, design = saved.scorer, saved.scorer.design
    return {
        "format": FORMAT,
        "version": VERSION,
        "acrm": saved.made_by,
        "setting": saved.setting,
        "as_of": saved.as_of.isoformat() if saved.as_of else None,
        "window": saved.window,
        "target": saved.target,
        "positive": saved.positive,
        "customers": saved.customers,
        "figures": {
            name: float(value) if isinstance(value, float) else value for name, value in sorted(saved.figures.items())
        },
        "features": [asdict(feature) for feature in saved.features],
        "bands": {"medium": scorer.medium, "high": scorer.high},
        "design": {
            "numbers": list(design.numbers),
            "levels": design.levels.to_document(),
            "kept": list(design.kept),
            "typical": dict(sorted(design.typical.items())),
        },
        "classifier": classifier_file.to_document(scorer.classifier),
    }


def from_document(document: object, path: str) -> SavedChurn:
    """The model that a document describes.

    Args:
        document: As `json.loads` gave it.
        path: Of the file it was in, for what is said of its faults.

    Raises:
        InputError: It is no model of ours, one of a later version, or does not hold together: `churn_file_foreign`,
            `churn_file_newer`, `churn_file_broken`.
    """
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise InputError("churn_file_foreign", path=path)
    try:
        version = checked(document, "version", is_whole)
        if version > VERSION:
            raise InputError("churn_file_newer", path=path, version=version, known=VERSION)
        told = checked(document, "features", lambda value: isinstance(value, list) and all(map(_is_feature, value)))
        features = tuple(Feature(**one) for one in told)
        as_of = checked(document, "as_of", lambda value: value is None or is_day(value))
        return SavedChurn(
            setting=checked(document, "setting", lambda value: value in get_args(Setting)),
            scorer=_scorer(document, features),
            features=features,
            customers=checked(document, "customers", is_whole),
            window=checked(document, "window", lambda value: value is None or (is_whole(value) and value > 0)),
            target=checked(document, "target", _is_text_or_none),
            positive=checked(document, "positive", _is_text_or_none),
            as_of=None if as_of is None else date.fromisoformat(as_of),
            figures=checked(document, "figures", is_facts),
            made_by=checked(document, "acrm", is_text),
        )
    except FaultError as fault:
        raise InputError("churn_file_broken", path=path, field=str(fault)) from None


def _scorer(document: Mapping[str, Any], features: Sequence[Feature]) -> Scorer:
    from acrm.analysis.churn.training import Scorer

    bands = checked(document, "bands", lambda value: isinstance(value, Mapping))
    medium = checked(bands, "medium", lambda value: is_number(value) and 0 < value < 1, "bands.")
    high = checked(bands, "high", lambda value: is_number(value) and medium <= value < 1, "bands.")
    node = checked(document, "design", lambda value: isinstance(value, Mapping))
    design = _design(node, {feature.name: feature.kind for feature in features}, "design.")
    classifier = checked(document, "classifier", lambda value: isinstance(value, Mapping))
    return Scorer(
        design=design,
        classifier=classifier_file.from_document(classifier, len(design.features), "classifier."),
        medium=float(medium),
        high=float(high),
    )


def _design(node: Mapping[str, Any], kinds: Mapping[str, Kind], prefix: str) -> Design:
    from acrm.analysis.churn.design import Design
    from acrm.analysis.segment.encoding import Encoding

    def is_numbers(value: object) -> bool:
        """Names of features that are numbers, each once."""
        known = isinstance(value, list) and all(is_text(one) and kinds.get(one) == "number" for one in value)
        return known and len(set(value)) == len(value)  # type: ignore[arg-type, call-overload]

    numbers = checked(node, "numbers", is_numbers, prefix)
    try:
        told = checked(node, "levels", lambda value: isinstance(value, Mapping), prefix)
        levels = Encoding.from_document(told)
        of_levels = {column["name"]: column["kind"] for column in told["columns"]}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise FaultError(f"{prefix}levels") from None
    if len(of_levels) != len(levels.parts) or any(
        kind == "number" or kinds.get(name) != kind for name, kind in of_levels.items()
    ):
        raise FaultError(f"{prefix}levels")

    def is_kept(value: object) -> bool:
        """Places in the matrix of the levels, ascending."""
        whole = isinstance(value, list) and all(is_whole(one) and one < len(levels.names) for one in value)
        return whole and value == sorted(set(value))  # type: ignore[call-overload]

    def is_typical(value: object) -> bool:
        """One value for each column: a number, or a level, None where there is none that most have."""
        return (
            isinstance(value, Mapping)
            and set(value) == {*numbers, *of_levels}
            and all(is_number(value[name]) for name in numbers)
            and all(value[name] is None or (is_text(value[name]) and of_levels[name] != "multi") for name in of_levels)
        )

    kept = checked(node, "kept", is_kept, prefix)
    if not numbers and not kept:
        raise FaultError(f"{prefix}numbers")
    typical = checked(node, "typical", is_typical, prefix)
    return Design(
        numbers=tuple(numbers),
        levels=levels,
        kept=tuple(kept),
        typical={name: float(typical[name]) for name in numbers} | {name: typical[name] for name in of_levels},
    )


def _is_feature(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and set(value) == {"name", "axis", "kind"}
        and is_text(value["name"])
        and value["axis"] in get_args(Axis)
        and value["kind"] in get_args(Kind)
    )


def _is_text_or_none(value: object) -> bool:
    return value is None or is_text(value)
