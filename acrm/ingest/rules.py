"""Which rows are rejected or flagged, and why: the one list of rules, and the expressions that apply them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from acrm.ingest.vocabulary import fold, null_words, words

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Rule:
    """One rule; its sentence is `rule.<id>` of the words. `action` is reject (out) or flag (it stays, marked)."""

    id: str
    action: str
    table: str = "any"


RULES: tuple[Rule, ...] = (
    Rule("blank_row", "reject"),
    Rule("totals_row", "reject"),
    Rule("group_row", "reject"),
    Rule("footer_row", "reject"),
    Rule("repeated_header", "reject"),
    Rule("too_many_fields", "reject"),
    Rule("unreadable", "reject"),
    Rule("missing_date", "reject"),
    Rule("bad_date", "reject"),
    Rule("missing_amount", "reject"),
    Rule("bad_amount", "reject"),
    Rule("missing_key", "reject"),
    Rule("deleted_row", "reject"),
    Rule("not_a_sale", "reject", "transactions"),
    Rule("not_a_payment", "reject", "payments"),
    Rule("bad_value", "flag"),
    Rule("too_many_decimals", "flag"),
    Rule("id_exponent", "flag"),
    Rule("test_row", "flag"),
    Rule("status_conflict", "flag", "deals"),
    Rule("negative_price", "flag", "transactions"),
    Rule("derived_refund", "flag", "transactions"),
    Rule("shared_discount", "flag", "transactions"),
    Rule("order_total_once", "flag", "transactions"),
    Rule("order_number_reused", "flag", "transactions"),
    Rule("shared_deal_amount", "flag", "transactions"),
    Rule("from_deal", "flag", "transactions"),
    Rule("made_order_id", "flag", "transactions"),
    Rule("made_deal_id", "flag", "deals"),
    Rule("completed_deal", "flag", "deals"),
    Rule("impossible", "flag"),
    Rule("unreachable", "flag", "customers"),
    Rule("stale", "flag"),
)


def is_totals(column: pl.Expr) -> pl.Expr:
    """Whether a cell says that its row is a total or a report's footer, and not a record."""
    text = column.str.strip_chars().str.to_lowercase().str.replace_all("ё", "е").str.strip_chars(":.")
    starts = [pl.lit(word) for word in (*words("footer_row_prefix"), "grand totals (", "итого по ", "итого за ")]
    said = text.is_in([word.lower() for word in words("totals_row")])
    return pl.any_horizontal(said, *(text.str.starts_with(prefix) for prefix in starts)).fill_null(False)


def refine(rejected: pl.DataFrame, headers: Sequence[str]) -> pl.DataFrame:
    """Say more exactly why rejected rows are out, from their raw cells.

    A row without any text but words for "no value" is `blank_row`; one with a totals word among its first cells
    `totals_row`; one that repeats the header `repeated_header`; one with text in its first cell alone, or a known
    closing sentence, `footer_row`; else the rule it failed stays.

    Args:
        rejected: The raw cells under `headers`, and `rule`.
        headers: The source's columns.
    """
    if rejected.is_empty():
        return rejected
    totals = {fold(word) for word in words("totals_row")}
    closing = tuple(fold(prefix) for prefix in words("footer_row_prefix"))
    names = [fold(header) for header in headers]
    rules = []
    nothing = set(null_words())
    for *raw, failed in rejected.select([*headers, "rule"]).iter_rows():
        texts = ["" if cell is None else str(cell).strip() for cell in raw]
        cells = [fold(text) for text in texts]
        filled = [cell for cell in cells if cell]
        rule = failed
        if all(text in nothing for text in texts):
            rule = "blank_row"
        elif any(cell in totals or cell.startswith("grand totals") for cell in filled[:3]):
            rule = "totals_row"
        elif any(cell.startswith(closing) for cell in filled[:1]):
            rule = "footer_row"
        elif len(filled) > 1 and cells == names:
            rule = "repeated_header"
        elif len(filled) == 1 and len(headers) > 2 and cells[0]:
            rule = "footer_row"
        rules.append(rule)
    return rejected.with_columns(pl.Series("rule", rules, dtype=pl.String))


def is_test(columns: Sequence[pl.Expr]) -> pl.Expr:
    """Whether a name, e-mail, phone or title of the row says that it was made to try the system out."""
    pattern = "|".join(f"(?:{marker})" for marker in words("test_markers"))
    return pl.any_horizontal([column.str.contains(pattern) for column in columns] or [pl.lit(False)]).fill_null(False)
