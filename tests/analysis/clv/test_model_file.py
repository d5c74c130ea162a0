"""Fitted models to JSON and back, and documents that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest

from acrm.analysis.clv.model_file import SavedModel, from_document, to_document
from acrm.errors import InputError
from acrm.models import purchases
from acrm.models.gamma_gamma import GammaGamma
from acrm.models.histories import Histories


def saved(name: str, *, spend: bool = True) -> SavedModel:
    rng = np.random.default_rng(1)
    age = np.full(400, 40.0)
    x = rng.poisson(rng.gamma(1.0, 2.0, 400)).astype(float)
    recency = np.where(x > 0, np.floor(40 * rng.beta(3, 1, 400)), 0.0).clip(x, 40)
    buyers = Histories(frequency=x, recency=recency, age=age, count=np.ones(400), log_gaps=x * np.log(3.0))
    model, fit = purchases.fit(name, buyers)
    money, money_fit = None, None
    if spend:
        money, money_fit = GammaGamma.fit(
            x[x > 0], rng.gamma(3.0, 9.0, int((x > 0).sum())), np.ones(int((x > 0).sum()))
        )
    return SavedModel(
        purchases=model,
        purchases_fit=fit,
        spend=money,
        spend_fit=money_fit,
        unit="week",
        as_of=date(2025, 7, 1),
        currency="EUR",
        facts={"orders": 4711, "customers": 400, "first_order_at": "2024-09-24"},
    )


@pytest.mark.parametrize("name", ["bg-nbd", "mbg-cnbd-2", "pareto-nbd", "bg-bb"])
@pytest.mark.parametrize("spend", [True, False])
def test_what_is_saved_comes_back(name: str, spend: bool) -> None:
    before = saved(name, spend=spend)
    text = json.dumps(to_document(before), allow_nan=False)
    assert len(text) < 2500
    after = from_document(json.loads(text), "model.json")
    assert after.purchases == before.purchases
    assert after.spend == before.spend
    assert (after.unit, after.as_of, after.currency, after.made_by) == (
        before.unit,
        before.as_of,
        before.currency,
        before.made_by,
    )
    assert after.facts == before.facts
    draws = [one.purchases_fit.draw(3, np.random.default_rng(2)) for one in (before, after)]
    assert draws[0] == draws[1]
    assert json.dumps(to_document(after)) == text


@pytest.mark.parametrize("document", [None, [], "model", {}, {"format": "something", "version": 1}])
def test_foreign_documents(document: object) -> None:
    with pytest.raises(InputError) as error:
        from_document(document, "other.json")
    assert error.value.id == "model_file_foreign"
    assert error.value.hint is not None


def test_later_versions() -> None:
    with pytest.raises(InputError, match=r"model\.json: saved by a newer acrm"):
        from_document({**to_document(saved("bg-nbd")), "version": 2}, "model.json")


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda told: told.pop("purchases"), "purchases"),
        (lambda told: told["purchases"].update(name="nbd"), "purchases.name"),
        (lambda told: told["purchases"].update(name="pareto-nbd"), "purchases.parameters"),
        (lambda told: told["purchases"]["parameters"].update(r=-1.0), "purchases.parameters"),
        (lambda told: told["purchases"]["parameters"].update(r="1"), "purchases.parameters"),
        (lambda told: told["purchases"].update(covariance=[[1.0]]), "purchases.covariance"),
        (lambda told: told["purchases"]["covariance"][0].__setitem__(1, 9.0), "purchases.covariance"),
        (lambda told: told["purchases"].update(covariance=(-np.eye(4)).tolist()), "purchases.covariance"),
        (lambda told: told["purchases"].update(converged=1), "purchases.converged"),
        (lambda told: told["purchases"].update(starts=True), "purchases.starts"),
        (lambda told: told["purchases"].update(flat=["s"]), "purchases.flat"),
        (lambda told: told["spend"].update(name="normal"), "spend.name"),
        (lambda told: told["spend"].update(log_likelihood=None), "spend.log_likelihood"),
        (lambda told: told["spend"]["parameters"].pop("q"), "spend.parameters"),
        (lambda told: told.update(unit="fortnight"), "unit"),
        (lambda told: told.update(as_of="yesterday"), "as_of"),
        (lambda told: told.update(currency=7), "currency"),
        (lambda told: told.update(facts=[1]), "facts"),
        (lambda told: told.update(acrm=None), "acrm"),
        (lambda told: told.update(version="1"), "version"),
    ],
)
def test_documents_that_do_not_hold_together(change: Change, field: str) -> None:
    told = json.loads(json.dumps(to_document(saved("bg-nbd"))))
    change(told)
    with pytest.raises(InputError) as error:
        from_document(told, "model.json")
    assert error.value.id == "model_file_broken"
    assert error.value.values["field"] == field
