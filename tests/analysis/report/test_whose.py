"""Which customer is meant."""

from __future__ import annotations

import pytest

from acrm.analysis.report.whose import customer_of
from acrm.errors import InputError
from tests.analysis.report.known import tables


@pytest.mark.parametrize(
    ("who", "id"),
    [
        ("c1", "c1"),
        ("  c2 ", "c2"),
        ("ann@lee.EXAMPLE", "c1"),
        ("8 (907) 235-92-55", "c1"),
        ("+79072359255", "c1"),
        ("0042", "c2"),
        ("LEE  ann", "c1"),
    ],
)
def test_an_id_or_what_only_one_is_called(who: str, id: str) -> None:
    assert customer_of(who, tables()) == id


def test_of_several_none_is_chosen() -> None:
    with pytest.raises(InputError) as raised:
        customer_of("Ann Roy", tables())
    assert str(raised.value) == "--customer Ann Roy: 2 customers are meant: c3, c4"
    assert str(raised.value.hint) == '--customer "c3"'


def test_a_slip_is_told_with_who_is_most_alike() -> None:
    with pytest.raises(InputError) as raised:
        customer_of("Bob Leo", tables())
    assert "most alike: c2 (bob lee)" in str(raised.value)
    assert str(raised.value.hint) == '--customer "c2"'
    with pytest.raises(InputError, match="most alike: -"):
        customer_of("@#%", tables())
    # Five digits are no phone number.
    with pytest.raises(InputError):
        customer_of("92-55", tables())


def test_orders_alone_name_customers_and_nobody_is_nobody() -> None:
    only = {"transactions": tables()["transactions"]}
    assert customer_of("c2", only) == "c2"
    with pytest.raises(InputError) as raised:
        customer_of("c5", only)
    assert raised.value.id == "card_unknown"
    with pytest.raises(InputError) as raised:
        customer_of("c5", {})
    assert raised.value.id == "card_nobody"
