"""Names of segments: what they say, that they differ, and that data stays text."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from acrm import messages
from acrm.analysis.people.features import Feature
from acrm.analysis.segment.differences import differences
from acrm.analysis.segment.naming import level_words, names, readable

AXES: dict[str, Any] = {"city": "demo", "age": "demo", "need": "needs", "contract": "extra", "tenure": "extra"}


def table_of(groups: dict[int, dict[str, Any]], each: int = 60) -> tuple[pl.DataFrame, list[Feature], pl.Series]:
    """Customers of groups: numbers around what is given, texts as they are given."""
    rng = np.random.default_rng(3)
    rows: list[dict[str, Any]] = [
        {"customer_id": f"{group}-{one:03}"}
        | {
            name: value if isinstance(value, str) else float(value) * (1 + 0.2 * rng.random())
            for name, value in told.items()
        }
        for group, told in groups.items()
        for one in range(each)
    ]
    table = pl.DataFrame(rows)
    features = [
        Feature(
            name=name,
            axis=AXES.get(name.removeprefix("x_"), "extra" if name.startswith("x_") else "behaviour"),
            kind="number" if table[name].dtype == pl.Float64 else "category",
        )
        for name in table.columns[1:]
    ]
    return table, features, pl.Series(np.repeat(list(groups), each))


def named(groups: dict[int, dict[str, Any]]) -> dict[int, str]:
    table, features, labels = table_of(groups)
    return names(differences(table, features, labels))


SHOP = {
    1: {"days_since_last": 300, "orders": 8, "spend": 900, "customer_days": 700, "city": "Moscow", "age": "45-54"},
    2: {"days_since_last": 12, "orders": 1, "spend": 20, "customer_days": 15, "city": "Ufa", "age": "25-34"},
    3: {"days_since_last": 15, "orders": 14, "spend": 1500, "customer_days": 600, "city": "Ufa", "age": "25-34"},
    4: {"days_since_last": 90, "orders": 3, "spend": 100, "customer_days": 500, "city": "Ufa", "age": "25-34"},
    5: {"days_since_last": 100, "orders": 0, "spend": 0, "customer_days": 500, "city": "Ufa", "age": "25-34"},
}


def test_names_say_how_customers_buy_and_who_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert named(SHOP) == {
        1: "lapsed big spenders, Moscow, 45-54",
        2: "new small spenders",
        3: "regular big spenders",
        4: "occasional medium spenders",
        5: "never bought",
    }
    monkeypatch.setattr(messages, "_language", "ru")
    assert named(SHOP)[1] == "ушедшие крупные покупатели, Moscow, 45-54"


def test_without_purchases_names_are_of_the_strongest_traits() -> None:
    told = named(
        {
            1: {"x_tenure": 60, "x_contract": "Two year", "x_has_dog": "Yes"},
            2: {"x_tenure": 5, "x_contract": "Month-to-month", "x_has_dog": "Yes"},
            3: {"x_tenure": 7, "x_contract": "Month-to-month", "x_has_dog": "No"},
        }
    )
    assert told == {
        1: "long tenure, contract: Two year",
        2: "short tenure, contract: Month-to-month",
        3: "has dog: no, contract: Month-to-month",
    }


def test_equal_names_get_what_tells_them_apart_or_a_number() -> None:
    base = {"days_since_last": 10, "orders": 5, "spend": 100}
    far = {"days_since_last": 300, "orders": 1, "spend": 1}
    told = named({1: base | {"visits": 1}, 2: base | {"visits": 50}, 3: far | {"visits": 8}, 4: far | {"visits": 8}})
    assert told[1].endswith("few visits")
    assert told[2].endswith("many visits")
    assert {told[3][-2:], told[4][-2:]} == {" 1", " 2"}
    assert len(set(told.values())) == 4


def test_names_are_stable_when_rows_are_shuffled() -> None:
    table, features, labels = table_of(SHOP)
    place = pl.Series(np.random.default_rng(1).permutation(table.height))
    assert names(differences(table[place], features, labels[place])) == names(differences(table, features, labels))


def test_one_segment_is_nothing_particular() -> None:
    assert named({1: SHOP[1]}) == {1: "nothing particular"}


@pytest.mark.parametrize(
    "city", ["[bold]Ufa[/bold]", "<script>x</script>", "=cmd|' /C calc'!A0", "a\x1b[31mb", "x" * 300]
)
def test_data_in_names_stays_text(city: str) -> None:
    name = named({1: SHOP[1] | {"city": city}, 2: SHOP[2], 3: SHOP[3]})[1]
    assert not set("[]<>|\x1b=") & set(name)
    assert len(name) < 80


@pytest.mark.parametrize(
    ("feature", "en", "ru"),
    [
        ("gap_days", "days between orders", "дней между заказами"),
        ("x_has_dog", "has dog", "has dog"),
        ("need_чай", "preference for чай", "тяга к «чай»"),
        ("x_tenure", "tenure", "стаж"),
    ],
)
def test_features_have_readable_names(feature: str, en: str, ru: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert readable(feature) == en
    monkeypatch.setattr(messages, "_language", "ru")
    assert readable(feature) == ru


def test_levels_are_read() -> None:
    assert [level_words(level) for level in ("M", "ж", "No", "?", "<18", "65+")] == [
        "men",
        "women",
        "no",
        "unknown",
        "under 18",
        "65+",
    ]


def test_who_never_bought_spends_nothing_and_is_told_apart_by_what_is_not_known() -> None:
    rows = 300
    kind = [place % 3 for place in range(rows)]
    table = pl.DataFrame(
        {
            "customer_id": [f"c{place:03}" for place in range(rows)],
            "orders": [float(one == 2) for one in kind],
            "spend": [100.0 + place if one == 2 else 0.0 for place, one in enumerate(kind)],
            "city": [None if one == 0 else ("Perm", "Tver", "Omsk")[place % 7 % 3] for place, one in enumerate(kind)],
        }
    )
    features = [
        Feature(name="orders", axis="behaviour", kind="number"),
        Feature(name="spend", axis="behaviour", kind="number"),
        Feature(name="city", axis="demo", kind="category"),
    ]
    found = differences(table, features, pl.Series([one + 1 for one in kind]), made_of=["orders", "spend", "city"])
    called = names(found)
    assert called[1] == "never bought, city: unknown"
    assert called[2].startswith("never bought")
    assert "spend" not in called[2]
