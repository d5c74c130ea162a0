"""A fitted model as a small JSON document, so that new data are scored without fitting again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from acrm import __version__
from acrm.analysis.document import FaultError, checked, is_day, is_facts, is_number, is_text, is_whole
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
        version = checked(document, "version", is_whole)
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
            unit=checked(document, "unit", lambda unit: unit in UNITS),
            as_of=date.fromisoformat(checked(document, "as_of", is_day)),
            currency=checked(document, "currency", lambda code: code is None or isinstance(code, str)),
            facts=checked(document, "facts", is_facts),
            made_by=checked(document, "acrm", is_text),
        )
    except FaultError as fault:
        raise InputError("model_file_broken", path=path, field=str(fault)) from None


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


def _fitted(
    document: Mapping[str, Any], part: str, names: Sequence[str], load: Callable[[str, dict[str, float]], Model]
) -> tuple[Model, Fit]:
    """A model and its certificate."""
    import numpy as np

    from acrm.models.optimise import Fit

    node = checked(document, part, lambda value: isinstance(value, Mapping))
    of_part = f"{part}."
    name = checked(node, "name", lambda value: value in names, of_part)
    parameters = checked(node, "parameters", _is_parameters, of_part)
    try:
        model = load(name, parameters)
    except TypeError:
        # The names are not those of this model.
        raise FaultError(f"{of_part}parameters") from None
    covariance = checked(node, "covariance", lambda value: _is_covariance(value, len(parameters)), of_part)
    fit = Fit(
        parameters=parameters,
        log_likelihood=float(checked(node, "log_likelihood", is_number, of_part)),
        gradient_norm=float(checked(node, "gradient_norm", is_number, of_part)),
        starts=checked(node, "starts", is_whole, of_part),
        agreeing=checked(node, "agreeing", is_whole, of_part),
        converged=checked(node, "converged", lambda value: isinstance(value, bool), of_part),
        flat=tuple(
            checked(node, "flat", lambda value: isinstance(value, list) and set(value) <= set(parameters), of_part)
        ),
        covariance=np.array(covariance, dtype=np.float64),
    )
    return model, fit


def _is_parameters(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(is_number(one) and one > 0 for one in value.values())


def _is_covariance(value: object, size: int) -> bool:
    """Whether parameters can be drawn with it."""
    import numpy as np

    rows = value if isinstance(value, list) else []
    if len(rows) != size or not all(isinstance(row, list) and len(row) == size for row in rows):
        return False
    if not all(is_number(cell) for row in rows for cell in row):
        return False
    matrix = np.array(rows, dtype=np.float64)
    if not np.allclose(matrix, matrix.T, rtol=1e-6):
        return False
    # Rounding may leave a direction that is flat a trifle below 0.
    roots = np.linalg.eigvalsh(matrix)
    return bool(roots[0] >= -1e-9 * roots[-1])
