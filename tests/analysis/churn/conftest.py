"""Order lines of a few words, a made-up shop, and Online Retail as it is commonly cleaned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl
import pytest

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.label import Labelled, labelled
from acrm.analysis.churn.model_file import SavedChurn
from acrm.analysis.churn.records import Records, read_records
from acrm.analysis.churn.training import Scorer, train
from acrm.analysis.people.features import Feature
from acrm.analysis.people.people import people
from acrm.models.boosting import Boosting
from acrm.schema import polars_schema

FIRST = date(2024, 1, 1)
COLUMNS = ("order_id", "customer_id", "ordered_on", "line_amount", "product_id", "discount", "channel")


class Lines(Protocol):
    """Order lines from (customer, days since 2024-01-01, amount); a list adds order id, product, discount, channel."""

    def __call__(self, rows: Iterable[tuple[object, ...]]) -> pl.LazyFrame: ...


def build(rows: Iterable[tuple[object, ...]]) -> pl.LazyFrame:
    cells = []
    for place, row in enumerate(rows):
        whole = [*row, *[None] * (7 - len(row))]
        customer, day, amount, order, product, discount, channel = whole
        cells.append(
            (
                order or f"order {place}",
                customer,
                FIRST + timedelta(int(str(day))),
                Decimal(str(amount)),
                product or "tea",
                Decimal(str(discount or 0)),
                channel or "shop",
            )
        )
    return pl.LazyFrame(cells, schema=polars_schema("transactions", COLUMNS), orient="row")


@pytest.fixture(scope="session")
def lines() -> Lines:
    return build


def buyers(customers: int = 500, days: int = 400, seed: int = 5) -> list[tuple[object, ...]]:
    """Customers with a rhythm of their own, who buy until they leave."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    for number in range(customers):
        usual, day, left = rng.gamma(3, 8), float(rng.integers(0, 200)), rng.exponential(250)
        first = day
        while day < min(days, first + left):
            rows.append((f"c{number:03}", int(day), round(float(rng.gamma(4, 10)) + 1, 2)))
            day += max(1.0, rng.gamma(3, usual / 3))
    return rows


@pytest.fixture(scope="session")
def shop() -> Records:
    return read_records(build(buyers()), {})


@pytest.fixture(scope="session")
def retail_lines(data: Path) -> pl.LazyFrame:
    """Online Retail without lines that lack a customer, and without credit notes and free goods."""
    raw = pl.scan_csv(data / "basket" / "online_retail.csv", infer_schema_length=0)
    number, price = pl.col("Quantity").cast(pl.Decimal(18, 4)), pl.col("UnitPrice").cast(pl.Decimal(18, 4))
    kept = raw.filter(
        pl.col("CustomerID").str.len_chars() > 0, ~pl.col("InvoiceNo").str.starts_with("C"), number > 0, price > 0
    )
    return kept.select(
        order_id="InvoiceNo",
        customer_id="CustomerID",
        product_id="StockCode",
        ordered_on=pl.col("InvoiceDate").str.slice(0, 10).str.to_date(),
        line_amount=(number * price).cast(pl.Decimal(38, 4)),
    )


@pytest.fixture(scope="session")
def retail(retail_lines: pl.LazyFrame) -> Records:
    return read_records(retail_lines, {})


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


@pytest.fixture(scope="session")
def saving(made: Callable[..., Case]) -> Callable[..., SavedChurn]:
    """A model of the customers made up, additive or with interactions whether these are of use or not."""
    fitted: dict[bool, Scorer] = {}

    def learn(case: Case, *, interactions: bool) -> Scorer:
        scorer = train(case).scorer
        if not interactions:
            return scorer
        matrix, outcome = scorer.design.matrix(case.table), case.outcome.to_numpy()
        models = [Boosting.fit(matrix[at::2], outcome[at::2], seed=0) for at in (0, 1)]
        classifier = replace(scorer.classifier, whole=models[0], without=(tuple(models),))
        return replace(scorer, classifier=classifier)

    def save(*, interactions: bool = False, table: pl.DataFrame | None = None) -> SavedChurn:
        case = made()
        if table is not None:
            scorer = learn(replace(case, table=table), interactions=interactions)
        elif interactions in fitted:
            scorer = fitted[interactions]
        else:
            scorer = fitted[interactions] = learn(case, interactions=interactions)
        return SavedChurn(setting="labelled", scorer=scorer, features=case.features, customers=len(case.outcome))

    return save


@pytest.fixture(scope="session")
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
