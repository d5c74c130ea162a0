"""What a line's amount is: what the customer paid for it, after the discount, however the source writes that one.

Exports disagree on what stands in `discount` (money, percent, a share; of the line or of one piece) and in `amount`
(before or after the discount). The data decide: the reading under which quantity x price less discount gives the
amount, on the lines that have a discount.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from acrm.ingest import numbers, parse
from acrm.ingest.mapping import Plan
from acrm.ingest.vocabulary import normalise
from acrm.messages import Message
from acrm.schema import dtype

Kind = Literal["line", "unit", "percent", "share"]
"""What a discount without a percent sign is: money off the line, money off one piece, 10 for 10%, 0.1 for 10%."""
_T = "transactions."
_PROOF = 0.95
"""Share of the lines (or orders) with a discount that a reading must explain."""
_MONEY_WORDS = ("сумма", "размер", "amount", "betrag", "importe", "руб", "promotion")
_FIELDS = (
    *("order_id", "quantity", "unit_price", "discount", "discount_percent", "line_amount", "line_gross"),
    *("order_total", "line_tax", "shipping"),
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the discount of a table is read, and whether its amount is still without it."""

    kind: Kind = "line"
    before: bool = False
    """Whether `line_amount` is the amount before the discount."""
    mixed: bool = False
    """Whether some of its cells have a percent sign."""
    column: str = ""
    """The discount's source column, empty when there is nothing to tell."""
    doubt: str = ""
    """Id of the note that says what could not be known."""

    def said(self) -> list[str]:
        """Ids of the words that say what was decided."""
        kinds = {"percent": "clean.discount_percent", "share": "clean.discount_share", "unit": "clean.discount_unit"}
        found = [kinds.get(self.kind, "clean.discount_mixed" if self.mixed else "")] if self.column else []
        return [said for said in (*found, "clean.before_discount" if self.before else "") if said]

    def notes(self, plan: Plan, file: str) -> list[Message]:
        """What could not be known, with the option that says it."""
        if not self.doubt:
            return []
        amount = next(iter(plan.fields.get(f"{_T}line_amount", ())), "")
        return [Message(self.doubt, {"file": file, "discount": quoted(self.column), "amount": quoted(amount)})]


def quoted(header: str) -> str:
    """A column name as it can be typed after `--map field=`."""
    return f'"{header}"' if set(header) & set(" ()'&;|<>*?$#%") else header


def decide(plan: Plan, names: list[str], rows: pl.DataFrame, decisions: parse.Decisions) -> Reading:
    """Find the reading that the rows prove, else the one that their header and values suggest.

    Args:
        plan: The mapping; only tables whose columns mean different things from firm to firm are questioned.
        names: Fields that are read.
        rows: Raw rows.
        decisions: How numbers are written.
    """
    field = next((name for name in ("discount", "discount_percent") if f"{_T}{name}" in names), None)
    if field is None or f"{_T}{field}" not in plan.fields:
        return Reading()
    header = plan.fields[f"{_T}{field}"][0]
    said: Kind | None = "percent" if field == "discount_percent" else None
    if not plan.free_form:
        return Reading(kind=said or "line")
    table = _table(plan, names, rows, decisions, field)
    lines = table.filter(pl.col("d") != 0)
    if lines.is_empty():
        return Reading(kind=said or "line")
    plain = lines.filter(~pl.col("marked"))["d"]
    kind, sure = _suggested(header, plain, lines, said, told=f"{_T}{field}" in plan.told)
    kinds: tuple[Kind, ...] = ("percent", "share") if said else ("line", "unit", "percent", "share")
    if f"{_T}{field}" in plan.told and not said:
        kinds = ("line", "unit")
    found = Reading(kind=kind, mixed=bool(lines["marked"].any()), column=header)
    if f"{_T}line_amount" in plan.told:
        return found
    if plan.has(f"{_T}line_amount"):
        return _against_amounts(found, kinds, table, lines, sure=sure)
    by_total = _by_totals(table, kinds, "g")
    if by_total is not None:
        return replace(found, kind=by_total)
    return found if sure else replace(found, doubt="ingest.discount_unproven")


def _against_amounts(
    found: Reading, kinds: tuple[Kind, ...], table: pl.DataFrame, lines: pl.DataFrame, *, sure: bool
) -> Reading:
    """The reading that the amounts of the lines prove: quantity x price less the discount, or all of it."""
    fits: list[tuple[float, Kind]] = [(_share(lines, _off(one, "g")), one) for one in kinds]
    after = max(fits, key=lambda fit: fit[0])
    unchanged = _share(lines, pl.lit(0.0))
    if after[0] >= _PROOF and after[0] >= unchanged:
        return replace(found, kind=after[1])
    by_total = _by_totals(table, kinds, "a")
    if by_total is not None:
        return replace(found, kind=by_total, before=True)
    if unchanged >= _PROOF:
        return replace(found, before=True) if sure else replace(found, doubt="ingest.discount_kept")
    if _by_totals(table, ("line",), "a", off=False):
        return found
    return replace(found, doubt="ingest.discount_after")


def _table(plan: Plan, names: list[str], rows: pl.DataFrame, decisions: parse.Decisions, field: str) -> pl.DataFrame:
    """The money columns of the rows as floats.

    `g` quantity x price, else the amount before discount beside another amount; `a` amount, `d` discount, `t` order
    total, `x` tax, `s` shipping.
    """
    have = [name for name in _FIELDS if f"{_T}{name}" in names]
    values = {
        name: parse.value(plan, f"{_T}{name}", rows.schema, decisions).cast(
            pl.String if name == "order_id" else pl.Float64
        )
        for name in have
    }
    nothing = pl.lit(None, pl.Float64)
    gross = values.get("line_gross", nothing) if "line_amount" in have else nothing
    cleaned = rows.select(
        o=values.get("order_id", pl.lit(None, pl.String)),
        q=values.get("quantity", nothing),
        g=values["quantity"] * values["unit_price"] if {"quantity", "unit_price"} <= set(have) else gross,
        a=values.get("line_amount", values.get("line_gross", nothing)),
        t=values.get("order_total", nothing),
        x=values.get("line_tax", nothing).fill_null(0),
        s=values.get("shipping", nothing).fill_null(0),
        d=values[field].abs().fill_null(0),
        marked=_marked(plan, f"{_T}{field}", rows.schema),
    )
    return cleaned.with_columns(q=pl.col("q").fill_null(1))


def _marked(plan: Plan, name: str, dtypes: pl.Schema) -> pl.Expr:
    """Whether a discount's cell has a percent sign."""
    if any(dtypes[header] != pl.String for header in plan.fields.get(name, ())) or name in plan.literals:
        return pl.lit(False)
    return parse.source_text(plan, name, dtypes).str.contains("%", literal=True).fill_null(False)


def _off(kind: Kind, base: str) -> pl.Expr:
    """The money that a discount takes off `base`."""
    share = {
        "line": pl.col("d") * pl.col(base).sign(),
        "unit": pl.col("d") * pl.col("q"),
        "percent": pl.col(base) * pl.col("d") / 100,
        "share": pl.col(base) * pl.col("d"),
    }
    return pl.when("marked").then(share["percent"]).otherwise(share[kind])


def _share(lines: pl.DataFrame, off: pl.Expr) -> float:
    """The share of the lines whose amount is quantity x price less `off`, up to rounding by the cent or piece.

    A discount that rounding could hide proves nothing.
    """
    whole = bool((lines["a"].drop_nulls() % 1 == 0).all())
    slack = 0.011 + 0.005 * pl.col("q").abs() + (0.5 if whole else 0.0)
    near = (pl.col("a") - pl.col("g") + off).abs() <= slack
    seen = (off.abs() > 2 * slack) | (off == 0)
    return float(lines.select((near & seen).fill_null(False).mean()).item())


def _by_totals(table: pl.DataFrame, kinds: tuple[Kind, ...], base: str, *, off: bool = True) -> Kind | None:
    """The reading under which the discounted lines add up to the order's total, if one does.

    The total may have the tax and the shipping in it. Without `off` the lines must do so as they are.
    """
    sums = [(pl.col(base) - (_off(kind, base) if off else 0)).sum().alias(kind) for kind in kinds]
    orders = (
        table.filter(pl.col("o").is_not_null())
        .group_by("o")
        .agg(
            *(pl.col("t").max(), pl.col("s").max(), pl.col("x").sum(), pl.col("x").max().alias("once")),
            *((pl.col("d") != 0).any().alias("cut"), pl.len().alias("n"), *sums),
        )
        .filter(pl.col("t").is_not_null() & pl.col("cut"))
    )
    if orders.is_empty():
        return None
    taxes = [pl.lit(0), pl.col("x"), pl.col("once")]
    tops = [*taxes, *(tax + pl.col("s") for tax in taxes)]
    slack = 0.02 * pl.col("n") + 0.01
    near = orders.select(
        pl.max_horizontal(((pl.col(kind) + top - pl.col("t")).abs() <= slack).mean() for top in tops).alias(kind)
        for kind in kinds
    )
    best = max(kinds, key=lambda kind: float(near[kind].item()))
    return best if float(near[best].item()) >= _PROOF else None


def _suggested(
    header: str, plain: pl.Series, lines: pl.DataFrame, said: Kind | None, *, told: bool
) -> tuple[Kind, bool]:
    """What the header and the values say of a discount that no amount proves, and whether that is beyond doubt."""
    if plain.is_empty():
        return said or "percent", True
    shares = float(plain.max()) <= 1 and bool(((plain > 0) & (plain < 1)).any())  # type: ignore[arg-type]
    if said:
        return "share" if shares else "percent", True
    money = told or any(word in normalise(header) for word in _MONEY_WORDS) or bool(lines["marked"].any())
    if money or float(plain.max()) > 100:  # type: ignore[arg-type]
        return "line", True
    base = lines["g"] if lines["g"].null_count() < lines.height else lines["a"]
    if shares and bool((base.abs() > 10).mean() > 0.5):  # type: ignore[operator]
        return "share", True
    if (lines["d"] > base.abs()).sum() > (1 - _PROOF) * lines.height:
        return "percent", True
    return "line", bool((plain % 1 != 0).any())


def with_amount(
    parsed: pl.LazyFrame, plan: Plan, names: list[str], dtypes: pl.Schema, reading: Reading
) -> pl.LazyFrame:
    """The amount of a row, and its discount as money.

    The first that the row has: the amount (less its discount where that is still in it), the amount before discount
    less the discount, the amount before returns less those, the amount without tax and the tax, quantity x price less
    discount, the order's total. A discount makes the amount smaller whatever its sign. A line of an order whose total
    stands on another line has 0.
    """
    money = dtype("money")
    have = {name.removeprefix(_T) for name in names}
    # Beyond these no till has ever gone, and the product would not fit.
    product = pl.lit(None, money)
    if {"quantity", "unit_price"} <= have:
        product = (_within(f"{_T}quantity") * _within(f"{_T}unit_price")).cast(money)
    given = pl.col(f"{_T}line_amount") if "line_amount" in have else pl.lit(None, money)
    gross = pl.col(f"{_T}line_gross") if "line_gross" in have else pl.lit(None, money)
    base = pl.coalesce(*([given] if reading.before else []), gross, product)
    off = _discount(plan, have, dtypes, reading, base)
    less = pl.lit(0).cast(money) if off is None else off.fill_null(0) * base.sign()
    ways = [(given - less).cast(money) if reading.before else given, (gross - less).cast(money)]
    if "line_before_returns" in have:
        ways.append(_kept(have, product))
    if {"line_net", "line_tax"} <= have:
        ways.append((pl.col(f"{_T}line_net") + pl.col(f"{_T}line_tax").fill_null(0)).cast(money))
    ways.append((product - less).cast(money))
    if "line_net" in have:
        ways.append(pl.col(f"{_T}line_net"))
    if (
        "order_total" in have
        and have.isdisjoint({"line_amount", "line_gross", "line_net"})
        and not ({"quantity", "unit_price"} <= have)
    ):
        total = pl.col(f"{_T}order_total")
        ways.append(total)
        if "order_id" in have:
            elsewhere = total.is_not_null().any().over(f"{_T}order_id")
            ways.append(pl.when(elsewhere & pl.col(f"{_T}order_id").is_not_null()).then(pl.lit(0).cast(money)))
    amount = pl.coalesce(ways)
    cancelled = pl.col(f"{_T}status") == "cancelled"
    amount = pl.when(amount.is_null() & cancelled).then(pl.lit(0).cast(money)).otherwise(amount)
    parsed = parsed.with_columns(amount.cast(money).alias(f"{_T}_amount"), *_named(off))
    return parsed.with_columns(pl.col(f"{_T}_amount").alias(f"{_T}line_amount")).drop(f"{_T}_amount")


def _kept(have: set[str], product: pl.Expr) -> pl.Expr:
    """A line's amount less what was given back of it; without that, where it is the price of the pieces that were kept.

    A quantity net of returns times a rounded price may be a cent off; the amount itself is not.
    """
    whole = pl.col(f"{_T}line_before_returns")
    if "line_returned" in have:
        return (whole - pl.col(f"{_T}line_returned").abs().fill_null(0)).cast(dtype("money"))
    if "quantity" not in have:
        return pl.lit(None, dtype("money"))
    slack = pl.col(f"{_T}quantity").abs().cast(pl.Float64) * 0.005 + 0.01
    return pl.when((whole - product).abs().cast(pl.Float64) <= slack).then(whole)


def _named(off: pl.Expr | None) -> list[pl.Expr]:
    return [] if off is None else [off.cast(dtype("money")).alias(f"{_T}discount")]


def _discount(plan: Plan, have: set[str], dtypes: pl.Schema, reading: Reading, base: pl.Expr) -> pl.Expr | None:
    """The discount of a row as money, 0 or more; None where the source has none."""
    name = next((name for name in ("discount", "discount_percent") if name in have), None)
    if name is None:
        return None
    money = dtype("money")
    value = pl.col(f"{_T}{name}").abs()
    quantity = pl.col(f"{_T}quantity").abs().fill_null(1) if "quantity" in have else pl.lit(1)
    hundredth = pl.lit("0.01").cast(money)
    percent = ((base.abs() * value).cast(money) * hundredth).cast(money).round(2, mode="half_away_from_zero")
    ways = {
        "line": value,
        "unit": (value * quantity).cast(money),
        "percent": percent,
        "share": (base.abs() * value).cast(money).round(2, mode="half_away_from_zero"),
    }
    marked = _marked(plan, f"{_T}{name}", dtypes)
    return pl.when(marked).then(percent).otherwise(ways[reading.kind]).cast(money)


def _within(column: str, limit: int = 10**13) -> pl.Expr:
    return pl.when(pl.col(column).abs() < limit).then(pl.col(column))


def with_tax(plan: Plan, sample: pl.DataFrame) -> Plan:
    """Where the amount without tax, the tax and the amount with tax stand side by side, the last one is the amount.

    `Сумма`, `НДС`, `Всего`: the third is the amount when it is the sum of the other two on nearly every line.
    """
    net = next((name for name in ("line_amount", "line_net") if plan.has(f"{_T}{name}")), None)
    fields = dict(plan.fields)
    if net is None or not plan.has(f"{_T}line_tax", f"{_T}order_total") or f"{_T}line_amount" in plan.told:
        return plan
    headers = [fields[f"{_T}{name}"][0] for name in (net, "line_tax", "order_total") if f"{_T}{name}" in fields]
    if len(set(headers)) < 3:
        return plan
    texts = [
        sample[header] if sample[header].dtype == pl.String else sample[header].cast(pl.String) for header in headers
    ]
    read = [
        pl.DataFrame({"t": text.str.strip_chars()})
        .select(numbers.parse(pl.col("t"), numbers.decide(text)))
        .to_series()
        .cast(pl.Float64)
        for text in texts
    ]
    rows = pl.DataFrame(dict(zip("nts", read, strict=True))).filter(pl.col("t") != 0)
    near = rows.select(((pl.col("n") + pl.col("t") - pl.col("s")).abs() <= 0.011).fill_null(False).mean()).item()
    if near is None or near < _PROOF:
        return plan
    rest = tuple(header for header in fields.pop(f"{_T}order_total") if header != headers[2])
    if rest:
        fields[f"{_T}order_total"] = rest
    fields[f"{_T}line_amount"], fields[f"{_T}line_net"] = (headers[2],), (headers[0],)
    return replace(plan, fields=fields)


def tax_columns(plan: Plan) -> tuple[str, str] | None:
    """How the amount stands to tax where the source has both: id of the words, source columns."""
    amount, tax, net = (plan.fields.get(f"{_T}{name}", ("",))[0] for name in ("line_amount", "line_tax", "line_net"))
    words = ("с ндс", "с учетом ндс", "incl", "brutto", "con iva")
    if amount and (net or any(word in normalise(amount) for word in words)):
        return "clean.amount_with_tax", amount
    if not amount and net and tax:
        return "clean.net_plus_tax", f"{net}, {tax}"
    return None
