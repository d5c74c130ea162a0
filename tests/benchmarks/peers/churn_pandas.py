"""Churn with pandas and scikit-learn: `python churn_pandas.py STORE TEST END WINDOW FOLDER`, the store a folder.

As it is written: tables read whole, features by groupby from what stands before a day, the label from the window after
it, a boosting with its defaults, a part held out to look at, everybody scored. Made three times, for the day to learn
at, a later one to try at, and today; contacts and customers as the shop has them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

store, window, folder = Path(sys.argv[1]), pd.Timedelta(days=int(sys.argv[4])), Path(sys.argv[5])
test, end = pd.Timestamp(sys.argv[2]), pd.Timestamp(sys.argv[3])
columns = ["customer_id", "order_id", "ordered_on", "product_id", "discount", "line_amount", "is_refund", "channel"]
lines = pd.read_parquet(store / "transactions.parquet", columns=columns)
lines["ordered_on"] = pd.to_datetime(lines["ordered_on"])
for money in ("discount", "line_amount"):
    lines[money] = lines[money].astype(float)
lines["channel"] = lines["channel"].astype("category")
# An order of which as much was given back at once is no purchase.
lines["bought"] = ~lines["is_refund"] & (lines.groupby("order_id")["line_amount"].transform("sum") > 0)
contacts = pd.read_parquet(
    store / "interactions.parquet", columns=["customer_id", "kind", "started_at", "first_response_at", "subject"]
)
contacts["day"] = contacts["started_at"].dt.tz_localize(None).dt.normalize()
contacts["hours"] = (contacts["first_response_at"] - contacts["started_at"]).dt.total_seconds() / 3600
people = pd.read_parquet(store / "customers.parquet", columns=["customer_id", "birth_date", "gender", "city", "source"])
people = people.set_index("customer_id")


def features(cutoff: pd.Timestamp) -> pd.DataFrame:
    """Customers who bought in the last two windows until the day, and what was known of them at its end."""
    before = lines[lines["ordered_on"] <= cutoff]
    bought, back = before[before["bought"]], before[before["is_refund"]]
    customers = bought.groupby("customer_id")
    table = customers.agg(
        first=("ordered_on", "min"),
        last=("ordered_on", "max"),
        orders=("order_id", "nunique"),
        lines=("order_id", "size"),
        purchase_days=("ordered_on", "nunique"),
        spend=("line_amount", "sum"),
        discounts=("discount", "sum"),
        products=("product_id", "nunique"),
    )
    table = table[table["last"] > cutoff - 2 * window]
    table["days_since_last"] = (cutoff - table.pop("last")).dt.days
    table["customer_days"] = (cutoff - table.pop("first")).dt.days
    table["mean_order"] = table["spend"] / table["orders"]
    table["lines_per_order"] = table["lines"] / table["orders"]
    table["discount_share"] = table["discounts"] / (table["spend"] + table["discounts"])
    days = bought[["customer_id", "ordered_on"]].drop_duplicates().sort_values(["customer_id", "ordered_on"])
    days["gap"] = days.groupby("customer_id")["ordered_on"].diff().dt.days
    gaps = days.groupby("customer_id")["gap"]
    table["gap_days"] = gaps.median()
    table["gap_spread"] = gaps.std() / gaps.mean()
    table["last_gap_ratio"] = gaps.last() / table["gap_days"]
    table["overdue_ratio"] = table["days_since_last"] / table["gap_days"]
    recent = bought[bought["ordered_on"] > cutoff - window]
    earlier = bought[(bought["ordered_on"] > cutoff - 2 * window) & (bought["ordered_on"] <= cutoff - window)]
    for name, part in (("recent", recent), ("before", earlier)):
        grouped = part.groupby("customer_id")
        table[f"days_{name}"] = grouped["ordered_on"].nunique()
        table[f"spend_{name}"] = grouped["line_amount"].sum()
    table["returned"] = back.groupby("customer_id")["line_amount"].sum()
    lately = back[back["ordered_on"] > cutoff - window]
    table["returns_recent"] = lately.groupby("customer_id")["ordered_on"].nunique()
    counts = bought.pivot_table(index="customer_id", columns="channel", aggfunc="size", observed=True)
    table["channel"] = counts.idxmax(axis=1)
    told = contacts[contacts["day"] <= cutoff]
    month = told[told["day"] > cutoff - pd.Timedelta(days=30)]
    for name, part in (("", told), ("_30d", month)):
        for kind in ("web_visit", "call", "ticket"):
            table[kind + name] = part[part["kind"] == kind].groupby("customer_id").size()
    for subject in ("delivery", "invoice", "product", "warranty"):
        table[f"about_{subject}_30d"] = month[month["subject"] == subject].groupby("customer_id").size()
    seen = told.groupby("customer_id")
    table["days_since_contact"] = (cutoff - seen["day"].max()).dt.days
    table["answer_hours"] = seen["hours"].mean()
    zeros = [name for name in table if name.startswith(("days_recent", "days_before", "spend_", "return", "about_"))]
    zeros += [kind + name for name in ("", "_30d") for kind in ("web_visit", "call", "ticket")]
    table[zeros] = table[zeros].fillna(0)
    table = table.join(people)
    table["age"] = (cutoff - pd.to_datetime(table.pop("birth_date"))).dt.days / 365.25
    for name in ("channel", "gender", "city", "source"):
        table[name] = table[name].astype("category")
    return table


def left(table: pd.DataFrame, cutoff: pd.Timestamp) -> pd.Series:
    """Whether each bought nothing in the window after the day."""
    after = lines[(lines["ordered_on"] > cutoff) & (lines["ordered_on"] <= cutoff + window) & lines["bought"]]
    return ~table.index.to_series().isin(after["customer_id"].unique())


learn_at = test - window
known = features(learn_at)
outcome = left(known, learn_at)
x, x_held, y, y_held = train_test_split(known, outcome, test_size=0.2, stratify=outcome, random_state=0)
model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0).fit(x, y)
held = roc_auc_score(y_held, model.predict_proba(x_held)[:, 1])
later = features(test)
auc = roc_auc_score(left(later, test), model.predict_proba(later)[:, 1])
today = features(end)
today["probability"] = model.predict_proba(today)[:, 1]
today[["probability"]].reset_index().to_parquet(folder / "scored.parquet")
figures = {"same": {"scored": len(today), "tried": len(later)}, "told": f"ROC-AUC {auc:.4f}, {held:.4f} held out"}
(folder / "figures.json").write_text(json.dumps(figures), encoding="utf-8")
