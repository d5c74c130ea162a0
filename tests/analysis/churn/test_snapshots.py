"""Snapshots: nothing of the future in them, labels from nothing else; Online Retail against its known figures."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from acrm.analysis.churn.case import Case
from acrm.analysis.churn.records import Records, read_records
from acrm.analysis.churn.rules import rule_scores
from acrm.analysis.churn.snapshots import LOOKS, Origin, case, learning, origins, snapshot
from tests.analysis.churn.conftest import FIRST, Lines, buyers

WINDOW = 90
CUTOFF = FIRST + timedelta(200)


def auc(left: pl.Series, score: pl.Series) -> float:
    """The probability that who left scores higher than who stayed."""
    rank = score.rank("average").to_numpy()
    gone = left.to_numpy()
    return float((rank[gone].sum() - gone.sum() * (gone.sum() + 1) / 2) / (gone.sum() * (~gone).sum()))


def tables(after: bool) -> dict[str, pl.LazyFrame]:
    """Contacts and deals until the cutoff, some of which go on after it; `after` tells how."""
    rng = np.random.default_rng(3)
    began = [datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(days=int(day)) for day in rng.integers(0, 201, 300)]
    later = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=230)
    who = [f"c{number:03}" for number in rng.integers(0, 500, 300)]
    open_still = [place % 3 == 0 for place in range(300)]
    ended = [(later if after else None) if still else when for when, still in zip(began, open_still, strict=True)]
    some = {"kind": ["ticket"] * 300, "subject": ["delivery"] * 300, "started_at": began, "customer_id": who}
    rating = ["1" if not still or after else None for still in open_still]
    interactions = some | {"ended_at": ended, "first_response_at": ended, "satisfaction": rating}
    interactions["outcome"] = ["complaint" if not still or after else None for still in open_still]
    status = ["won" if end else "open" for end in ended]
    deals = {"customer_id": who, "created_at": began, "closed_at": ended, "status": status}
    kind = {"ended_at": pl.Datetime("us", "UTC"), "first_response_at": pl.Datetime("us", "UTC")}
    made = pl.LazyFrame(interactions, schema_overrides=kind), pl.LazyFrame(deals)
    return dict(zip(("interactions", "deals"), made, strict=True))


def test_what_is_smuggled_in_after_the_cutoff_changes_no_feature(lines: Lines) -> None:
    """Later purchases, refunds of earlier orders, answers, complaints, ratings, wins: of all that nothing is seen."""
    known = [row for row in buyers() if int(str(row[1])) <= 200]
    known = [(*row, f"{row[0]}/{row[1]}") for row in known]
    honest = read_records(lines(known), tables(after=False), as_of=CUTOFF)
    future: list[tuple[object, ...]] = [(*row, "late", "new") for row in buyers(seed=8) if int(str(row[1])) > 200]
    future += [(row[0], 201, -float(str(row[2])), row[3]) for row in known[::2]]
    future += [(f"c{number:03}", 201, 1_000_000, "huge", "gold", 5, "leak") for number in range(0, 500, 2)]
    smuggled = read_records(lines([*known, *future]), tables(after=True))
    assert smuggled.past.days.height > honest.past.days.height
    want, got = (snapshot(records, CUTOFF, WINDOW) for records in (honest, smuggled))
    assert_frame_equal(got.table, want.table)
    assert got.features == want.features
    assert got.lost.to_list() == want.lost.to_list()
    scores = [rule_scores(one.past, one.table, WINDOW) for one in (want, got)]
    assert_frame_equal(*scores)


def test_the_label_is_what_came_after_the_cutoff_and_within_the_window(lines: Lines) -> None:
    rows = [("on", 0, 5), ("on", 10, 5), ("next", 10, 5), ("next", 11, 5), ("last", 10, 5), ("last", 40, 5)]
    rows += [("after", 10, 5), ("after", 41, 5), ("gone", 9, 5), ("new", 11, 5), ("lost", -51, 5), ("end", 60, 5)]
    found = case(read_records(lines(rows), {}), FIRST + timedelta(10), 30)
    left = dict(zip(found.table["customer_id"], found.outcome, strict=True))
    assert left == {"on": True, "next": False, "last": False, "after": True, "gone": True}


def test_who_is_lost_already_is_not_scored(lines: Lines) -> None:
    seen = snapshot(read_records(lines([("a", 0, 5), ("b", 1, 5), ("c", 60, 5)]), {}), FIRST + timedelta(60), 30)
    assert seen.table["customer_id"].to_list() == ["b", "c"]
    assert seen.lost.to_list() == ["a"]


def test_a_window_that_is_not_over_has_no_label(shop: Records) -> None:
    case(shop, shop.last - timedelta(days=30), 30)
    with pytest.raises(ValueError, match="after"):
        case(shop, shop.last - timedelta(days=29), 30)


def test_rows_in_another_order_make_the_same_case(lines: Lines) -> None:
    rows = buyers(100)
    cut = FIRST + timedelta(200)
    one, other = (case(read_records(lines(some), {}), cut, 60) for some in (rows, rows[::-1]))
    assert_frame_equal(one.table, other.table)
    assert one.outcome.to_list() == other.outcome.to_list()


@pytest.mark.parametrize(("days", "count"), [(269, 0), (270, 1), (300, 2), (390, 5), (2000, 5)])
def test_origins_need_a_window_of_history_and_never_overlap(days: int, count: int) -> None:
    last = FIRST + timedelta(days - 1)
    found = origins(FIRST, last, WINDOW)
    assert len(found) == count
    for one in found:
        assert one.test - one.train == timedelta(days=WINDOW)
        assert one.test <= last - timedelta(days=WINDOW)
        assert one.train >= FIRST + timedelta(days=WINDOW - 1)


def test_several_cutoffs_are_learnt_from_together(shop: Records) -> None:
    cutoff = shop.last - timedelta(days=60)
    whole = learning(partial(case, shop, window=60), cutoff, 60, shop.first)
    parts = [case(shop, cutoff - timedelta(days=20 * place), 60) for place in range(LOOKS)]
    assert whole.table.height == whole.outcome.len() == sum(one.table.height for one in parts)
    assert whole.table["customer_id"].is_sorted()
    together = whole.table.with_columns(whole.outcome)
    for place, one in enumerate(parts):
        mine = one.table.with_columns(one.outcome)
        found = together.join(mine, on=together.columns, how="semi", nulls_equal=True)
        assert found["customer_id"].unique().sort().to_list() == mine["customer_id"].to_list(), place
    early = shop.first + timedelta(days=70)
    alone = learning(partial(case, shop, window=60), early, 60, shop.first)
    assert alone.table.height == case(shop, early, 60).table.height


def fitted(train: Case, test: Case, names: list[str]) -> pl.Series:
    """A plain logistic regression on logarithms, with a sign for what is not known."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    unknown = [name for name in names if train.table[name].null_count()]
    value = [(pl.col(name).sign() * pl.col(name).abs().log1p()).fill_null(0.0) for name in names]
    told = [pl.col(name).is_null().cast(pl.Float64).alias(f"no {name}") for name in unknown]
    seen, ahead = (one.table.select(*value, *told).to_numpy() for one in (train, test))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    model.fit(seen, train.outcome.to_numpy())
    return pl.Series(model.predict_proba(ahead)[:, 1])


def test_online_retail(retail: Records) -> None:
    """Disjoint windows of 90 days, active customers: the rules as published, and features that beat them."""
    assert (retail.figures["lines"], retail.figures["customers"]) == (397_884, 4_338)
    found = origins(retail.first, retail.last, WINDOW)
    assert found[0] == Origin(train=date(2011, 6, 12), test=date(2011, 9, 10))
    results = []
    for origin in found[:3]:
        train, test = (case(retail, day, WINDOW) for day in (origin.train, origin.test))
        rules = rule_scores(retail.past.until(origin.test), test.table, WINDOW)
        scores = {name: auc(test.outcome, rules[name]) for name in rules.columns[1:]}
        short = ["days_since_last", "purchase_days", "spend", "customer_days"]
        every = [one.name for one in test.features if one.kind == "number"]
        results.append(
            scores
            | {name: auc(test.outcome, fitted(train, test, some)) for name, some in (("rfmt", short), ("all", every))}
        )
    assert (test_size := case(retail, found[0].test, WINDOW)).table.height == 2784
    assert test_size.outcome.mean() == pytest.approx(0.381, abs=5e-4)
    latest = results[0]
    assert latest["recency"] == pytest.approx(0.6553, abs=5e-4)
    assert latest["frequency"] == pytest.approx(0.7286, abs=5e-4)
    # Fitted to all who ever bought; to the active ones alone, as elsewhere, it is .7197.
    assert latest["expected_purchases"] == pytest.approx(0.7274, abs=2e-3)
    assert latest["rfmt"] == pytest.approx(0.742, abs=2e-3)
    assert latest["all"] >= 0.742
    # The published rolling origins of 30 and 60 days earlier.
    assert [one["all"] for one in results[1:]] == pytest.approx([0.749, 0.764], abs=2e-3)
    assert all(one["all"] > max(one["recency"], one["frequency"], one["expected_purchases"]) for one in results)
