"""Which currency amounts are in; and one currency for every sum: sums across currencies are never made."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

import polars as pl

from acrm.errors import InputError
from acrm.ingest import parse
from acrm.ingest.mapping import Plan
from acrm.ingest.vocabulary import currencies, fold
from acrm.messages import Message
from acrm.schema import TABLES, dtype

_AMOUNTS = ("money_text", "line_amount", "amount", "order_total", "unit_price", "spend", "price")
_MARK = r"([^\d\s.,'’()+\-−\x{a0}\x{202f}%&#;][^\d\s,'’()+\-−\x{a0}\x{202f}%]*)"


def of_table(plan: Plan, frame: pl.LazyFrame, decisions: parse.Decisions) -> str | None:
    """The one currency that the amounts name: all marks in their texts are the same, or the mark stands in a header."""
    if _column(plan) or not _amounts(plan):
        return None
    dtypes = frame.collect_schema()
    marks = [frame.select(_mark(plan, name, dtypes).alias("mark")) for name in _marked(plan, dtypes, decisions)]
    named = pl.concat(marks).unique().drop_nulls().collect(engine="streaming")["mark"].to_list() if marks else []
    if named:
        return str(named[0]) if len(named) == 1 else None
    for name in _amounts(plan):
        header = plan.fields[name][0].casefold()
        for mark, code in currencies().items():
            if mark in header if not mark.isalnum() else f" {mark} " in f" {fold(header)} ":
                return code
    return None


def of_rows(plan: Plan, dtypes: pl.Schema, decisions: parse.Decisions) -> pl.Expr | None:
    """The currency of each row: its currency column, the table's one currency, or the mark in its amount's text."""
    if plan.entity not in TABLES or "currency" not in TABLES[plan.entity].names:
        return None
    if source := _column(plan):
        text = parse.source_text(plan, source, dtypes)
        named = (
            text.str.to_lowercase()
            .str.strip_chars(". ")
            .replace_strict(currencies(), default=None, return_dtype=pl.String)
        )
        return pl.coalesce(named, text.str.to_uppercase().str.extract(r"^([A-Z]{3})$"))
    texts = _marked(plan, dtypes, decisions)
    if decisions.currency or not texts:
        return pl.lit(decisions.currency, pl.String)
    return pl.coalesce(_mark(plan, name, dtypes) for name in texts)


def _column(plan: Plan) -> str | None:
    own = (f"{plan.entity}.currency", "transactions.currency", "deals.currency")
    return next((name for name in own if plan.has(name)), None)


def _amounts(plan: Plan) -> list[str]:
    return [name for column in _AMOUNTS if (name := f"{plan.entity}.{column}") in plan.fields]


def _marked(plan: Plan, dtypes: pl.Schema, decisions: parse.Decisions) -> list[str]:
    """The amounts whose texts may carry a mark: plain numbers do not, and looking for one would be for nothing."""
    names = [name for name in _amounts(plan) if name not in decisions.numbers or decisions.numbers[name].style == "any"]
    return [name for name in names if all(dtypes.get(header) == pl.String for header in plan.fields[name])]


def _mark(plan: Plan, name: str, dtypes: pl.Schema) -> pl.Expr:
    text = parse.source_text(plan, name, dtypes).str.replace_all("&#36;", "$", literal=True).str.to_lowercase()
    return (
        text.str.extract(_MARK).str.strip_chars(". ").replace_strict(currencies(), default=None, return_dtype=pl.String)
    )


def in_one_currency(
    frame: pl.LazyFrame, amounts: tuple[str, ...], currency: str | None, rates: Path | None
) -> tuple[pl.LazyFrame, tuple[Message, ...]]:
    """Keep one currency's rows, or convert every row's amounts by rates; and say what was left out.

    Rows that name no currency are in the data's only currency, or in the one asked for when no row names any.

    Args:
        frame: A canonical table with the column `currency`.
        amounts: Its money columns.
        currency: The currency to keep, or to convert to. None with `rates`: the one whose rate is 1.
        rates: CSV `currency,rate`: what one unit of the currency is worth in a common unit.

    Raises:
        InputError: No row is in the currency; the rates cannot be read, or lack a currency of the rows.
    """
    if currency is None and rates is None:
        return frame, ()
    wanted = currency.upper() if currency else None
    counted = dict(frame.group_by("currency").len().collect().sort("currency", nulls_last=True).iter_rows())
    unnamed = counted.pop(None, 0)
    only = next(iter(counted)) if len(counted) == 1 else None if counted else wanted
    named = frame.with_columns(pl.col("currency").fill_null(only)) if only else frame
    if rates is None:
        if counted and wanted not in counted:
            raise InputError("no_such_currency", currency=wanted, known=", ".join(counted))
        rest = sum(count for code, count in counted.items() if code != wanted) + (0 if only else unnamed)
        left_out = (Message("clean.other_currencies", {"rows": rest, "currency": wanted}),) if rest else ()
        return named.filter(pl.col("currency") == wanted), left_out
    worth = _read_rates(rates)
    target = wanted or next((code for code, rate in worth.items() if rate == 1), None)
    if target is None or target not in worth:
        raise InputError("no_base_rate", path=rates.name, currency=target or "1")
    lacking = sorted(set(counted) - set(worth)) or ([] if only or not unnamed else ["?"])
    if lacking:
        raise InputError("no_rate", path=rates.name, currencies=", ".join(lacking))
    money, fine = dtype("money"), pl.Decimal(38, 10)
    # Rates as texts: Polars would take them through floats.
    texts = {name: str(rate) for name, rate in worth.items()}
    up = pl.col("currency").fill_null(target).replace_strict(texts, return_dtype=pl.String).cast(fine)
    down = pl.lit(texts[target]).cast(fine)
    converted = [(pl.col(name).cast(fine) * up / down).round(4).cast(money).alias(name) for name in amounts]
    return named.with_columns(*converted, currency=pl.lit(target)), ()


def _read_rates(path: Path) -> dict[str, Decimal]:
    try:
        lines = path.read_text(encoding="utf-8-sig").replace(";", ",").splitlines()
        pairs = [line.split(",") for line in lines if line.strip()]
        if pairs and not pairs[0][1].strip()[:1].isdigit():
            pairs = pairs[1:]
        worth = {code.strip().upper(): Decimal(rate.strip()) for code, rate in pairs}
    except OSError as error:
        raise InputError("bad_rates", path=path.name, reason=error.strerror or str(error)) from error
    except (ValueError, IndexError, InvalidOperation) as error:
        raise InputError("bad_rates", path=path.name, reason="currency,rate") from error
    if not all(rate.is_finite() and rate > 0 for rate in worth.values()):
        raise InputError("bad_rates", path=path.name, reason="rate > 0")
    return worth
