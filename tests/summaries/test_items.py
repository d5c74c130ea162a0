"""Products of orders: checked against a few lines of plain Python."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any, get_args

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.summaries.customers import Refunds
from acrm.summaries.items import product_orders
from acrm.summaries.ledger import Part
from tests.summaries.lines import DAY, Row, frame, lines, part


@settings(max_examples=50, deadline=None)
@given(rows=lines, refunds=st.sampled_from(get_args(Refunds)))
def test_products_of_orders_in_plain_python(rows: list[Row], refunds: Refunds) -> None:
    as_of = DAY + timedelta(40)
    expected: dict[Any, list[Any]] = defaultdict(lambda: [None, None, Decimal(0), None])
    for row in rows:
        # The product is whatever else tells lines of an order apart.
        key, what = (row[1], row[0], row[5]), part(row, as_of)
        if what is Part.SALE:
            found = expected[key]
            expected[key] = [min(found[0] or row[2], row[2]), found[1], found[2] + row[3], "EUR"]
        elif what is Part.REFUND and refunds == "net":
            found = expected[key]
            expected[key] = [found[0], max(found[1] or row[2], row[2]), found[2] - abs(row[3]), found[3]]
    told = frame(rows).with_columns(product_id=pl.col("status"))
    reduced = product_orders(told, refunds=refunds, columns=["currency"], as_of=as_of).collect()
    assert {row[:3]: list(row[3:]) for row in reduced.rows()} == dict(expected)
    assert reduced.height == len(expected)
