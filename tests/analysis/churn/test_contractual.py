"""Churn of contracts: nothing of the future in the features, a known hazard found again, who is told apart."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from polars.testing import assert_frame_equal

from acrm.analysis.churn.agreements import FEATURES
from acrm.analysis.churn.contractual import RULES, Contracts, contractual, ended_contracts, rule_scores
from acrm.analysis.churn.guards import LEAKS, guards
from acrm.analysis.churn.prepared import Prepared
from acrm.analysis.churn.training import score, train
from acrm.errors import InputError
from acrm.models.classification_metrics import roc_auc
from tests.analysis.churn.test_agreements import contracts

FIRST = date(2023, 1, 1)
DAYS, WINDOW = 700, 60
TODAY = FIRST + timedelta(days=DAYS)
COMPLAINS, ANGRY, WORSE = 0.01, 30, 6.0
HAZARD = {"monthly": 0.003, "annual": 0.0006}


@dataclass
class Club:
    """Members who complain now and then, and leave more easily for 30 days after it."""

    contracts: pl.LazyFrame
    interactions: pl.LazyFrame

    @property
    def tables(self) -> dict[str, pl.LazyFrame]:
        return {"interactions": self.interactions}


@pytest.fixture(scope="module")
def club() -> Club:
    rng = np.random.default_rng(4)
    n = 4000
    start = rng.integers(-200, DAYS - 20, n)
    plan = np.where(rng.random(n) < 0.5, "monthly", "annual")
    calm = np.where(plan == "monthly", HAZARD["monthly"], HAZARD["annual"])
    left, angry = np.full(n, DAYS), np.full(n, -1)
    told: list[tuple[int, int]] = []
    for day in range(-200, DAYS):
        here = (start < day) & (left == DAYS)
        complains = here & (rng.random(n) < COMPLAINS)
        angry[complains] = day + ANGRY
        told += [(int(who), day) for who in np.flatnonzero(complains)]
        left[here & (rng.random(n) < calm * np.where(day <= angry, WORSE, 1.0))] = day
    rows = [
        (f"c{who:04}", FIRST + timedelta(int(start[who])), FIRST + timedelta(int(left[who])), plan[who], 20, "x")
        if left[who] < DAYS
        else (f"c{who:04}", FIRST + timedelta(int(start[who])), None, plan[who], 20)
        for who in range(n)
    ]
    calls = {
        "customer_id": [f"c{who:04}" for who, _ in told],
        "kind": ["call"] * len(told),
        "subject": ["complaint"] * len(told),
        "started_at": [datetime(2023, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for _, day in told],
    }
    return Club(contracts=contracts(*rows), interactions=pl.LazyFrame(calls))


@pytest.fixture(scope="module")
def prepared(club: Club) -> Prepared:
    found = contractual(club.contracts, None, club.tables, window=WINDOW)
    return replace(found, trials=list(found.trials))


def truth(table: pl.DataFrame, window: int) -> NDArray[np.float64]:
    """The probability to leave within the window, day by day over the days for which a customer is angry yet."""
    found: dict[str, NDArray[np.float64]] = {}
    for plan, calm in HAZARD.items():
        stays = np.ones(ANGRY + 1)
        for _ in range(window):
            angry = np.append(False, np.ones(ANGRY, dtype=bool))
            before = stays[np.maximum(np.arange(ANGRY + 1) - 1, 0)]
            stays = (1 - COMPLAINS) * (1 - calm * np.where(angry, WORSE, 1)) * before + COMPLAINS * (
                1 - calm * WORSE
            ) * stays[ANGRY]
        found[plan] = 1 - stays
    since = table["days_since_contact"].fill_null(1e9).to_numpy()
    days = np.clip(ANGRY - since, 0, ANGRY).astype(int)
    monthly = table["plan"].to_numpy() == "monthly"
    left: NDArray[np.float64] = found["monthly"][days] * monthly + found["annual"][days] * ~monthly
    return left


def test_the_hazard_is_found_again_and_beats_the_rules(prepared: Prepared) -> None:
    trials = list(prepared.trials)
    assert len(trials) == 3
    trial = trials[0]
    foretold = score(train(trial.train).scorer, trial.test.table)["churn_probability"].to_numpy()
    left = trial.test.outcome.to_numpy()
    own, best = roc_auc(left, foretold), roc_auc(left, truth(trial.test.table, WINDOW))
    rules = {name: trial.rules[name].to_numpy() for name in trial.rules.columns if not trial.rules[name].null_count()}
    assert {"tenure", "complaints"} <= set(rules)
    assert all(own > roc_auc(left, scores) + 0.05 for scores in rules.values())
    assert own > best - 0.03
    assert abs(foretold.mean() - left.mean()) < 0.03


def test_probabilities_of_today_are_the_true_ones(prepared: Prepared) -> None:
    foretold = score(train(prepared.known()).scorer, prepared.everyone)["churn_probability"].to_numpy()
    real = truth(prepared.everyone, WINDOW)
    assert np.abs(foretold - real).mean() < 0.025
    for part in np.array_split(np.argsort(foretold), 5):
        assert foretold[part].mean() == pytest.approx(real[part].mean(), abs=0.04)


def test_labels_end_before_what_is_not_known_yet(club: Club) -> None:
    found = Contracts.read(club.contracts, None, {})
    latest = found.agreements.last - timedelta(days=WINDOW + found.agreements.grace)
    found.case(latest, WINDOW)
    with pytest.raises(ValueError, match="certain"):
        found.case(latest + timedelta(days=1), WINDOW)
    assert found.learning(latest, WINDOW).cutoff == latest


def test_days_of_learning_and_trying_lie_a_window_and_the_grace_apart(prepared: Prepared) -> None:
    grace = int(str(prepared.figures["grace_days"]))
    for trial in prepared.trials:
        assert trial.train.cutoff is not None
        assert trial.test.cutoff == trial.train.cutoff + timedelta(days=WINDOW + grace)


def test_what_happens_after_the_cutoff_changes_no_feature(club: Club) -> None:
    """Later ends, reasons, renewals, contracts, calls: nothing of that is seen on the cutoff, only labels move."""
    cutoff = FIRST + timedelta(days=400)
    later = pl.col("end_at") > cutoff
    calls = club.interactions.filter(pl.col("started_at").dt.date() <= cutoff)
    honest = Contracts.read(club.contracts.filter(pl.col("start_at") <= cutoff), None, {"interactions": calls}, TODAY)
    rows = club.contracts.collect()
    moved = rows.with_columns(
        end_at=pl.when(later & (pl.int_range(pl.len()) % 2 == 0))
        .then(pl.lit(cutoff + timedelta(days=1)))
        .when(later)
        .then(None)
        .when(pl.col("end_at").is_null() & (pl.int_range(pl.len()) % 3 == 0))
        .then(pl.lit(cutoff + timedelta(days=2)))
        .otherwise("end_at"),
        end_reason=pl.lit("leak"),
        renewal_at=pl.when(later).then(pl.lit(None, pl.Date)).otherwise(pl.lit(cutoff + timedelta(days=9))),
    )
    again = rows.with_columns(
        start_at=pl.lit(cutoff + timedelta(days=3)), end_at=None, price=pl.lit(999).cast(pl.Decimal(38, 4))
    )
    smuggled = Contracts.read(
        pl.concat([moved, again.with_columns(renewal_at=pl.lit(None, pl.Date))], how="vertical_relaxed").lazy(),
        None,
        club.tables,
        TODAY,
    )
    for window in (30, 90):
        want, got = (one.until(cutoff, window) for one in (honest, smuggled))
        assert_frame_equal(got[0], want[0])
        assert got[1] == want[1]
        assert_frame_equal(rule_scores(got[0]), rule_scores(want[0]))
    labels = [one.case(cutoff, WINDOW).outcome.to_list() for one in (honest, smuggled)]
    assert labels[0] != labels[1]


def annual(n: int = 900, stays: float = 0.6, seed: int = 1) -> list[tuple[object, ...]]:
    """Terms of a year, one after the other, the next one written down when the one before is over."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    for who in range(n):
        start = date(int(rng.integers(2019, 2025)), int(rng.integers(1, 13)), int(rng.integers(1, 29)))
        while start < date(2025, 1, 1):
            rows.append((f"c{who:04}", start, start.replace(year=start.year + 1) - timedelta(days=1), "basic", 50))
            if rng.random() > stays:
                break
            start = start.replace(year=start.year + 1)
    return rows


def test_terms_tell_who_decides_within_a_short_window_and_that_is_no_leak() -> None:
    found = contractual(contracts(*annual(4000, 0.7)), None, {}, window=45)
    assert found.known().table["days_to_renewal"].null_count() == 0
    due = found.known().table["days_to_renewal"].to_numpy() <= 45
    left = found.known().outcome.to_numpy()
    assert left[due].mean() == pytest.approx(0.3, abs=0.05)
    assert not left[~due].any()
    assert roc_auc(left, -found.known().table["days_to_renewal"].to_numpy()) > 0.9
    assert not set(guards(found.known())["guard"]) & LEAKS


def test_without_a_window_the_term_is_proposed() -> None:
    found = contractual(contracts(*annual()), None, {})
    assert found.figures["window_days"] == 365
    assert "churn_contractual.window_term" in [note.id for note in found.notes]


def test_who_left_and_who_gave_notice_are_told_apart(club: Club) -> None:
    today = TODAY
    apart = [
        ("gone", date(2023, 2, 1), today - timedelta(days=40), "monthly", 20, "moved"),
        ("just", date(2023, 2, 1), today - timedelta(days=2), "monthly", 20, "price"),
        ("notice", date(2023, 2, 1), today + timedelta(days=20), "monthly", 20, "rival"),
        # Open contracts have no end before notice is given, whether or not a reason is told.
        ("quiet", date(2023, 2, 1), today + timedelta(days=9), "annual", 20, None),
        ("stays", date(2023, 2, 1), None, "annual", 20, None),
    ]
    whole = pl.concat([club.contracts, contracts(*apart)])
    found = contractual(whole, None, club.tables, window=WINDOW, as_of=today)
    lost, announced = found.tables["lost"], found.tables["announced"]
    assert lost.filter(pl.col("customer_id").is_in(["gone", "just"])).rows() == [
        ("gone", today - timedelta(days=40), 40, False),
        ("just", today - timedelta(days=2), 2, True),
    ]
    assert announced.rows() == [
        ("notice", today + timedelta(days=20), 20, "rival"),
        ("quiet", today + timedelta(days=9), 9, None),
    ]
    scored = set(found.everyone["customer_id"])
    assert scored.isdisjoint(lost["customer_id"])
    assert scored.isdisjoint(announced["customer_id"])
    assert "stays" in scored
    everybody = whole.filter(pl.col("start_at") < today).select(pl.col("customer_id").n_unique()).collect().item()
    assert len(scored) + lost.height + announced.height == everybody
    assert (found.figures["lost_customers"], found.figures["announced_customers"]) == (lost.height, 2)
    # Asked for an earlier day, the file was written later: an end still to come was no notice then.
    replayed = contractual(whole, None, club.tables, window=WINDOW, as_of=today - timedelta(days=100))
    assert replayed.tables["announced"].is_empty()
    assert {"gone", "just", "notice"} <= set(replayed.everyone["customer_id"])


def test_calls_tell_that_ends_still_to_come_were_announced(club: Club) -> None:
    rows = club.contracts.collect()
    late = pl.int_range(pl.len()) % 40 == 0
    ahead = pl.lit(FIRST + timedelta(days=DAYS)) + pl.duration(days=1 + pl.int_range(pl.len()) % 30)
    noticed = rows.with_columns(
        end_at=pl.when(pl.col("end_at").is_null() & late).then(ahead).otherwise("end_at")
    ).lazy()
    with_calls = contractual(noticed, None, club.tables, window=WINDOW)
    assert with_calls.figures["as_of"] == TODAY
    assert with_calls.tables["announced"].height > 10
    # Nothing else speaks of today: the ends are taken as they stand.
    alone = contractual(noticed, None, {}, window=WINDOW)
    assert alone.figures["as_of"] == TODAY + timedelta(days=22)
    old = club.interactions.filter(pl.col("started_at").dt.date() < FIRST + timedelta(days=DAYS - 90))
    assert contractual(noticed, None, {"interactions": old}, window=WINDOW).figures == alone.figures


def test_what_was_written_when_customers_left_is_found(club: Club) -> None:
    """Most who left after the window have it too, and count as stayers: only as of today does it show."""
    rng = np.random.default_rng(8)
    rows = club.contracts.collect()
    asked = rows["end_at"].is_not_null() & pl.Series(rng.random(rows.height) < 0.9)
    people = rows.select("customer_id", x_exit_talk=pl.when(asked).then(pl.lit("held")), x_town=pl.lit("A"))
    people = people.with_columns(x_town=pl.Series(rng.choice(["A", "B", "C"], rows.height)))
    found = contractual(club.contracts, None, {**club.tables, "customers": people.lazy()}, window=WINDOW)
    told = guards(found.known(), None, found.standing)
    leaks = told.filter(pl.col("guard").is_in(sorted(LEAKS)))
    assert leaks["column"].to_list() == ["x_exit_talk"]


def test_rules_that_are_the_same_for_all_are_none() -> None:
    table = pl.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "days_under_contract": [9.0, None, 1.0],
            "price": [5.0] * 3,
            "price_change": None,
        }
    )
    scores = rule_scores(table)
    assert scores.columns == list(RULES)
    assert scores["tenure"].to_list() == [-9, -5, -1]
    assert all(scores[name].null_count() == 3 for name in scores.columns if name != "tenure")


def test_purchases_stand_beside_contracts(club: Club) -> None:
    from tests.analysis.churn.conftest import build

    bought = build([(f"c{who:04}", day, 5) for who in range(0, 4000, 3) for day in (-300, -200, 100)])
    found = contractual(club.contracts, bought, club.tables, window=WINDOW)
    assert {"orders", "days_since_last", *FEATURES} <= {one.name for one in found.known().features}
    assert found.everyone["orders"].null_count() < found.everyone.height


def test_too_few_who_left_is_said() -> None:
    rows = [(f"c{who}", date(2023, 1, 1), date(2023, 3, 1) if who < 10 else None, "a", 5) for who in range(400)]
    with pytest.raises(InputError, match="tell who leaves"):
        contractual(contracts(*rows, ("z", date(2024, 6, 1))), None, {})
    with pytest.raises(InputError, match="window of 30 days"):
        contractual(contracts(*rows, ("z", date(2024, 6, 1))), None, {}, window=30)


def test_contracts_that_run_on_have_not_ended() -> None:
    few = contracts(
        ("a", FIRST, FIRST + timedelta(9)), ("b", FIRST, FIRST + timedelta(60)), ("c", FIRST + timedelta(20))
    )
    assert ended_contracts(few) == 1
    assert ended_contracts(few, FIRST + timedelta(100)) == 2
    assert ended_contracts(few.drop("end_at")) == 0
    with pytest.raises(InputError, match="no contract has ended"):
        contractual(few.drop("end_at"), None, {})


def test_rows_in_another_order_make_the_same_cases(club: Club, prepared: Prepared) -> None:
    other = contractual(club.contracts.reverse(), None, {"interactions": club.interactions.reverse()}, window=WINDOW)
    assert_frame_equal(other.known().table, prepared.known().table)
    assert other.known().outcome.to_list() == prepared.known().outcome.to_list()
    assert_frame_equal(other.everyone, prepared.everyone)
