"""What foretells: chances of several times fit together, and calibration makes them true."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from acrm.analysis.funnel.followed import followed
from acrm.analysis.funnel.foretelling import Setting, base_rate, enough_by, learn, setting
from acrm.analysis.funnel.ground import ground
from acrm.analysis.funnel.params import FunnelParams
from acrm.models.calibration import Calibration
from tests.analysis.funnel.conftest import END, pipeline


def told(seed: int = 0, **how: object) -> Setting:
    base = ground(pipeline(3000, seed, **how), FunnelParams(as_of=END.date()), {})  # type: ignore[arg-type]
    return setting(base, followed(base), 0)


def test_chances_grow_with_the_days_and_stay_below_one() -> None:
    where = told(days=60)
    model = learn(where, END)
    rows = where.open_at(END, END)
    found = model.won(rows, np.array([10.0, where.days, 400.0]))
    assert np.all(np.diff(found, axis=1) >= 0)
    assert found.min() >= 0
    assert found.max() <= 1


def test_the_share_of_all_is_the_base_rate_without_a_history() -> None:
    where = told(1, days=30, win=0.5)
    rates = base_rate(where, END, where.open_at(END, END))
    assert np.unique(rates).size == 1
    assert rates[0] == pytest.approx(0.5 * (1 - np.exp(-where.days / 30)), abs=0.04)


def test_calibrated_chances_are_what_calibration_says() -> None:
    where = told(2, days=60)
    model = learn(where, END)
    assert model.calibration is not None
    rows, ahead = where.open_at(END, END), np.array([where.days])
    plain = learn(where.__class__(**{**vars(where), "corrected": False}), END).won(rows, ahead)[:, 0]
    calibration: Calibration = model.calibration
    expected = 1 / (1 + np.exp(-calibration(np.log(plain / (1 - plain)))))
    assert model.won(rows, ahead)[:, 0] == pytest.approx(expected, abs=1e-9)


def test_there_is_not_enough_at_the_beginning() -> None:
    where = told(3)
    assert enough_by(where, END)
    assert not enough_by(where, datetime(2024, 1, 1) + timedelta(days=5))
