"""What a payment's purpose says: the numbers of the documents that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

_ID = r"(?:o_[0-9a-f]{20}|[\p{L}]{0,6}[-/]?\d[\w/-]*)"
"""A number, or its code in a pseudonymised store."""
_MARK = r"\s*(?:№+|#|no\.?|n|номер\w*|number|numbers)?\s*:?\s*"
_LIST = rf"{_MARK}({_ID}(?:\s*(?:[,;&+]|и|and|und)\s*(?:№|#)?\s*{_ID})*)"
_NAMED = {
    "deal": rf"(?i)\b(?:сделк\p{{L}}*|deals?){_LIST}",
    "order": rf"(?i)\b(?:заказ\p{{L}}*|orders?)(?:\s+(?:покупател|клиент)\p{{L}}*)?{_LIST}",
    "": rf"(?i)\b(?:сч[её]т\p{{L}}*|сч\b|инвойс\p{{L}}*|invoices?|inv\b|bills?|rechnung|factura)\.?"
    rf"(?:\s*[-–]?\s*(?:договор\w*|оферт\w*)|\s+на\s+оплату)?{_LIST}",
    " ": rf"[№#]\s*({_ID})",
}
"""What a purpose may call documents, and of which kind they then are; of any kind where it speaks of an invoice."""
_OTHER = (
    r"(?i)(?:^|[^-\p{L}])"
    r"(?:дог|догово?р\w{0,3}|contract|акт(?:[ауые]|ом|ам|ов)?|п/п|поручени\w*|накладн\w*|упд|инн|кпп|р/с)\b\.?\s*(?:№|#)?\s*[\w/-]+"
)
_DAY = r"(?:\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d\d)|\d{4}-\d\d-\d\d)"
_DATE = rf"(?i)(?:\b(?:от|from|dated)\s+)?\b{_DAY}\b(?:\s*г(?:ода|\b)\.?)?"
_FIGURE = (
    r"(?i)\(?(?:\d+(?:[.,]\d+)?\s*%|\b\d[\d ]*(?:[.,=-]\d\d)?\s*(?:р(?:[.,;)\s]|$)|руб\p{L}*|rub|eur|usd|€|\$))\.?\)?"
)
"""Days, rates and amounts, which stand beside the numbers of documents."""


def named(payments: pl.DataFrame) -> pl.DataFrame:
    """The numbers that purposes name: `at`, `kind` (order, deal, or empty: either), `called`.

    Args:
        payments: `at`, `purpose`.

    >>> import polars as pl
    >>> texts = ["Оплата по счету № 123 от 03.02.2026", "order A-7", "Договор № 5, аванс"]
    >>> named(pl.DataFrame({"at": [0, 1, 2], "purpose": texts})).sort("at").rows()
    [(0, '', '123'), (1, 'order', 'A-7')]
    """
    import polars as pl

    texts = payments.select("at", "purpose").drop_nulls()
    for other in (_DATE, _FIGURE, _OTHER):
        texts = texts.with_columns(pl.col("purpose").str.replace_all(other, " "))
    found = [
        texts.select("at", pl.lit(kind.strip()).alias("kind"), pl.col("purpose").str.extract_all(form).alias("said"))
        .explode("said")
        .select("at", "kind", called=pl.col("said").str.extract(form).str.extract_all(_ID))
        .explode("called")
        for kind, form in _NAMED.items()
    ]
    whole = pl.concat(found).drop_nulls().unique()
    # What is called by its kind once is not called anything else.
    surer = whole.filter(pl.col("kind") != "").select("at", "called")
    either = whole.filter(kind="").join(surer, on=["at", "called"], how="anti")
    return pl.concat([whole.filter(pl.col("kind") != ""), either])


def coded(purposes: pl.Series, code: Callable[[str], str]) -> pl.Series:
    """Purposes as the codes of the numbers that they name, which are found in them again; null where they name none.

    >>> import polars as pl
    >>> coded(pl.Series(["Анна Иванова, счет 7", "за Анну"]), lambda number: "o_" + number * 20).to_list()
    ['# o_77777777777777777777', None]
    """
    import polars as pl

    texts = purposes.to_frame("purpose").with_row_index("at")
    found = named(texts).sort("at", "kind", "called")
    codes = {number: code(number) for number in found["called"].unique()}
    mark = pl.when(pl.col("kind") == "").then(pl.lit("#")).otherwise("kind")
    one = pl.format("{} {}", mark, pl.col("called").replace_strict(codes, return_dtype=pl.String))
    said = found.group_by("at", maintain_order=True).agg(one.str.join(", ").alias("said"))
    return texts.join(said, on="at", how="left", maintain_order="left")["said"]
