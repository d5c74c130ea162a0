from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.label import Labelled, labelled
from acrm.analysis.people.features import Feature
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


@pytest.fixture
def made() -> Callable[..., Case]:
    """Customers made up."""

    def make(n: int = 600, seed: int = 0) -> Case:
        """Who has been away for long leaves, and who dislikes the shop; chess players stay."""
        random = np.random.default_rng(seed)
        away, shop = random.integers(1, 200, n).astype(float), random.choice(["north", "south", "west"], n)
        chess = random.random(n) < 0.4
        angry = random.choice(["yes", "no"], n, p=[0.2, 0.8])
        z = away / 40 + (angry == "yes") * 2 + (shop == "west") - 1.2 * chess - 4
        table = pl.DataFrame(
            {
                "customer_id": [f"c{at:05}" for at in range(n)],
                "days_since_last": away,
                "x_shop": shop,
                "x_complained": angry,
                "tags": [["chess", "tea"] if player else ["tea"] for player in chess],
            }
        ).with_columns(days_since_last=pl.when(pl.int_range(n) % 40 != 0).then("days_since_last"))
        kinds = {"days_since_last": "number", "x_shop": "category", "x_complained": "category", "tags": "multi"}
        features = tuple(Feature(name=name, axis="extra", kind=kind) for name, kind in kinds.items())  # type: ignore[arg-type]
        return Case(table=table, features=features, outcome=pl.Series(random.random(n) < 1 / (1 + np.exp(-z))))

    return make
