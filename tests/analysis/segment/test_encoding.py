from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from acrm.analysis.people.features import Feature, Kind
from acrm.analysis.segment.encoding import Encoding
from acrm.errors import InputError

HALF = pytest.approx(0.5**0.5)


def learned(values: Any, kind: Kind) -> tuple[Encoding, pl.DataFrame]:
    kinds: dict[Kind, pl.DataType] = {"number": pl.Float64(), "category": pl.String(), "multi": pl.List(pl.String)}
    table = pl.DataFrame([pl.Series("x", values, kinds[kind])])
    return Encoding.learn(table, [Feature(name="x", axis="extra", kind=kind)]), table


def test_a_well_behaved_number_is_standardised() -> None:
    values = np.random.default_rng(0).normal(50, 10, 2000)
    encoding, table = learned(values, "number")
    assert encoding.matrix(table)[:, 0] == pytest.approx((values - values.mean()) / values.std(), abs=1e-6)


def test_a_skewed_number_is_standardised_on_a_logarithmic_scale() -> None:
    values = np.random.default_rng(0).lognormal(3, 1, 2000)
    logs = np.log1p(values)
    encoding, table = learned(values, "number")
    assert encoding.matrix(table)[:, 0] == pytest.approx((logs - logs.mean()) / logs.std(), abs=0.01)
    # Losses likewise.
    losses, lost = learned(-values, "number")
    assert losses.matrix(lost) == pytest.approx(-encoding.matrix(table), abs=1e-6)


def test_an_outlier_is_cut_off_and_leaves_the_others_where_they_were() -> None:
    values = np.random.default_rng(0).normal(50, 10, 1000)
    quiet = Encoding.learn(*_with(values)).matrix(pl.DataFrame({"x": values}))[:, 0]
    loud = values.copy()
    loud[0] = -1e9
    found = Encoding.learn(*_with(loud)).matrix(pl.DataFrame({"x": loud}))[:, 0]
    assert found[1:] == pytest.approx(quiet[1:], abs=0.05)
    assert -8 < found[0] < -3


def _with(values: np.ndarray) -> tuple[pl.DataFrame, list[Feature]]:
    return pl.DataFrame({"x": values}), [Feature(name="x", axis="extra", kind="number")]


@pytest.mark.parametrize(
    "values",
    [[0.0] * 95 + [1.0] * 5, [5.0, 7.0] * 50, [0.0] * 80 + [1.0, 2.0] * 10],
    ids=["rare", "flag", "mostly nothing"],
)
def test_flags_and_rare_events_run_from_0_to_1(values: list[float]) -> None:
    encoding, table = learned(values, "number")
    found = encoding.matrix(table)[:, 0]
    assert (found.min(), found.max()) == pytest.approx((0, 1))


def test_missing_numbers_are_in_the_middle_and_known_to_be_missing_if_many() -> None:
    values: list[float | None] = [float(value) for value in range(100)]
    few, _ = learned([*values, None, math.nan, math.inf], "number")
    assert few.names == ["x"]
    many, table = learned([*values, *[None] * 10], "number")
    assert many.names == ["x", "x=?"]
    assert many.blocks == [0, 0]
    found = many.matrix(table)
    assert found[-1].tolist() == [pytest.approx(found[49:51, 0].mean(), abs=1e-6), HALF]
    assert not found[:100, 1].any()


def test_levels_are_1_apart_rare_ones_are_one_and_unknown_is_another() -> None:
    encoding, table = learned(["b"] * 60 + ["a"] * 60 + [None] * 10 + ["c", "d"], "category")
    assert encoding.names == ["x=a", "x=b", "x=?", "x=…"]
    assert encoding.blocks == [0] * 4
    found = encoding.matrix(table)
    assert np.count_nonzero(found, axis=1).tolist() == [1] * len(found)
    assert found.max() == HALF
    assert np.array_equal(found[-1], found[-2])
    assert np.linalg.norm(found[0] - found[60]) == pytest.approx(1)
    # Not seen before: other, and so is unknown where it was not.
    fresh = encoding.matrix(pl.DataFrame({"x": ["new"]}))
    assert np.array_equal(fresh[0], found[-1])
    known, _ = learned(["a", "b"] * 50, "category")
    assert known.matrix(pl.DataFrame({"x": [None]}, schema={"x": pl.String})).tolist() == [[0, 0, HALF]]


def test_many_values() -> None:
    values = [["chess", "tea"], ["tea"], []] * 30 + [None] * 10 + [["rare", "tea", "tea"]]
    encoding, table = learned(values, "multi")
    assert encoding.names == ["x:tea", "x:chess", "x=?"]
    assert encoding.blocks == [0, 1, 2]
    found = encoding.matrix(table)
    assert found[0].tolist() == [HALF, HALF, 0]
    assert found[2].tolist() == [0, 0, 0]
    assert found[90].tolist() == [0, 0, HALF]
    assert found[-1].tolist() == [HALF, 0, 0]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([3.0] * 9, "number"),
        ([None] * 9, "number"),
        (["a"] * 9, "category"),
        ([None] * 9, "category"),
        ([str(number) for number in range(99)], "category"),
        ([["a"]] * 9, "multi"),
    ],
)
def test_what_is_the_same_for_everybody_is_left_out(values: list[object], kind: Kind) -> None:
    encoding, table = learned(values, kind)
    assert encoding.left_out == ("x",)
    assert encoding.matrix(table).shape == (len(values), 0)


def test_a_saved_encoding_gives_the_same_rows_to_the_bit() -> None:
    rng = np.random.default_rng(1)
    table = pl.DataFrame(
        {
            "spend": rng.lognormal(5, 2, 500),
            "age": [None if draw < 0.1 else 20 + 50 * draw for draw in rng.random(500)],
            "city": rng.choice(["Moscow", "Perm", "Tver"], 500),
            "likes": [["tea"] if draw < 0.5 else ["tea", "chess"] for draw in rng.random(500)],
        }
    )
    kinds: dict[str, Kind] = {"spend": "number", "age": "number", "city": "category", "likes": "multi"}
    encoding = Encoding.learn(table, [Feature(name=name, axis="demo", kind=kind) for name, kind in kinds.items()])
    again = Encoding.from_document(json.loads(json.dumps(encoding.to_document())))
    assert again == encoding
    some = [4, 99, 317]
    assert np.array_equal(again.matrix(table[some]), encoding.matrix(table)[some])
    assert np.array_equal(again.matrix(table[[4]])[0], encoding.matrix(table)[4])
    with pytest.raises(InputError, match="spend, age, city, likes"):
        again.matrix(table.select(other="spend"))
    unknown = table.with_columns(pl.lit(None, table[name].dtype).alias(name) for name in ("age", "likes"))
    assert np.array_equal(again.matrix(table.drop("age", "likes")), encoding.matrix(unknown))


@pytest.mark.parametrize(
    "altered",
    [{"scale": "wide"}, {"scale": None}, {"scale": 0}, {"low": [1]}, {"name": 5}, {"kind": "category"}, {"more": 1}],
)
def test_an_altered_encoding_is_no_encoding(altered: dict[str, object]) -> None:
    document = learned([1.0, 2.0, 3.0], "number")[0].to_document()
    document["columns"][0] |= altered
    with pytest.raises((KeyError, TypeError, ValueError)):
        Encoding.from_document(document)
