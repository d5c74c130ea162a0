"""The analyses of a shop in one script, the way they are written by hand: `python notebook.py LINES AS_OF FOLDER`.

pandas for the figures, RFM and cohorts, lifetimes for customer value, mlxtend for rules, scikit-learn for churn and
groups, matplotlib for pictures, and a page that shows them. The columns are those of Online Retail and typed in, and so
are the window of churn, the number of groups and the least support. Every model is fitted once with its defaults.
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from mlxtend.frequent_patterns import association_rules, fpgrowth
from scipy.sparse import csr_matrix
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score, silhouette_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

source, as_of, folder = sys.argv[1], pd.Timestamp(sys.argv[2]), Path(sys.argv[3])
warnings.simplefilter("ignore")
# It need not be installed where this is checked.
lifetimes = import_module("lifetimes")
mpl.use("Agg")

# Lines: what was sold, and what was given back.
lines = pd.read_csv(source, dtype={"InvoiceNo": str, "StockCode": str})
lines["InvoiceDate"] = pd.to_datetime(lines["InvoiceDate"])
lines["day"] = lines["InvoiceDate"].dt.normalize()
lines["amount"] = lines["Quantity"] * lines["UnitPrice"]
lines = lines[lines["amount"] != 0]
refund = lines["InvoiceNo"].str.startswith("C") | (lines["amount"] < 0)
sales = lines[~refund]
known = sales.dropna(subset=["CustomerID"])

# Figures by month.
month = lines["day"].dt.to_period("M")
periods = pd.DataFrame(
    {
        "revenue": lines.groupby(month)["amount"].sum(),
        "orders": sales.groupby(month)["InvoiceNo"].nunique(),
        "buyers": known.groupby(month)["CustomerID"].nunique(),
    }
)
periods["average_order"] = periods["revenue"] / periods["orders"]
countries = lines.groupby("Country")["amount"].sum().sort_values(ascending=False)
products = sales.groupby("StockCode").agg(amount=("amount", "sum"), orders=("InvoiceNo", "nunique"))
products = products.sort_values("amount", ascending=False)
products["abc"] = pd.cut(products["amount"].cumsum() / products["amount"].sum(), [0, 0.8, 0.95, 1.1], labels=[*"ABC"])

# RFM; what was given back is taken off.
rfm = known.groupby("CustomerID").agg(last=("day", "max"), orders=("InvoiceNo", "nunique"))
rfm["days_since_last"] = (as_of - rfm.pop("last")).dt.days
rfm["spend"] = lines.groupby("CustomerID")["amount"].sum()
for name, column, labels in (
    ("r", "days_since_last", [5, 4, 3, 2, 1]),
    ("f", "orders", [1, 2, 3, 4, 5]),
    ("m", "spend", [1, 2, 3, 4, 5]),
):
    rfm[name] = pd.qcut(rfm[column].rank(method="first"), 5, labels=labels).astype(int)
segments = {
    "[1-2][1-2]": "hibernating",
    "[1-2][3-4]": "at_risk",
    "[1-2]5": "cant_lose",
    "3[1-2]": "about_to_sleep",
    "33": "need_attention",
    "[3-4][4-5]": "loyal",
    "41": "promising",
    "51": "new",
    "[4-5][2-3]": "potential_loyalists",
    "5[4-5]": "champions",
}
rfm["segment"] = (rfm["r"].astype(str) + rfm["f"].astype(str)).replace(segments, regex=True)

# Cohorts, without the month that is not over.
buys = known[["CustomerID", "day"]].assign(month=known["day"].dt.to_period("M"))
buys["cohort"] = buys.groupby("CustomerID")["month"].transform("min")
buys = buys[buys["month"] < as_of.to_period("M")]
cohorts = buys.groupby(["cohort", "month"])["CustomerID"].nunique().rename("active").reset_index()
cohorts["age"] = cohorts["month"].astype("int64") - cohorts["cohort"].astype("int64")
triangle = cohorts.pivot_table(index="cohort", columns="age", values="active")
retention = triangle.div(triangle[0], axis=0)

# Customer value: BG/NBD and Gamma-Gamma.
last = as_of - pd.Timedelta(days=1)
value = lifetimes.utils.summary_data_from_transaction_data(
    known, "CustomerID", "day", "amount", observation_period_end=last
)
model = lifetimes.BetaGeoFitter().fit(value["frequency"], value["recency"] / 7, value["T"] / 7)
repeat = value[(value["frequency"] > 0) & (value["monetary_value"] > 0)]
money = lifetimes.GammaGammaFitter(penalizer_coef=0.001).fit(repeat["frequency"], repeat["monetary_value"])
weeks = (value["frequency"], value["recency"] / 7, value["T"] / 7)
value["p_alive"] = model.conditional_probability_alive(*weeks)
value["orders_to_come"] = model.conditional_expected_number_of_purchases_up_to_time(52, *weeks)
value["clv"] = money.customer_lifetime_value(model, *weeks, value["monetary_value"], time=12, freq="W")

# Who leaves: no order in the last 90 days of those who bought in the 180 before.
window = pd.Timedelta(days=90)


def features(day: pd.Timestamp) -> pd.DataFrame:
    """What was known of recent buyers at the end of a day."""
    before = known[known["day"] <= day]
    table = before.groupby("CustomerID").agg(
        first=("day", "min"),
        last=("day", "max"),
        orders=("InvoiceNo", "nunique"),
        lines=("InvoiceNo", "size"),
        products=("StockCode", "nunique"),
        spend=("amount", "sum"),
    )
    table = table[table["last"] > day - 2 * window]
    table["days_since_last"] = (day - table.pop("last")).dt.days
    table["customer_days"] = (day - table.pop("first")).dt.days
    recent = before[before["day"] > day - window].groupby("CustomerID")
    table["recent_orders"] = recent["InvoiceNo"].nunique()
    table["recent_spend"] = recent["amount"].sum()
    table["mean_order"] = table["spend"] / table["orders"]
    return table.fillna({"recent_orders": 0, "recent_spend": 0})


start = last - window
x = features(start)
y = ~x.index.isin(known.loc[known["day"] > start, "CustomerID"].unique())
x_learn, x_held, y_learn, y_held = train_test_split(x, y, test_size=0.2, random_state=0)
classifier = HistGradientBoostingClassifier(random_state=0).fit(x_learn, y_learn)
auc = roc_auc_score(y_held, classifier.predict_proba(x_held)[:, 1])
today = features(last)
today["churn"] = classifier.predict_proba(today)[:, 1]

# Groups of customers by k-means.
scaled = StandardScaler().fit_transform(np.log1p(rfm[["days_since_last", "orders", "spend"]].clip(lower=0)))
found = {k: KMeans(k, n_init=4, random_state=0).fit_predict(scaled) for k in range(2, 9)}
score = {k: silhouette_score(scaled, labels, sample_size=5000, random_state=0) for k, labels in found.items()}
best = max(score, key=lambda k: score[k])
rfm["group"] = found[best]

# What is bought together: products of at least one in 100 baskets, as a table of all would not fit.
pairs = sales[["InvoiceNo", "StockCode"]].drop_duplicates()
often = pairs["StockCode"].value_counts()
baskets = pairs["InvoiceNo"].nunique()
pairs = pairs[pairs["StockCode"].isin(often[often >= baskets / 100].index)]
rows, columns = pairs["InvoiceNo"].astype("category"), pairs["StockCode"].astype("category")
matrix = csr_matrix(
    (np.ones(len(pairs), bool), (rows.cat.codes, columns.cat.codes)),
    shape=(len(rows.cat.categories), len(columns.cat.categories)),
)
# Baskets without any of them count too.
share = len(rows.cat.categories) / baskets
table = pd.DataFrame.sparse.from_spmatrix(matrix, columns=columns.cat.categories)
itemsets = fpgrowth(table, min_support=0.01 / share, use_colnames=True)
rules = pd.DataFrame()
if (itemsets["itemsets"].map(len) > 1).any():
    rules = association_rules(itemsets, metric="lift", min_threshold=1.2).sort_values("lift", ascending=False)

# Pictures and the page.
page = ["<h1>Customers and sales</h1>"]
revenue_of = rfm.groupby("segment")["spend"].sum().sort_values()
bars = {"orders": periods["orders"], "segments": revenue_of, "countries": countries.head(10)}
bars["products"] = products["amount"].head(20)
spread = {"value": value["clv"].clip(upper=value["clv"].quantile(0.99)), "alive": value["p_alive"]}
spread["churn"] = today["churn"]
for name in ("revenue", *bars, *spread, "retention", "groups"):
    figure, axes = plt.subplots(figsize=(8, 4))
    if name in bars:
        axes.barh(bars[name].index.astype(str), bars[name])
    elif name in spread:
        axes.hist(spread[name], bins=50)
    elif name == "revenue":
        axes.plot(periods.index.astype(str), periods["revenue"])
    elif name == "retention":
        axes.imshow(retention, vmin=0, vmax=0.5)
    else:
        axes.scatter(rfm["orders"], rfm["spend"], c=rfm["group"], s=2)
    axes.set_title(name)
    figure.tight_layout()
    figure.savefig(folder / f"{name}.png")
    plt.close(figure)
    page.append(f'<h2>{name}</h2><img src="{name}.png">')
summary = rfm.groupby("segment").agg({"orders": "sum", "spend": "sum", "days_since_last": "median"})
shown = (periods, summary, retention, products.head(20), rules.head(20))
page.extend(table.to_html() for table in shown)
page.append(f"<p>Churn: ROC-AUC {auc:.3f}; {best} groups</p>")
(folder / "report.html").write_text("\n".join(page), encoding="utf-8")

periods.reset_index(names="period").assign(period=lambda table: table["period"].astype(str)).to_parquet(
    folder / "periods.parquet"
)
rfm.reset_index(names="customer_id").to_parquet(folder / "rfm.parquet")
cohorts["cohort"] = cohorts["cohort"].dt.to_timestamp()
cohorts[["cohort", "age", "active"]].to_parquet(folder / "cohorts.parquet")
value.reset_index().to_parquet(folder / "value.parquet")
today.reset_index().to_parquet(folder / "churn.parquet")
products.reset_index().to_parquet(folder / "products.parquet")
rules.astype(str).to_parquet(folder / "rules.parquet")
