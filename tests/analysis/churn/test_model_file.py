from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.model_file import SavedChurn, from_document, to_document
from acrm.analysis.churn.reasons import reasons
from acrm.analysis.churn.training import Scorer, score
from acrm.errors import InputError
from acrm.lineage import dumps

Saving = Callable[..., SavedChurn]


def read(saved: SavedChurn) -> SavedChurn:
    return from_document(json.loads(dumps(to_document(saved), indent=None)), "model.json")


@pytest.mark.parametrize("interactions", [False, True])
def test_what_is_saved_scores_to_the_last_bit(made: Callable[..., Case], saving: Saving, interactions: bool) -> None:
    before = saving(interactions=interactions)
    after = read(before)
    table = made(2000, seed=7).table
    odd = table[:40].with_columns(x_shop=pl.lit("east"), tags=pl.lit(None, pl.List(pl.String)))
    for customers in (table, odd, table[:0]):
        assert score(after.scorer, customers).equals(score(before.scorer, customers), null_equal=True)
        assert reasons(after.scorer, customers).equals(reasons(before.scorer, customers), null_equal=True)
    assert replace(after, scorer=before.scorer) == before
    assert dumps(to_document(after)) == dumps(to_document(before))
    assert len(dumps(to_document(before), indent=None)) < 200_000


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_whatever_the_columns(data: st.DataObject) -> None:
    """Columns of any numbers and texts, of which a model of a few trees and curves is made."""
    from acrm.analysis.churn.design import Design
    from acrm.analysis.people.features import Feature
    from acrm.models.additive import fit_additive
    from acrm.models.boosting import Boosting
    from acrm.models.calibration import Calibration
    from acrm.models.cross_fit import Classifier

    rows = 60
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    pool = data.draw(st.lists(st.floats(width=32) | st.none(), min_size=2, max_size=12))
    words = data.draw(st.lists(st.text(max_size=5) | st.none(), min_size=2, max_size=5))
    told = [word for word in words if word]
    lists = [None, *(told[:size] for size in range(len(told) + 1))]
    table = pl.DataFrame(
        {
            "customer_id": [f"c{at:02}" for at in range(rows)],
            "x_any": pl.Series([pool[at] for at in random.integers(len(pool), size=rows)], dtype=pl.Float64),
            "x_even": random.normal(size=rows),
            "x_word": pl.Series([words[at] for at in random.integers(len(words), size=rows)], dtype=pl.String),
            "tags": pl.Series([lists[at % len(lists)] for at in range(rows)], dtype=pl.List(pl.String)),
        }
    )
    features = (
        Feature(name="x_any", axis="extra", kind="number"),
        Feature(name="x_even", axis="extra", kind="number"),
        Feature(name="x_word", axis="extra", kind="category"),
        Feature(name="tags", axis="demo", kind="multi"),
    )
    design = Design.learn(table, features)
    matrix, outcome = design.matrix(table), random.random(rows) < 0.4
    outcome[:2] = [True, False]
    fit: Any = data.draw(st.sampled_from([fit_additive, Boosting.fit]))
    folds = [fit(matrix[at:], outcome[at:], seed=0) for at in (0, 1)] if outcome[1:].any() else []
    classifier = Classifier(
        whole=folds[0],
        without=(tuple(folds),),
        calibration=Calibration(slope=0.7, offset=-0.1, covariance=(0.1, 0.01, 0.2)),
        usual=1 / 3,
    )
    before = SavedChurn(
        setting="labelled",
        scorer=Scorer(design=design, classifier=classifier, medium=0.1, high=0.3),
        features=features,
        customers=rows,
    )
    after = read(before)
    assert score(after.scorer, table).equals(score(before.scorer, table), null_equal=True)
    assert reasons(after.scorer, table).equals(reasons(before.scorer, table), null_equal=True)
    assert dumps(to_document(after)) == dumps(to_document(before))


@pytest.mark.parametrize("document", [None, [], "model", {}, {"format": "acrm-clv-model", "version": 1}])
def test_foreign_documents(document: object) -> None:
    with pytest.raises(InputError) as error:
        from_document(document, "other.json")
    assert error.value.id == "churn_file_foreign"
    assert error.value.hint is not None


def test_later_versions(saving: Saving) -> None:
    with pytest.raises(InputError, match=r"model\.json: saved by a newer acrm"):
        from_document({**to_document(saving()), "version": 2}, "model.json")


def deep(tree: Any, times: int) -> Any:
    for _ in range(times):
        tree = [0, 0, True, tree, 0.5]
    return tree


Change = Callable[[dict[str, Any]], object]
SAME: list[tuple[Change, str]] = [
    (lambda told: told.pop("setting"), "setting"),
    (lambda told: told.update(setting="guessed"), "setting"),
    (lambda told: told.update(version=True), "version"),
    (lambda told: told.update(acrm=1), "acrm"),
    (lambda told: told.update(as_of="yesterday"), "as_of"),
    (lambda told: told.update(window=0), "window"),
    (lambda told: told.update(target=["x_left"]), "target"),
    (lambda told: told.update(customers=-1), "customers"),
    (lambda told: told.update(figures={"brier": []}), "figures"),
    (lambda told: told["features"][0].update(kind="date"), "features"),
    (lambda told: told["features"][0].update(more=1), "features"),
    (lambda told: told["features"][0].update(name="x_other"), "design.numbers"),
    (lambda told: told["bands"].update(medium=0.0), "bands.medium"),
    (lambda told: told["bands"].update(high=told["bands"]["medium"] / 2), "bands.high"),
    (lambda told: told["design"].update(numbers="days_since_last"), "design.numbers"),
    (lambda told: told["design"]["levels"].pop("columns"), "design.levels"),
    (lambda told: told["design"]["levels"]["columns"][0].update(kind="text"), "design.levels"),
    (lambda told: told["design"]["levels"]["columns"][0].update(levels=[1, 2]), "design.levels"),
    (lambda told: told["design"]["levels"].update(columns=[None]), "design.levels"),
    (lambda told: told["design"]["levels"]["columns"].append(told["design"]["levels"]["columns"][0]), "design.levels"),
    (lambda told: told["design"]["kept"].append(99), "design.kept"),
    (lambda told: told["design"]["kept"].reverse(), "design.kept"),
    (lambda told: told["design"]["typical"].pop("x_shop"), "design.typical"),
    (lambda told: told["design"]["typical"].update(days_since_last="many"), "design.typical"),
    (lambda told: told["design"]["typical"].update(tags=["tea"]), "design.typical"),
    (lambda told: told["classifier"].update(kind="forest"), "classifier.kind"),
    (lambda told: told["classifier"].update(usual=-1.0), "classifier.usual"),
    (lambda told: told["classifier"].update(without=[[]]), "classifier.without"),
    (lambda told: told["classifier"]["calibration"].update(slope=10**400), "classifier.calibration.slope"),
    (lambda told: told["classifier"]["calibration"].update(covariance=[1.0]), "classifier.calibration.covariance"),
]
ADDITIVE: list[tuple[Change, str]] = [
    (lambda told: told["classifier"].update(kind="interactions"), "classifier.whole.edges"),
    (lambda told: told["classifier"]["whole"]["curves"].pop(), "classifier.whole.curves"),
    (lambda told: told["classifier"]["without"][0][1]["curves"].pop(), "classifier.without.curves"),
    (lambda told: told["classifier"]["whole"].update(intercept=float("nan")), "classifier.whole.intercept"),
    *(
        (
            lambda told, name=name, value=value: told["classifier"]["whole"]["curves"][0].update(
                {name: value(told["classifier"]["whole"]["curves"][0][name])}
            ),
            f"classifier.whole.curves.{name}",
        )
        for name, value in {
            "values": lambda had: had[::-1],
            "ranks": lambda had: had[1:],
            "knots": lambda had: [had[0] - 1, *had[1:]],
            "coefficients": lambda had: had[1:],
            "edges": lambda had: had[::-1],
            "steps": lambda had: had[1:],
            "unknown": lambda _: None,
            "centre": str,
        }.items()
    ),
    (
        lambda told: told["classifier"]["whole"]["curves"][0]["knots"].__setitem__(5, -3.0),
        "classifier.whole.curves.knots",
    ),
]
INTERACTIONS: list[tuple[Change, str]] = [
    (lambda told: told["classifier"]["whole"]["edges"].pop(), "classifier.whole.edges"),
    (lambda told: told["classifier"]["whole"]["edges"][0].reverse(), "classifier.whole.edges"),
    (lambda told: told["classifier"]["whole"]["edges"].__setitem__(0, [*range(255)]), "classifier.whole.edges"),
    (lambda told: told["classifier"]["whole"].update(base="0"), "classifier.whole.base"),
    *(
        (lambda told, tree=tree: told["classifier"]["whole"]["trees"].append(tree), "classifier.whole.trees")
        for tree in (
            None,
            [],
            [99, 0, True, 0.5, 0.5],
            [0, 255, True, 0.5, 0.5],
            [0, 0, 1, 0.5, 0.5],
            [0, 0, True, 0.5, float("inf")],
            [0, 0, True, deep(0.5, 4), deep(0.5, 4)],
            deep(0.5, 400),
        )
    ),
]


@pytest.mark.parametrize(
    ("interactions", "change", "field"),
    [
        *((False, *one) for one in SAME + ADDITIVE),
        *((True, *one) for one in INTERACTIONS),
    ],
)
def test_documents_that_do_not_hold_together(saving: Saving, interactions: bool, change: Change, field: str) -> None:
    told = json.loads(dumps(to_document(saving(interactions=interactions)), indent=None))
    change(told)
    with pytest.raises(InputError) as error:
        from_document(told, "model.json")
    assert (error.value.id, error.value.values.get("field")) == ("churn_file_broken", field)


def test_a_model_of_a_day_and_a_label(saving: Saving) -> None:
    saved = replace(
        saving(),
        as_of=date(2026, 1, 31),
        target="x_churn",
        positive="Yes",
        window=90,
        figures={"roc_auc": np.float64(0.8)},
    )
    after = read(saved)
    assert (after.as_of, after.target, after.positive, after.window) == (date(2026, 1, 31), "x_churn", "Yes", 90)
    assert after.figures == {"roc_auc": 0.8}
    assert after.kinds == {"x_shop": "category", "x_complained": "category", "tags": "multi"}
