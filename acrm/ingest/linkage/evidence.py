"""Why two records were taken for one person, in words a reviewer can check."""

from __future__ import annotations

import polars as pl

from acrm.ingest.linkage.fields import Field
from acrm.ingest.linkage.levels import levels
from acrm.messages import catalogue, language, text

_NAMES = ("family", "given", "middle")
_FIRST = ("document", "phone", "email", "birth")


def evidence(pairs: pl.DataFrame, records: pl.DataFrame, fields: list[Field]) -> pl.DataFrame:
    """Pairs with the column `evidence`: what agrees, what nearly does and what differs, weightiest kinds first.

    Args:
        pairs: one, other and `gamma_<field>`, see `scored`.
        records: The records as they came, for the names as they are spelled.
        fields: What was compared.
    """
    names = frozenset(field.name for field in fields)
    words = {
        field.name: {
            len(found) - 1 - at: level.word for found in [levels(field, names)] for at, level in enumerate(found)
        }
        for field in fields
    }
    parts = [field for field in fields if field.kind in _NAMES]
    others = [field for field in fields if field.kind not in _NAMES]
    first = [field for kind in _FIRST for field in others if field.kind == kind]
    told = {field.name: _told(field, words[field.name]) for field in others}
    pieces = [told[field.name] for field in first]
    if parts:
        spelled = _spelled(records)
        pairs = pairs.join(
            spelled.rename({"ref": "one", "spelled": "_one"}), on="one", how="left", maintain_order="left"
        )
        pairs = pairs.join(
            spelled.rename({"ref": "other", "spelled": "_other"}), on="other", how="left", maintain_order="left"
        )
        pieces.append(_named(parts, words))
    pieces += [told[field.name] for field in others if field not in first]
    return pairs.with_columns(evidence=pl.concat_str(pieces, separator=", ", ignore_nulls=True))


def _told(field: Field, words: dict[int, str]) -> pl.Expr:
    what = _what(field)
    told = {gamma: text(f"link.{word}", what=what) for gamma, word in words.items()}
    return pl.col(f"gamma_{field.name}").replace_strict(told, default=None, return_dtype=pl.String)


def _what(field: Field) -> str:
    key = f"link.what_{field.name}"
    return catalogue(language()).get(key) or field.name.removeprefix("x_").replace("_", " ")


def _named(parts: list[Field], words: dict[str, dict[int, str]]) -> pl.Expr:
    """What the parts of the names say together, with both spellings unless they are one."""
    said = {
        field.name: pl.col(f"gamma_{field.name}").replace_strict(
            words[field.name], default=None, return_dtype=pl.String
        )
        for field in parts
    }
    swapped = pl.any_horizontal(word == "swapped" for word in said.values())
    close = pl.any_horizontal(word.is_in(["alike", "short", "near"]) for word in said.values())
    same = pl.any_horizontal(word == "same" for word in said.values())
    # The first that is true is said.
    sentence = pl.coalesce(
        pl.when(swapped).then(pl.lit(text("link.names_swapped"))),
        *(pl.when(word == "unlike").then(pl.lit(text(f"link.unlike_{name}"))) for name, word in said.items()),
        pl.when(close).then(pl.lit(text("link.names_alike"))),
        pl.when(same).then(pl.lit(text("link.names_same"))),
    )
    both = pl.format(" ({} / {})", pl.col("_one"), pl.col("_other"))
    return pl.concat_str(sentence, pl.when(pl.col("_one") != pl.col("_other")).then(both).fill_null(""))


def _spelled(records: pl.DataFrame) -> pl.DataFrame:
    """Names as the records spell them: the whole name, or else the parts."""
    have = [name for name in ("last_name", "first_name", "middle_name") if name in records.columns]
    parts = pl.concat_str(have, separator=" ", ignore_nulls=True) if have else pl.lit(None, pl.String)
    whole = pl.coalesce("full_name", parts) if "full_name" in records.columns else parts
    return records.select("ref", spelled=whole)
