"""Paths from a table of them, and from touches of customers up to each of their orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acrm.analysis.channels.credit import attribution
from acrm.analysis.channels.params import ChannelsParams
from acrm.analysis.channels.paths import walked
from acrm.errors import InputError
from acrm.schema import polars_schema

Touch = tuple[str | None, int, str | None]
START = datetime(2025, 1, 1, 12)


def table(**columns: Sequence[object]) -> dict[str, pl.LazyFrame]:
    return {"other_paths": pl.LazyFrame({"row": list(range(len(columns["path"]))), **columns})}


def history(touches: list[Touch], orders: list[tuple[str, int, str]]) -> dict[str, pl.LazyFrame]:
    """Touches by customer, day and source; orders by customer, day (at its end) and amount."""
    visits = [("web_visit", START + timedelta(days=day), who, source) for who, day, source in touches]
    bought = [
        (f"o{number}", START.replace(hour=0) + timedelta(days=day), who, Decimal(amount))
        for number, (who, day, amount) in enumerate(orders)
    ]
    seen = polars_schema("interactions", ("kind", "started_at", "customer_id", "source"))
    sold = polars_schema("transactions", ("order_id", "ordered_at", "customer_id", "line_amount"))
    lines = pl.LazyFrame(bought, schema=sold, orient="row").with_columns(ordered_on=pl.col("ordered_at").dt.date())
    return {"interactions": pl.LazyFrame(visits, schema=seen, orient="row"), "transactions": lines}


def credited(tables: dict[str, pl.LazyFrame], **asked: object) -> tuple[pl.DataFrame, dict[str, object], list[str]]:
    found = walked(tables, tables.get("transactions"), ChannelsParams(**asked))  # type: ignore[arg-type]
    assert found is not None
    return *attribution(found), [note.id for note in found.notes]


@pytest.mark.parametrize("arrow", [" > ", ">", " -> ", "→", " => "])
def test_columns_of_a_table_are_known_by_their_names(arrow: str) -> None:
    ways = [arrow.join(path) for path in (["ads", "mail"], ["ads", "ads"], ["mail"])] * 4
    columns = {
        "total_conversions": ["2", "1", "0"],
        "conversion_value": ["30", "5", "0"],
        "total_null": ["1", "0", "3"],
    }
    tables = table(path=ways, **{name: values * 4 for name, values in columns.items()})
    credit, figures, notes = credited(tables)
    assert credit.select("channel", "first", "last", "value_first").rows() == [
        ("ads", 12, 4, 140),
        ("mail", 0, 8, 0),
    ]
    assert (figures["conversions"], figures["nulls"], figures["paths"]) == (12, 16, 28)
    assert notes == ["channels.paths_read"]


def test_a_table_of_converted_paths_alone_says_so() -> None:
    credit, figures, notes = credited(table(path=["a > b", "b", "a > a > b"] * 3))
    assert (figures["conversions"], figures["path_conversion"]) == (9, 1)
    assert credit.filter(channel="b")["last"].item() == 9
    assert notes == ["channels.paths_read", "channels.no_nulls"]


def test_letter_case_makes_no_channel_of_a_path() -> None:
    ways = ["ads > Mail", "mail > MAIL", "Ads", "Ads > mail"] * 3
    credit, _, _ = credited(table(path=ways))
    assert credit.select("channel", "touches", "first", "last").sort("channel").rows() == [
        ("Ads", 9, 9, 3),
        ("mail", 12, 3, 9),
    ]


def test_what_is_no_path_is_not_taken_for_one() -> None:
    texts = [f"step {number} > {number + 1}" for number in range(40)]
    tables = table(path=texts)
    assert walked(tables, None, ChannelsParams()) is None
    assert walked(table(path=["ads", "mail > ads", *["ads"] * 9]), None, ChannelsParams()) is None
    assert credited(tables, paths="path")[1]["conversions"] == 40
    with pytest.raises(InputError, match="column nowhere"):
        walked(tables, None, ChannelsParams(paths="nowhere"))
    with pytest.raises(InputError, match="no path has"):
        walked(table(path=["a > b"], conversions=["0"]), None, ChannelsParams(paths="path"))


def test_touches_lead_to_the_next_order() -> None:
    ann: list[Touch] = [("ann", 0, "ads"), ("ann", 3, "Mail"), ("ann", 9, "mail"), ("eve", 9, "mail")]
    tables = history(
        touches=[*ann, ("bob", 1, "ads"), (None, 2, "ads"), ("cyd", 1, None)],
        orders=[("ann", 3, "20"), ("ann", 9, "5"), ("dan", 4, "9"), ("cyd", 2, "8")],
    )
    credit, figures, notes = credited(tables)
    # ann: ads > mail, then mail; cyd: nobody knows what; bob and eve have not bought; dan came without a touch.
    assert credit.select("channel", "touches", "first", "last", "linear", "value_last").rows() == [
        ("mail", 3, 1, 2, 1.5, 25),
        (None, 1, 1, 1, 1, 8),
        ("ads", 2, 1, 0, 0.5, 0),
    ]
    assert {name: figures[name] for name in ("paths", "conversions", "conversions_untouched", "nulls")} == {
        "paths": 5,
        "conversions": 3,
        "conversions_untouched": 1,
        "nulls": 2,
    }
    # Three days and a half are half a half-life.
    ads = 2 ** -(3 / 7) / (1 + 2 ** -(3 / 7))
    assert credit.filter(channel="ads")["decay"].item() == pytest.approx(ads)
    assert notes == ["channels.walked", "channels.untouched", "channels.unnamed"]


def test_without_orders_won_deals_are_what_touches_lead_to() -> None:
    tables = history(touches=[("ann", 0, "ads"), ("bob", 0, "mail")], orders=[])
    deals = {"deal_id": ["1", "2"], "status": ["won", "lost"], "customer_id": ["ann", "bob"], "closed_at": [START] * 2}
    tables["deals"] = pl.LazyFrame(deals).with_columns(pl.col("closed_at").dt.replace_time_zone("UTC"))
    del tables["transactions"]
    credit, _, _ = credited(tables)
    assert credit.select("channel", "last", "markov").rows() == [("ads", 1, 1), ("mail", 0, 0)]


def test_amounts_of_several_currencies_are_not_credited() -> None:
    tables = history([("ann", 0, "ads"), ("bob", 0, "mail")], [("ann", 1, "20"), ("bob", 1, "5")])
    lines = tables.pop("transactions")
    deals = lines.select("customer_id", closed_at="ordered_at", amount="line_amount", status=pl.lit("won"))
    for sold in ({"transactions": lines}, {"deals": deals}):
        for codes, known in ((["EUR", "EUR"], True), (["EUR", None], True), (["EUR", "USD"], False)):
            code = pl.Series(codes, dtype=pl.String).alias("currency")
            several = {name: frame.with_columns(code) for name, frame in sold.items()}
            credit, figures, _ = credited({**tables, **several})
            assert ("value_last" in credit.columns) == known
            assert figures["conversions"] == 2


def test_nobody_known_or_nothing_bought_makes_no_paths() -> None:
    for tables in (history([(None, 1, "ads")], [("ann", 2, "5")]), history([("ann", 5, "ads")], [("ann", 2, "5")])):
        assert walked(tables, tables["transactions"], ChannelsParams()) is None
    assert walked({}, None, ChannelsParams()) is None


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.sampled_from(["ads", "mail", None])), min_size=1),
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.just("5")), min_size=1),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_rows_does_not_matter_and_credit_is_kept(touches: list, orders: list, random: object) -> None:  # type: ignore[type-arg]
    mixed = [sorted(some, key=lambda _: random.random()) for some in (touches, orders)]  # type: ignore[attr-defined]
    tables = [history(*some) for some in ((touches, orders), mixed)]
    found = [walked(one, one["transactions"], ChannelsParams()) for one in tables]
    if found[0] is None or found[1] is None:
        assert found == [None, None]
        return
    (credit, figures), (again, same) = (attribution(one) for one in found if one)
    assert credit.equals(again)
    assert figures == same
    for rule in ("first", "u", "decay", "markov"):
        assert credit[rule].sum() == pytest.approx(figures["conversions"])
