"""The models of how often customers order, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from acrm.models.betageo import BetaGeometric
from acrm.models.bg_bb import BgBb
from acrm.models.histories import FloatArray, Histories
from acrm.models.optimise import Fit, Objective
from acrm.models.pareto_nbd import ParetoNbd


class PurchaseModel(Protocol):
    """What every model of purchases answers. Arrays have one element per group of the histories, times their unit."""

    @property
    def name(self) -> str:
        """See `NAMES`."""

    def parameters(self) -> dict[str, float]:
        """By name; with the model's own name they are the whole model."""

    def log_likelihood(self, histories: Histories) -> float:
        """Weighted sum over the groups."""

    def likelihood(self, histories: Histories) -> Objective:
        """What `fit` maximises."""

    def p_alive(self, histories: Histories) -> FloatArray:
        """Probability that a customer has not been lost."""

    def expected_orders(self, histories: Histories, horizon: float) -> FloatArray:
        """Orders expected within the horizon."""

    def p_order(self, histories: Histories, horizon: float) -> FloatArray:
        """Probability of at least one order within the horizon."""

    def expected_new(self, time: FloatArray) -> FloatArray:
        """Repeat orders expected of a new customer, up to each time after the first order."""

    def expected_residual(self, histories: Histories, discount: float) -> FloatArray:
        """Discounted expected orders without horizon; infinite where they have no limit."""

    def discounted_orders(self, histories: Histories, horizon: float, discount: float) -> FloatArray:
        """Orders expected within the horizon, one at time t counted exp(-discount * t)."""

    def draw(self, histories: Histories, horizon: float, rng: np.random.Generator) -> NDArray[np.int64]:
        """One possible number of orders within the horizon, for each group."""


_FAMILY: list[dict[str, Any]] = [{"k": k, "dropout_at_zero": zero} for k in (1, 2, 3, 4) for zero in (False, True)]
_MODELS: dict[str, tuple[Any, dict[str, Any]]] = {
    **{BetaGeometric(r=1, alpha=1, a=1, b=1, **switches).name: (BetaGeometric, switches) for switches in _FAMILY},
    ParetoNbd.name: (ParetoNbd, {}),
    BgBb.name: (BgBb, {}),
}
NAMES = tuple(_MODELS)
"""`bg-bb` counts time in opportunities; those with `cnbd` are of regular buying and need `Histories.log_gaps`."""


def fit(
    name: str, histories: Histories, *, start: PurchaseModel | None = None, starts: int = 3
) -> tuple[PurchaseModel, Fit]:
    """The most likely model of that name; see `optimise.maximise`.

    Args:
        name: One of `NAMES`.
        histories: Groups of customers.
        start: A model of the same name near the optimum, such as that of the sample a bootstrap repeats.
        starts: As `maximise` takes them.

    Raises:
        ValueError: Nobody ordered twice, so that there is no rate to be found.
    """
    if not histories.frequency @ histories.count > 0:
        raise ValueError("no repeat orders")
    model, switches = _MODELS[name]
    fitted: tuple[PurchaseModel, Fit] = model.fit(histories, start=start, starts=starts, **switches)
    return fitted


def load(name: str, parameters: Mapping[str, float]) -> PurchaseModel:
    """The model with these parameters, as `name` and `parameters()` gave them.

    Examples:
        >>> model = load("mbg-cnbd-2", {"r": 1.5, "alpha": 9.0, "a": 0.8, "b": 2.4})
        >>> model.name, load(model.name, model.parameters()) == model
        ('mbg-cnbd-2', True)
    """
    model, switches = _MODELS[name]
    loaded: PurchaseModel = model(**parameters, **switches)
    return loaded
