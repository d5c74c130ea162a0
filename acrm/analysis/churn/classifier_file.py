"""A classifier as plain values that JSON can hold, and back: numbers and lists, nothing that could run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from acrm.analysis.document import FaultError, checked, is_number, is_whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from acrm.models.additive import Additive, Curve
    from acrm.models.boosting import Boosting
    from acrm.models.cross_fit import Classifier
    from acrm.models.trees import Split

ADDITIVE, INTERACTIONS = "additive", "interactions"
_OF_SPLINE = ("values", "ranks", "knots", "coefficients")


def to_document(classifier: Classifier) -> dict[str, Any]:
    """The classifier, floats in full, its models of one kind."""
    from acrm.models.additive import Additive

    told: Callable[[Any], dict[str, Any]] = _additive if isinstance(classifier.whole, Additive) else _boosting
    calibration = classifier.calibration
    return {
        "kind": ADDITIVE if told is _additive else INTERACTIONS,
        "whole": told(classifier.whole),
        "without": [[told(model) for model in models] for models in classifier.without],
        "calibration": {
            "slope": calibration.slope,
            "offset": calibration.offset,
            "covariance": list(calibration.covariance),
        },
        "usual": classifier.usual,
    }


def from_document(document: Mapping[str, Any], width: int, prefix: str) -> Classifier:
    """The classifier of tables with so many columns.

    Raises:
        FaultError: It does not hold together; what is at fault, with the prefix.
    """
    from acrm.models.calibration import Calibration
    from acrm.models.cross_fit import Classifier

    kind = checked(document, "kind", lambda value: value in (ADDITIVE, INTERACTIONS), prefix)
    read: Callable[..., Additive | Boosting] = _read_additive if kind == ADDITIVE else _read_boosting
    without = checked(document, "without", _is_repeats, prefix)
    node, of_part = checked(document, "calibration", _is_object, prefix), f"{prefix}calibration."
    covariance = _numbers(node, "covariance", of_part)
    if covariance.shape != (3,):
        raise FaultError(f"{of_part}covariance")
    return Classifier(
        whole=read(checked(document, "whole", _is_object, prefix), width, f"{prefix}whole."),
        without=tuple(tuple(read(model, width, f"{prefix}without.") for model in models) for models in without),
        calibration=Calibration(
            slope=float(checked(node, "slope", is_number, of_part)),
            offset=float(checked(node, "offset", is_number, of_part)),
            covariance=(float(covariance[0]), float(covariance[1]), float(covariance[2])),
        ),
        usual=float(checked(document, "usual", lambda value: is_number(value) and value >= 0, prefix)),
    )


def _additive(model: Additive) -> dict[str, Any]:
    return {
        "intercept": model.intercept,
        "curves": [
            {
                **{name: getattr(curve.spline, name).tolist() for name in _OF_SPLINE},
                "edges": curve.edges.tolist(),
                "steps": curve.steps.tolist(),
                "unknown": curve.unknown,
                "centre": curve.centre,
            }
            for curve in model.curves
        ],
    }


def _read_additive(node: Mapping[str, Any], width: int, prefix: str) -> Additive:
    from acrm.models.additive import Additive

    curves = checked(node, "curves", _is_list_of(_is_object, width), prefix)
    return Additive(
        intercept=float(checked(node, "intercept", is_number, prefix)),
        curves=tuple(_read_curve(curve, f"{prefix}curves.") for curve in curves),
    )


def _read_curve(node: Mapping[str, Any], prefix: str) -> Curve:
    import numpy as np

    from acrm.models.additive import DEGREE, Curve, Spline

    values, ranks, knots, coefficients = (_numbers(node, name, prefix) for name in _OF_SPLINE)
    if len(knots):
        degree = len(knots) - len(coefficients) - 1
        if degree not in (1, DEGREE) or len(coefficients) <= degree:
            raise FaultError(f"{prefix}coefficients")
        if not len(values) or not _ascends(values):
            raise FaultError(f"{prefix}values")
        if len(ranks) != len(values) or not _ascends(ranks):
            raise FaultError(f"{prefix}ranks")
        # The ranks are within the outer knots, each of which stands there as often as a spline needs it.
        outer = np.repeat(ranks[[0, -1]], degree + 1)
        inner = knots[degree + 1 : -degree - 1]
        if (knots != np.concatenate([outer[: degree + 1], inner, outer[degree + 1 :]])).any() or not _ascends(
            np.concatenate([ranks[:1], inner, ranks[-1:]])
        ):
            raise FaultError(f"{prefix}knots")
    edges, steps = _numbers(node, "edges", prefix), _numbers(node, "steps", prefix)
    if not _ascends(edges):
        raise FaultError(f"{prefix}edges")
    if len(steps) != len(edges) + 1:
        raise FaultError(f"{prefix}steps")
    return Curve(
        spline=Spline(values=values, ranks=ranks, knots=knots, coefficients=coefficients),
        edges=edges,
        steps=steps,
        unknown=float(checked(node, "unknown", is_number, prefix)),
        centre=float(checked(node, "centre", is_number, prefix)),
    )


def _boosting(model: Boosting) -> dict[str, Any]:
    return {
        "edges": [edges.tolist() for edges in model.coding.edges],
        "base": model.trees.base,
        "trees": [_tree(tree) for tree in model.trees.trees],
    }


def _tree(tree: Split | float) -> Any:
    """A number, or column, limit, where unknown ones go, and both sides."""
    if isinstance(tree, float):
        return tree
    return [tree.column, tree.limit, tree.unknown_low, _tree(tree.low), _tree(tree.high)]


def _read_boosting(node: Mapping[str, Any], width: int, prefix: str) -> Boosting:
    from acrm.models.boosting import CODES, Boosting, Coding
    from acrm.models.trees import MOST_SPLITS, Split, Trees

    told = checked(node, "edges", _is_list_of(lambda one: isinstance(one, list), width), prefix)
    edges = [_numbers({"edges": one}, "edges", prefix) for one in told]
    if not all(_ascends(one) and len(one) <= CODES for one in edges):
        raise FaultError(f"{prefix}edges")
    fault = FaultError(f"{prefix}trees")

    def read(tree: object, above: int = 0) -> Split | float:
        if is_number(tree):
            return float(tree)  # type: ignore[arg-type]
        if not isinstance(tree, list) or len(tree) != 5 or above == MOST_SPLITS:
            raise fault
        column, limit, unknown_low, low, high = tree
        if not is_whole(column) or column >= width or not is_whole(limit) or limit > len(edges[column]):
            raise fault
        if not isinstance(unknown_low, bool):
            raise fault
        sides = {"low": read(low, above + 1), "high": read(high, above + 1)}
        return Split(column=column, limit=limit, unknown_low=unknown_low, **sides)

    trees = tuple(read(tree) for tree in checked(node, "trees", lambda value: isinstance(value, list), prefix))
    if any(isinstance(tree, Split) and sum(1 for _ in tree.splits()) > MOST_SPLITS for tree in trees):
        raise fault
    return Boosting(
        coding=Coding(edges=tuple(edges)),
        trees=Trees(base=float(checked(node, "base", is_number, prefix)), trees=trees),
    )


def _numbers(node: Mapping[str, Any], name: str, prefix: str) -> NDArray[np.float64]:
    import numpy as np

    return np.array(checked(node, name, _is_list_of(is_number), prefix), np.float64)


def _ascends(values: NDArray[np.float64]) -> bool:
    return bool((values[1:] > values[:-1]).all())


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_list_of(test: Callable[[Any], bool], size: int | None = None) -> Callable[[object], bool]:
    def found(value: object) -> bool:
        return isinstance(value, list) and size in (None, len(value)) and all(map(test, value))

    return found


def _is_repeats(value: object) -> bool:
    """Whether it is models of two folds at least, for one repeat at least: of one there is no interval."""
    folds: Sequence[Any] = value if isinstance(value, list) else []
    return bool(folds) and all(_is_list_of(_is_object)(models) and len(models) > 1 for models in folds)
