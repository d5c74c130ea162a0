from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.label import Labelled, labelled
from acrm.analysis.people.people import people


@pytest.fixture(scope="session")
def labelled_file(data: Path) -> Callable[..., Labelled]:
    """Telco (churn) or marketing_campaign (response), with columns made from the outcome planted in it."""

    def read(name: str, plant: Callable[[np.ndarray], Mapping[str, list[str | None]]] | None = None) -> Labelled:
        file, id, target, separator = {
            "telco": ("churn/Telco-Customer-Churn.csv", "customerID", "Churn", ","),
            "campaign": ("segment/marketing_campaign.csv", "ID", "Response", "\t"),
        }[name]
        table = pl.read_csv(data / file, separator=separator, infer_schema=False)
        if plant is not None:
            outcome = table[target].is_in(["Yes", "1"]).to_numpy()
            table = table.with_columns(pl.Series(key, values, pl.String) for key, values in plant(outcome).items())
        table = table.rename({column: f"x_{column.lower()}" for column in table.columns if column != id})
        crowd = people({"customers": table.rename({id: "customer_id"}).lazy()}, lines=None)
        found = labelled(crowd.table, crowd.features, target=None if name == "telco" else target)
        assert found is not None
        return found

    return read
