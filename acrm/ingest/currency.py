"""Which currency amounts are in; and one currency for every sum: sums across currencies are never made."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

import narwhals.stable.v2 as nw
import polars as pl

from acrm.engine import collect
from acrm.errors import InputError
from acrm.ingest import parse
from acrm.ingest.mapping import Plan
from acrm.ingest.vocabulary import currencies, fold, words
from acrm.messages import Message, listed, number
from acrm.schema import TABLES, dtype

_AMOUNTS = ("money_text", "line_amount", "amount", "order_total", "unit_price", "spend", "price")
_MARK = r"(у\. ?е|[^\d\s.,'’()+\-−\x{a0}\x{202f}%&#;][^\d\s,'’()+\-−\x{a0}\x{202f}%]*)"
_SEVERAL = 10
"""Fewer amounts than this with a mark, and less than half of them, say nothing about the others."""
_SAME_SIZE = 5
"""Medians that differ by no more than this factor are amounts in one currency, or in two of about the same worth."""


def of_table(
    plan: Plan, frame: pl.LazyFrame, decisions: parse.Decisions, formats: Mapping[str, str] | None = None
) -> tuple[str | None, tuple[int, int]]:
    """The one currency of the table's amounts, and how many amounts carry its mark out of how many.

    The mark in their texts counts for all when half of them carry it, or when several do and the others are of the same
    size; an amount without it is of no known currency otherwise. Texts without any mark are in the currency of their
    header, else of the number format of their cells.

    Args:
        plan: The table's mapping.
        frame: Its raw columns.
        decisions: How its numbers are written.
        formats: Source column -> the mark that the number format of its cells writes.
    """
    if _column(plan) or not _amounts(plan):
        return None, (0, 0)
    dtypes = frame.collect_schema()
    if names := _marked(plan, dtypes, decisions):
        mark = pl.coalesce(_mark(plan, name, dtypes) for name in names)
        amounts = [parse.value(plan, name, dtypes, decisions) for name in names]
        # A text that is written beside the amounts says a currency, but is no number.
        sized = [amount.cast(pl.Float64, strict=False).abs() for amount in amounts]
        sizes = (
            frame.filter(pl.any_horizontal(amount.is_not_null() for amount in amounts))
            .select(mark.alias("mark"), pl.coalesce(sized).alias("size"))
            .group_by("mark")
            .agg(pl.len(), pl.col("size").median())
            .collect(engine="streaming")
        )
        codes = sizes.drop_nulls("mark")
        if codes.height:
            marked, of = int(codes["len"].sum()), int(sizes["len"].sum())
            return (codes["mark"][0] if codes.height == 1 and _for_all(sizes) else None), (marked, of)
    for name in _amounts(plan):
        header = plan.fields[name][0].casefold()
        for mark_, code in currencies().items():
            if mark_ in header if not mark_.isalnum() else f" {mark_} " in f" {fold(header)} " and mark_.isalpha():
                return code, (0, 0)
    written = {currencies().get(mark.casefold().strip(". ")) for name, mark in _written(plan, formats or {})}
    return (written.pop() if len(written) == 1 else None), (0, 0)


def _for_all(sizes: pl.DataFrame) -> bool:
    """Whether the only mark may be taken to be meant by the amounts that do not carry it.

    Args:
        sizes: `mark` (null: none), `len` and `size`, the median amount; one row per mark.
    """
    (marked, size), rest = sizes.drop_nulls("mark").select("len", "size").row(0), sizes.filter(pl.col("mark").is_null())
    if rest.is_empty() or marked >= rest["len"][0]:
        return True
    if size is None or rest["size"][0] is None:
        return False
    # A few sales in another currency are an exception, and of another size as a rule.
    return bool(marked >= _SEVERAL and size <= rest["size"][0] * _SAME_SIZE and size * _SAME_SIZE >= rest["size"][0])


def _written(plan: Plan, formats: Mapping[str, str]) -> list[tuple[str, str]]:
    """The amounts whose cells have a number format with a mark."""
    return [(name, formats[header]) for name in _amounts(plan) for header in plan.fields[name] if header in formats]


def of_rows(plan: Plan, dtypes: pl.Schema, decisions: parse.Decisions) -> pl.Expr | None:
    """The currency of each row: its currency column, the table's one currency, or the mark in its amount's text.

    A word that is no known currency stays, in capitals: it is not the currency of the other rows.
    """
    if plan.entity not in TABLES or "currency" not in TABLES[plan.entity].names:
        return None
    if source := _column(plan):
        text = parse.source_text(plan, source, dtypes)
        named = (
            text.str.to_lowercase()
            .str.strip_chars(". ")
            .replace_strict(currencies(), default=None, return_dtype=pl.String)
        )
        return pl.coalesce(named, text.str.strip_chars().str.to_uppercase())
    texts = _marked(plan, dtypes, decisions)
    if decisions.currency or not texts:
        return pl.lit(decisions.currency, pl.String)
    return pl.coalesce(_mark(plan, name, dtypes) for name in texts)


def notes(file: str, plan: Plan, good: pl.LazyFrame, decisions: parse.Decisions) -> list[Message]:
    """What was taken for granted, or left open, about the currency of a table's rows.

    Args:
        file: Name of the table.
        plan: Its mapping.
        good: Its parsed rows.
        decisions: What was decided about its values.
    """
    marked, of = decisions.marked
    if 0 < marked < of:
        values = {"file": file, "marked": marked, "of": of, "currency": decisions.currency or ""}
        return [Message("ingest.currency_taken" if decisions.currency else "ingest.currency_open", values)]
    column = f"{plan.entity}.currency"
    if not _column(plan) or column not in good.collect_schema().names():
        return []
    codes = set(currencies().values())
    known = pl.col(column).str.contains(r"^[A-Z]{3}$") | pl.col(column).is_in(codes)
    strange = good.filter(~known).group_by(column).len().sort("len", column, descending=[True, False]).collect()
    words = [f"{word} ({number(count)})" for word, count in strange.iter_rows()]
    return [Message("ingest.unknown_currencies", {"file": file, "words": listed(words)})] if words else []


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
    """The currency that an amount's text names: a code, or a word such as `у.е.` that stands for none."""
    text = parse.source_text(plan, name, dtypes).str.replace_all("&#36;", "$", literal=True).str.to_lowercase()
    known = currencies() | {word: word.upper() for word in words("currency_units")}
    return text.str.extract(_MARK).str.strip_chars(". ").replace_strict(known, default=None, return_dtype=pl.String)


def in_one_currency(
    frame: pl.LazyFrame, amounts: tuple[str, ...], currency: str | None, rates: Path | None
) -> tuple[pl.LazyFrame, tuple[Message, ...]]:
    """Keep one currency's rows, or convert every row's amounts by rates; and say what was left out.

    Rows that name no currency are in the data's only currency, or in the one asked for when no row names any.

    Args:
        frame: A canonical table with the column `currency`.
        amounts: Its money columns, those that it has.
        currency: The currency to keep, or to convert to. None with `rates`: the one whose rate is 1.
        rates: CSV `currency,rate`: what one unit of the currency is worth in a common unit.

    Raises:
        InputError: No row is in the currency; the rates cannot be read, or lack a currency of the rows.
    """
    if currency is None and rates is None:
        return frame, ()
    wanted = currency.upper() if currency else None
    rows = nw.from_native(frame)
    by_currency = collect(rows.group_by("currency").agg(nw.len().alias("rows")).to_native())
    counted = dict(by_currency.sort("currency", nulls_last=True).iter_rows())
    unnamed = counted.pop(None, 0)
    only = next(iter(counted)) if len(counted) == 1 else None if counted else wanted
    named = rows.with_columns(nw.col("currency").fill_null(only)) if only else rows
    if rates is None:
        if counted and wanted not in counted:
            raise InputError("no_such_currency", currency=wanted, known=listed(counted))
        rest = sum(count for code, count in counted.items() if code != wanted) + (0 if only else unnamed)
        left_out = (Message("clean.other_currencies", {"rows": rest, "currency": wanted}),) if rest else ()
        taken = only == wanted and unnamed > sum(counted.values()) > 0
        guessed = (Message("clean.currency_guessed", {"rows": unnamed, "currency": wanted}),) if taken else ()
        return named.filter(nw.col("currency") == wanted).to_native(), (*left_out, *guessed)
    worth = _read_rates(rates)
    target = wanted or next((code for code, rate in worth.items() if rate == 1), None)
    if target is None or target not in worth:
        raise InputError("no_base_rate", path=rates.name, currency=target or "1")
    lacking = sorted(set(counted) - set(worth)) or ([] if only or not unnamed else ["?"])
    if lacking:
        raise InputError("no_rate", path=rates.name, currencies=listed(lacking))
    money, fine = dtype("money"), pl.Decimal(38, 10)
    there = [name for name in amounts if name in frame.collect_schema()]
    # Rates as texts: Polars would take them through floats.
    texts = {name: str(rate) for name, rate in worth.items()}
    up = pl.col("currency").fill_null(target).replace_strict(texts, return_dtype=pl.String).cast(fine)
    down = pl.lit(texts[target]).cast(fine)
    converted = [(pl.col(name).cast(fine) * up / down).round(4).cast(money).alias(name) for name in there]
    return named.to_native().with_columns(*converted, currency=pl.lit(target)), ()


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
