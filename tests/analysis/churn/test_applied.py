from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from acrm.analysis.churn.applied import applied
from acrm.analysis.churn.case import Case
from acrm.analysis.churn.model_file import SavedChurn
from acrm.analysis.churn.training import score
from acrm.analysis.people.features import Feature
from acrm.errors import InputError
from acrm.messages import use

Saving = Callable[..., SavedChurn]


@pytest.fixture
def later(made: Callable[..., Case]) -> pl.DataFrame:
    """Customers whom the model has not seen."""
    return made(100, seed=9).table


def told(saved: SavedChurn, table: pl.DataFrame) -> list[str]:
    return [str(note) for note in applied(saved, table).notes]


def test_the_same_columns_are_taken_as_they_are(saving: Saving, later: pl.DataFrame) -> None:
    saved = replace(saving(), target="x_churn")
    found = applied(saved, later.select(reversed(later.columns)).with_columns(x_churn=pl.lit("no")))
    assert score(saved.scorer, found.table).equals(score(saved.scorer, later))
    assert found.notes == ()


def test_all_missing_columns_are_named_at_once(saving: Saving, later: pl.DataFrame) -> None:
    with pytest.raises(InputError) as error:
        applied(saving(), later.drop("days_since_last", "x_shop", "tags"))
    assert str(error.value) == "the model needs columns that are not there: days_since_last, shop"


def test_a_list_of_ours_that_is_missing_is_unknown(saving: Saving, later: pl.DataFrame) -> None:
    saved = saving()
    found = applied(saved, later.drop("tags"))
    assert found.table["tags"].null_count() == 100
    assert "taken for unknown, as nothing in the sources tells them: tags" in [str(note) for note in found.notes]
    assert score(saved.scorer, found.table)["churn_probability"].is_between(0, 1).all()


def test_a_topic_of_which_nobody_speaks_is_not_spoken_of(saving: Saving, later: pl.DataFrame) -> None:
    saved = saving()
    design = replace(saved.scorer.design, numbers=("about_price_30d",))
    topic = replace(
        saved,
        scorer=replace(saved.scorer, design=design),
        features=(*saved.features, Feature(name="about_price_30d", axis="behaviour", kind="number")),
    )
    found = applied(topic, later.with_columns(contacts=pl.lit(3.0)))
    assert found.table["about_price_30d"].to_list() == [0.0] * 100
    # Without any contacts it is not known of what was spoken.
    with pytest.raises(InputError, match="about_price_30d"):
        applied(topic, later)


def test_what_is_not_of_its_kind_is_named(saving: Saving, later: pl.DataFrame) -> None:
    altered = later.with_columns(days_since_last=pl.lit("long ago"), x_shop=pl.lit(7.0), tags=pl.lit("tea"))
    with pytest.raises(InputError) as error:
        applied(saving(), altered)
    assert str(error.value) == (
        "columns are not what they were when the model learned: days_since_last (was a number, now 'long ago'), "
        "shop (was one value of several, now '7.0'), tags (was a list of values, now 'tea')"
    )
    use("ru")
    with pytest.raises(InputError, match=r"days_since_last \(было число, теперь 'long ago'\)"):
        applied(saving(), altered)


def test_numbers_of_few_customers_are_numbers_still(saving: Saving, later: pl.DataFrame) -> None:
    texts = later.head(3).with_columns(days_since_last=pl.Series(["12", "1 200,5", "n/a"]))
    assert applied(saving(), texts).table["days_since_last"].to_list() == [12.0, 1200.5, None]
    empty = later.with_columns(days_since_last=pl.lit(None, pl.String))
    assert applied(saving(), empty).table["days_since_last"].null_count() == 100
    with pytest.raises(InputError, match="now '7 or 8'"):
        applied(saving(), texts.with_columns(days_since_last=pl.Series(["12", "7 or 8", "n/a"])))


def test_new_levels_and_columns_are_counted(saving: Saving, later: pl.DataFrame) -> None:
    shop = pl.when(pl.int_range(100) < 3).then(pl.lit("east")).otherwise("x_shop")
    angry = pl.when(pl.int_range(100) == 50).then(pl.lit("?")).otherwise("x_complained")
    notes = told(saving(), later.with_columns(x_shop=shop, x_complained=angry, x_new=pl.lit(1.0)))
    assert "4 customers with a value that the model has never seen" in notes[0]
    assert notes[0].endswith(": shop (east), complained (?)")
    assert notes[1:] == ["1 column that the model does not know, of no effect: new"]


def test_where_there_were_rare_levels_a_new_one_is_one_of_them(
    made: Callable[..., Case], saving: Saving, later: pl.DataFrame
) -> None:
    rare = made().table.with_columns(
        x_shop=pl.when(pl.int_range(600) % 100 == 0)
        .then(pl.lit("shop ") + pl.int_range(600).cast(pl.String))
        .otherwise("x_shop")
    )
    saved = saving(table=rare)
    assert told(saved, later.with_columns(x_shop=pl.lit("east")))[1:] == []
