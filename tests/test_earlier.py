"""What earlier runs left in folders, and what is none of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.design import Design
from acrm.analysis.churn.model_file import SavedChurn, to_document
from acrm.analysis.churn.training import Scorer
from acrm.analysis.people.features import Feature
from acrm.earlier import earlier_churn, earlier_terms, saved_churn
from acrm.errors import InputError
from acrm.lineage import dumps
from acrm.models.boosting import Boosting
from acrm.models.calibration import Calibration
from acrm.models.cross_fit import Classifier

SCORES = pl.DataFrame({"customer_id": ["a", "b"], "churn_probability": [0.2, 0.7], "risk_band": ["low", "high"]})


def left(folder: Path, table: pl.DataFrame, *, command: str = "churn", name: str = "churn") -> Path:
    file = folder / f"{name}.parquet"
    table.write_parquet(file, metadata={"acrm": json.dumps({"command": command})})
    return file


def test_the_probabilities_of_an_earlier_run_and_its_customers(tmp_path: Path) -> None:
    file = left(tmp_path, SCORES)
    main, people = earlier_churn(str(tmp_path))
    assert main.equals(SCORES)
    assert people is None
    known = pl.DataFrame({"customer_id": ["a", "b"], "orders": [1.0, 2.0]})
    left(tmp_path, known, name="churn_people")
    main, people = earlier_churn(str(file))
    assert main.equals(SCORES)
    assert people is not None
    assert people.equals(known)


@pytest.mark.parametrize(("command", "table"), [("clv", SCORES), ("churn", SCORES.drop("risk_band"))])
def test_results_of_other_kinds_are_told(tmp_path: Path, command: str, table: pl.DataFrame) -> None:
    left(tmp_path, table, command=command)
    with pytest.raises(InputError) as error:
        earlier_churn(str(tmp_path))
    assert error.value.id == "churn_not_earlier"
    assert str(tmp_path) in str(error.value)


def test_what_an_earlier_run_asked(tmp_path: Path) -> None:
    assert earlier_terms(str(tmp_path)) == {}
    (tmp_path / "churn.json").write_text('{"summary": {"window_days": 30}}', encoding="utf-8")
    assert earlier_terms(str(tmp_path / "churn.parquet")) == {"window_days": 30}


def test_a_folder_without_a_result(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no earlier result of acrm churn"):
        earlier_churn(str(tmp_path / "nothing"))


def saved() -> SavedChurn:
    features = (Feature(name="x_n", axis="extra", kind="number"),)
    table = pl.DataFrame({"customer_id": [f"{at:03}" for at in range(200)], "x_n": [float(at) for at in range(200)]})
    design = Design.learn(table, features)
    matrix = design.matrix(table)
    models = tuple(Boosting.fit(matrix, np.arange(200) > middle, seed=0) for middle in (90, 110))
    calibration = Calibration(slope=1.0, offset=0.0, covariance=(0.0, 0.0, 0.0))
    classifier = Classifier(whole=models[0], without=(models,), calibration=calibration)
    scorer = Scorer(design=design, classifier=classifier, medium=0.5, high=0.75)
    return SavedChurn(setting="labelled", scorer=scorer, features=features, customers=200)


def test_a_churn_model_is_read_from_a_file_or_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "churn_model.json"
    file.write_text(dumps(to_document(saved())), encoding="utf-8")
    for path in (file, tmp_path):
        assert saved_churn(str(path)).customers == 200


@pytest.mark.parametrize(
    ("content", "id"),
    [
        ("{", "bad_json"),
        ("[" * 100_000, "bad_json"),
        ("\x80", "bad_json"),
        ('{"format": "acrm-clv-model", "version": 1}', "churn_file_foreign"),
        ('{"format": "acrm-churn-model", "version": 1}', "churn_file_broken"),
        ('{"format": "acrm-churn-model", "version": 99}', "churn_file_newer"),
    ],
)
def test_files_that_are_no_churn_model(tmp_path: Path, content: str, id: str) -> None:
    file = tmp_path / "model.json"
    file.write_text(content, encoding="latin-1")
    with pytest.raises(InputError) as error:
        saved_churn(str(file))
    assert error.value.id == id
    with pytest.raises(InputError, match="no such file"):
        saved_churn(str(tmp_path / "other.json"))
