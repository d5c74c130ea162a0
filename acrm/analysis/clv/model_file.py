"""A fitted model as a small JSON document, so that new data are scored without fitting again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from acrm import __version__
from acrm.errors import InputError

if TYPE_CHECKING:
    from acrm.models.gamma_gamma import GammaGamma
    from acrm.models.optimise import Fit
    from acrm.models.purchases import PurchaseModel

Model = TypeVar("Model")
FORMAT = "acrm-clv-model"
VERSION = 1
UNITS = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True, kw_only=True)
class SavedModel:
    """What is needed to value customers: how often they order, what they spend, and in which units.

    Args:
        purchases: The model of orders.
        purchases_fit: Its certificate, from which intervals draw parameters.
        spend: The model of spend per order; None if orders alone were asked for.
        spend_fit: Its certificate; None with `spend`.
        unit: Of all times of the model: one of `UNITS`.
        as_of: The day up to which the data reached that it was fitted to.
        currency: Of the spend; None if the data named none.
        facts: What else is known of these data, by name: customers, orders, first and last day as text, ...
        made_by: Version of acrm that fitted it.
    """

    purchases: PurchaseModel
    purchases_fit: Fit
    spend: GammaGamma | None
    spend_fit: Fit | None
    unit: str
    as_of: date
    currency: str | None = None
    facts: Mapping[str, int | float | str | None] = field(default_factory=dict)
    made_by: str = __version__


def to_document(saved: SavedModel) -> dict[str, Any]:
    """The model as plain values that JSON can hold; floats are written in full, so that nothing is lost."""
    spend = None
    if saved.spend and saved.spend_fit:
        spend = {"name": saved.spend.name, **_certificate(saved.spend_fit)}
    return {
        "format": FORMAT,
        "version": VERSION,
        "acrm": saved.made_by,
        "as_of": saved.as_of.isoformat(),
        "unit": saved.unit,
        "currency": saved.currency,
        "purchases": {"name": saved.purchases.name, **_certificate(saved.purchases_fit)},
        "spend": spend,
        "facts": dict(sorted(saved.facts.items())),
    }


def from_document(document: object, path: str) -> SavedModel:
    """The model that a document describes.

    Args:
        document: As `json.loads` gave it.
        path: Of the file it was in, for what is said of its faults.

    Raises:
        InputError: It is no model of ours, one of a later version, or does not hold together: `model_file_foreign`,
            `model_file_newer`, `model_file_broken`.
    """
    from acrm.models import purchases
    from acrm.models.gamma_gamma import GammaGamma

    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise InputError("model_file_foreign", path=path)
    try:
        version = _checked(document, "version", _is_whole)
        if version > VERSION:
            raise InputError("model_file_newer", path=path, version=version, known=VERSION)
        model, fit = _fitted(document, "purchases", purchases.NAMES, purchases.load)
        spend, spend_fit = None, None
        if document.get("spend") is not None:
            spend, spend_fit = _fitted(document, "spend", (GammaGamma.name,), lambda _, known: GammaGamma(**known))
        return SavedModel(
            purchases=model,
            purchases_fit=fit,
            spend=spend,
            spend_fit=spend_fit,
            unit=_checked(document, "unit", lambda unit: unit in UNITS),
            as_of=date.fromisoformat(_checked(document, "as_of", _is_day)),
            currency=_checked(document, "currency", lambda code: code is None or isinstance(code, str)),
            facts=_checked(document, "facts", _is_facts),
            made_by=_checked(document, "acrm", lambda made: isinstance(made, str)),
        )
    except _FaultError as fault:
        raise InputError("model_file_broken", path=path, field=str(fault)) from None


class _FaultError(Exception):
    """The name of a field that is missing or is not what it should be."""


def _certificate(fit: Fit) -> dict[str, Any]:
    return {
        "parameters": fit.parameters,
        "log_likelihood": fit.log_likelihood,
        "gradient_norm": fit.gradient_norm,
        "starts": fit.starts,
        "agreeing": fit.agreeing,
        "converged": fit.converged,
        "flat": list(fit.flat),
        "covariance": fit.covariance.tolist(),
    }


def _checked(node: Mapping[str, Any], name: str, test: Callable[[Any], bool], prefix: str = "") -> Any:
    """The value of a field that has to pass a test."""
    if name not in node or not test(node[name]):
        raise _FaultError(prefix + name)
    return node[name]


def _fitted(
    document: Mapping[str, Any], part: str, names: Sequence[str], load: Callable[[str, dict[str, float]], Model]
) -> tuple[Model, Fit]:
    """A model and its certificate."""
    import numpy as np

    from acrm.models.optimise import Fit

    node = _checked(document, part, lambda value: isinstance(value, Mapping))
    of_part = f"{part}."
    name = _checked(node, "name", lambda value: value in names, of_part)
    parameters = _checked(node, "parameters", _is_parameters, of_part)
    try:
        model = load(name, parameters)
    except TypeError:
        # The names are not those of this model.
        raise _FaultError(f"{of_part}parameters") from None
    covariance = _checked(node, "covariance", lambda value: _is_covariance(value, len(parameters)), of_part)
    fit = Fit(
        parameters=parameters,
        log_likelihood=float(_checked(node, "log_likelihood", _is_number, of_part)),
        gradient_norm=float(_checked(node, "gradient_norm", _is_number, of_part)),
        starts=_checked(node, "starts", _is_whole, of_part),
        agreeing=_checked(node, "agreeing", _is_whole, of_part),
        converged=_checked(node, "converged", lambda value: isinstance(value, bool), of_part),
        flat=tuple(
            _checked(node, "flat", lambda value: isinstance(value, list) and set(value) <= set(parameters), of_part)
        ),
        covariance=np.array(covariance, dtype=np.float64),
    )
    return model, fit


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_parameters(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(_is_number(one) and one > 0 for one in value.values())


def _is_covariance(value: object, size: int) -> bool:
    """Whether parameters can be drawn with it."""
    import numpy as np

    rows = value if isinstance(value, list) else []
    if len(rows) != size or not all(isinstance(row, list) and len(row) == size for row in rows):
        return False
    if not all(_is_number(cell) for row in rows for cell in row):
        return False
    matrix = np.array(rows, dtype=np.float64)
    if not np.allclose(matrix, matrix.T, rtol=1e-6):
        return False
    # Rounding may leave a direction that is flat a trifle below 0.
    roots = np.linalg.eigvalsh(matrix)
    return bool(roots[0] >= -1e-9 * roots[-1])


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_facts(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        one is None or isinstance(one, int | float | str) for one in value.values()
    )
