"""The figures that were published for these models, reckoned anew on the spot: expected beside got."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from acrm.analysis.result import Result

if TYPE_CHECKING:
    from acrm.models.histories import FloatArray, Histories

Figures = dict[str, float]
# 15 percent a year by the week, as the manual page of BTYD's pnbd.DERT rounds it.
_WEEKLY = 0.0027
_YEARLY = 0.10


@dataclass(frozen=True, kw_only=True)
class SelftestParams:
    """Nothing is to be chosen."""


def selftest() -> Result:
    """Fit every model to the data it was published with, and compare.

    Data, expected figures, the difference that the rounding of their source allows, and the sources come with the
    package; a source `-` is a figure that two independent programs gave.

    Returns:
        Table `selftest`, in the order of the models: `model`, `data`, `figure`, `expected`, `got`, `tolerance`, `ok`,
        `source`. The summary counts `checks` and those `off`.
    """
    import polars as pl

    known = _published()
    got = {
        "cdnow": _purchases(known["cdnow"]),
        "donations": _opportunities(known["donations"]),
        "retention": _contracts(known["retention"]),
        "annuity": _annuities(),
    }
    rows = []
    for model, data, figure, expected, tolerance, source in known["expected"]["rows"]:
        value = got[data][model][figure]
        ok = abs(value - expected) <= tolerance
        rows.append((model, data, figure, float(expected), float(value), float(tolerance), ok, source))
    schema = ["model", "data", "figure", "expected", "got", "tolerance", "ok", "source"]
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return Result(
        params=SelftestParams(),
        tables={"selftest": table},
        summary={"checks": table.height, "off": int((~table["ok"]).sum())},
    )


def _published() -> dict[str, Any]:
    known: dict[str, Any] = json.loads(
        (files("acrm") / "analysis" / "clv" / "published.json").read_text(encoding="utf-8")
    )
    return known


def _columns(known: dict[str, Any]) -> dict[str, FloatArray]:
    import numpy as np

    return dict(zip(known["columns"], np.array(known["rows"], dtype=np.float64).T, strict=True))


def _one(frequency: float, recency: float, age: float) -> Histories:
    """One customer."""
    import numpy as np

    from acrm.models.histories import Histories

    history = {"frequency": frequency, "recency": recency, "age": age, "count": 1.0}
    return Histories(**{name: np.array([float(value)]) for name, value in history.items()})


def _purchases(known: dict[str, Any]) -> dict[str, Figures]:
    """CDNOW: 2,357 customers, 39 weeks to fit, 39 weeks to forecast; and two who stand in the walkthrough of BTYD."""
    import numpy as np

    from acrm.models import purchases
    from acrm.models.gamma_gamma import GammaGamma
    from acrm.models.histories import Histories

    cdnow = _columns(known)
    count = cdnow["customers"]
    buyers = Histories(
        frequency=cdnow["frequency"], recency=cdnow["recency_days"] / 7, age=cdnow["age_days"] / 7, count=count
    )
    found: dict[str, Figures] = {}
    for name in ("bg-nbd", "mbg-nbd", "pareto-nbd"):
        model, fit = purchases.fit(name, buyers)
        orders = model.expected_orders(buyers, 39.0)
        found[name] = {
            **fit.parameters,
            "log_likelihood": fit.log_likelihood,
            "held_out_orders": float(orders @ count),
            "held_out_mae": float(np.abs(orders - cdnow["held_out_orders"]) @ count / count.sum()),
        }
        best = _one(26, 216 / 7, 31)
        found[name] |= {
            "new_customer_52_weeks": float(model.expected_new(np.array([52.0]))[0]),
            "customer_1516_52_weeks": float(model.expected_orders(best, 52.0)[0]),
            "customer_1516_p_alive": float(model.p_alive(best)[0]),
        }
    whole = {"r": 0.5629966, "alpha": 12.559037, "s": 0.4081095, "beta": 10.5148048}
    residual = purchases.load("pareto-nbd", whole).expected_residual(_one(7, 35, 77.86), _WEEKLY)
    found["pareto-nbd"]["dert"] = float(residual[0])
    back = cdnow["frequency"] > 0
    frequency = cdnow["frequency"][back]
    spend, fit = GammaGamma.fit(frequency, cdnow["repeat_spend_cents"][back] / 100 / frequency, count[back])
    first = spend.expected_spend(np.array([2.0]), np.array([22.345]))
    found["gamma-gamma"] = {
        **fit.parameters,
        "log_likelihood": fit.log_likelihood,
        "mean": spend.mean,
        "customer_1": float(first[0]),
    }
    return found


def _opportunities(known: dict[str, Any]) -> dict[str, Figures]:
    """Donors: 11,104 of them, six years to fit, five to forecast."""
    import numpy as np

    from acrm.models.bg_bb import BgBb
    from acrm.models.histories import Histories

    cells = _columns(known)
    donors = Histories(
        frequency=cells["frequency"], recency=cells["recency"], age=cells["opportunities"], count=cells["customers"]
    )
    model, fit = BgBb.fit(donors)
    printed = BgBb(alpha=1.20, beta=0.75, gamma=0.66, delta=2.78)
    return {
        "bg-bb": {
            **fit.parameters,
            "log_likelihood": fit.log_likelihood,
            "orders_5_years": float(model.expected_orders(donors, 5) @ donors.count),
            "new_customer_10_years": float(model.expected_new(np.array([10.0]))[0]),
            "dert": float(printed.expected_residual(_one(3, 4, 6), float(np.log1p(_YEARLY)))[0]),
        }
    }


def _contracts(known: dict[str, Any]) -> dict[str, Figures]:
    """Two cohorts of 1,000 subscribers: 7 (or 5) years to fit, the years to 12 to forecast."""
    import numpy as np

    from acrm.models.bdw import BetaDiscreteWeibull
    from acrm.models.sbg import ShiftedBetaGeometric
    from acrm.models.tenures import Tenures, held_out

    cohorts = _columns(known)
    found: dict[str, Figures] = {"sbg": {}, "bdw": {}}
    for name in ("high_end", "regular"):
        tenures = Tenures.of_cohorts(10 * cohorts[name])
        for hidden in (5, 7):
            before = tenures.until(hidden).durations()
            for family in (ShiftedBetaGeometric, BetaDiscreteWeibull):
                model, fit = family.fit(before)
                test = held_out(tenures, hidden, model.log_retention)
                fitted = {**fit.parameters, "log_likelihood": fit.log_likelihood, "held_out_mae": test.survival_error}
                found[family.name] |= {f"{name}_{12 - hidden}_{figure}": value for figure, value in fitted.items()}
                if family is ShiftedBetaGeometric and hidden == 5:
                    found["sbg"][f"{name}_del"] = model.new_lifetime(_YEARLY)
                    found["sbg"][f"{name}_derl_7"] = float(model.residual_lifetime(np.array([7.0]), _YEARLY)[0])
    return found


def _annuities() -> dict[str, Figures]:
    """Margin 100 a year, retention 0.8, discount 10 percent, ten payments."""
    from dataclasses import replace

    from acrm.models.npv import Annuity

    ten = Annuity(margin=100, retention=0.8, discount=_YEARLY, periods=10)
    found = {
        "existing": replace(ten, convention="existing").npv,
        "new_at_cac_150": replace(ten, acquisition_cost=150).npv,
        "break_even_cac": ten.value,
    }
    for convention in ("prospect", "existing", "period-end", "mid-period"):
        found[f"endless_{convention}"] = replace(ten, periods=None, convention=convention).value
    for retention in (0.6, 0.8, 0.9):
        found[f"share_5_years_{retention}"] = float(replace(ten, retention=retention).shares(5)[4])
    return {"npv": found}
