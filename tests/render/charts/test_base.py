from datetime import date, timedelta
from decimal import Decimal

import pytest

from acrm import messages
from acrm.render.charts.base import Space, days, decades, label_expr, moment, short, spread, tip, unique, written
from acrm.render.pictures import Axis


def test_a_value_is_written_as_elsewhere_and_what_is_none_is_a_dash() -> None:
    assert [written(value, "money") for value in (Decimal("1234.5"), None, float("nan"))] == ["1,234", "–", "–"]
    assert [written(value, "number") for value in (0.12345, 12.345, 1234.5)] == ["0.123", "12.3", "1,234"]


def test_labels_inside_charts_are_short_in_both_languages() -> None:
    assert [short(value, "money") for value in (950, 12_345, 1_234_567, -2_500_000_000)] == [
        "950",
        "12.3k",
        "1.23M",
        "-2.5bn",
    ]
    messages.use("ru")
    assert short(1_234_567, "money") == "1,23\u00a0млн"


def test_an_axis_has_one_unit_unless_it_is_logarithmic() -> None:
    money = Axis("revenue", "money")
    assert (
        label_expr(money, [5, 2_000_000]) == "datum.value === 0 ? '0' : format(datum.value / 1000000, ',.4~r') + \"M\""
    )
    assert label_expr(money, [5, 200]) == "format(datum.value, ',~g')"
    assert label_expr(Axis("share", "share"), [0.5]) == "format(datum.value, '.0%')"
    logarithmic = label_expr(money, [5, 2_000_000], log=True)
    assert logarithmic.startswith("datum.value >= 1000000000 ? ")
    assert logarithmic.endswith(" : format(datum.value, ',~g')")


def test_words_of_units_are_quoted() -> None:
    messages.use("ru")
    assert '"\\u00a0\\u0442\\u044b\\u0441."' in label_expr(Axis("x", "money"), [20_000])


def test_days_do_not_depend_on_a_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert moment(date(1970, 1, 2)) == 86_400_000
    assert moment(3) == 3


def test_months_have_names_and_close_days_have_numbers() -> None:
    space = Space("wide")
    monthly = days([date(2011, month, 1) for month in range(1, 13)], space)
    daily = days([date(2011, 1, 1) + timedelta(days=day) for day in range(30)], space)
    yearly = days([date(1990 + year, 1, 1) for year in range(30)], space)
    assert "'%b'" in str(monthly["labelExpr"])
    assert "'%-d %b'" in str(daily["labelExpr"])
    assert yearly["labelExpr"] == "utcFormat(datum.value, '%Y')"


def test_scales_begin_at_nought_where_bars_do() -> None:
    assert list(spread([5, 10], zero=True)["domain"]) == [0, 10.6]
    assert list(spread([5, 10])["domain"]) == pytest.approx([4.7, 10.3])
    assert list(spread([-5, 10], zero=True)["domain"]) == pytest.approx([-5.9, 10.9])
    assert list(spread([1, 100], log=True)["domain"]) == [0.8, 125]


def test_a_logarithmic_axis_always_has_labels() -> None:
    assert decades([0.01005, 0.04]) == [0.01, 0.02, 0.05]
    assert decades([7, 8])


def test_names_and_tips_cannot_hide_or_merge() -> None:
    assert unique(["a", "a", "", "a\n", "a\u202e"]) == ["a", "a (2)", "–", "a ", "a\ufffd"]
    assert tip("a\nb", ("value", "1"), ("", "2"), ("gone", ""), n=3) == "a b\nvalue: 1\n2\nn = 3"
