"""How two values of a kind are compared: levels of likeness, what they mean before any training, in DuckDB's SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from acrm.ingest.linkage.fields import Field


@dataclass(frozen=True)
class Level:
    """A level of likeness: its word in the catalogue, its condition, how often it is met in one person and in two."""

    word: str
    condition: str
    m: float
    u: float
    exact: bool = False
    """Equal values: the rarer the value, the more it says."""


def levels(field: Field, names: frozenset[str]) -> list[Level]:
    """The levels of a field, the likest first; the first true one counts. Two unlike values are the last.

    Args:
        field: What is compared.
        names: All fields there are: names given in the other order are seen only where both parts are.
    """
    found = [
        Level(word, sql.replace("$", f"{field.name}_"), m, u, exact=word == "same")
        for word, sql, m, u in _LEVELS[field.kind]
    ]
    if field.several:
        same = found[0]
        listed = f"list_has_any({field.name}_all_l, {field.name}_all_r)"
        found.insert(1, Level("same", listed, same.m / 4, same.u))
    if field.kind == "family" and "given" in names:
        found.insert(1, Level("swapped", SWAPPED, 0.03, 1e-5))
    m, u = 1 - sum(level.m for level in found), 1 - sum(level.u for level in found)
    return [*found, Level("unlike", "ELSE", max(m, 0.01), u)]


def comparison(field: Field, names: frozenset[str]) -> dict[str, Any]:
    """The field's comparison as splink's settings say it.

    Names in each other's place are one observation, not two: it counts with the family name. A lone name that stands
    in the other column speaks neither for nor against.
    """
    missing = f"{field.name}_l IS NULL OR {field.name}_r IS NULL"
    if field.kind == "given" and "family" in names:
        missing = f"{missing} OR {_ELSEWHERE} OR (family_l != family_r AND {SWAPPED})"
    described: list[dict[str, Any]] = [{"sql_condition": missing, "label_for_charts": "null", "is_null_level": True}]
    for at, level in enumerate(levels(field, names)):
        words: dict[str, Any] = {
            "sql_condition": level.condition,
            "label_for_charts": f"{at} {level.word}",
            "m_probability": level.m,
            "u_probability": level.u,
        }
        if level.exact:
            words |= {"tf_adjustment_column": field.name, "tf_adjustment_weight": _TF_WEIGHT.get(field.kind, 1.0)}
        described.append(words)
    return {"output_column_name": field.name, "comparison_levels": described}


SWAPPED = (
    "coalesce(greatest(jaro_winkler_similarity(family_l, given_r), jaro_winkler_similarity(given_l, family_r)) >= 0.92"
    " AND least(jaro_winkler_similarity(family_l, given_r), jaro_winkler_similarity(given_l, family_r)) >= 0.85, false)"
)
_ELSEWHERE = "coalesce((family_l IS NULL OR family_r IS NULL) AND (given_l = family_r OR given_r = family_l), false)"
_TF_WEIGHT = {"class": 0.5, "birth": 0.5}
_EQUAL = "$l = $r"
# The cheap conditions stand first: most pairs go no further.
_ONE_OFF = (
    "(abs(length($l) - length($r)) <= 1 AND jaro_winkler_similarity($l, $r, 0.6) >= 0.6"
    " AND damerau_levenshtein($l, $r) <= 1)"
)
_LEVELS: dict[str, list[tuple[str, str, float, float]]] = {
    "given": [
        ("same", _EQUAL, 0.75, 0.008),
        ("alike", f"jaro_winkler_similarity($l, $r, 0.92) >= 0.92 OR {_ONE_OFF}", 0.1, 0.004),
        ("short", "starts_with($l, $r) OR starts_with($r, $l)", 0.03, 0.004),
        ("near", "jaro_winkler_similarity($l, $r, 0.8) >= 0.8", 0.04, 0.015),
    ],
    "middle": [
        ("same", _EQUAL, 0.75, 0.02),
        ("alike", f"jaro_winkler_similarity($l, $r, 0.92) >= 0.92 OR {_ONE_OFF}", 0.1, 0.01),
        ("short", "starts_with($l, $r) OR starts_with($r, $l)", 0.06, 0.01),
    ],
    "family": [
        ("same", _EQUAL, 0.75, 0.002),
        ("alike", f"jaro_winkler_similarity($l, $r, 0.92) >= 0.92 OR {_ONE_OFF}", 0.12, 0.002),
        ("near", "jaro_winkler_similarity($l, $r, 0.82) >= 0.82", 0.03, 0.01),
    ],
    "birth": [
        ("same", _EQUAL, 0.85, 2e-4),
        ("swapped", "$l[1:4] = $r[1:4] AND $l[5:6] = $r[7:8] AND $l[7:8] = $r[5:6]", 0.02, 2e-4),
        ("digit", "hamming($l, $r) <= 1", 0.05, 0.001),
        ("near", "hamming($l, $r) <= 2", 0.04, 0.01),
    ],
    "document": [
        ("same", _EQUAL, 0.85, 1e-6),
        ("digit", _ONE_OFF, 0.06, 1e-5),
        ("near", "length($l) = length($r) AND $l[1:2] = $r[1:2] AND damerau_levenshtein($l, $r) <= 2", 0.02, 2e-4),
    ],
    "email": [
        ("same", _EQUAL, 0.6, 2e-6),
        ("mailbox", "split_part($l, '@', 1) = split_part($r, '@', 1)", 0.08, 1e-5),
        ("letter", "jaro_winkler_similarity($l, $r, 0.8) >= 0.8 AND damerau_levenshtein($l, $r) <= 2", 0.08, 1e-5),
    ],
    "phone": [
        ("same", _EQUAL, 0.65, 2e-6),
        ("digit", _ONE_OFF, 0.07, 1e-5),
    ],
    "place": [
        ("same", _EQUAL, 0.75, 0.03),
        ("alike", f"jaro_winkler_similarity($l, $r, 0.88) >= 0.88 OR {_ONE_OFF}", 0.08, 0.01),
    ],
    "postcode": [
        ("same", _EQUAL, 0.75, 0.003),
        ("digit", _ONE_OFF, 0.1, 0.02),
    ],
    "class": [("same", _EQUAL, 0.88, 0.3)],
    "company": [
        ("same", _EQUAL, 0.7, 0.002),
        ("alike", "jaro_winkler_similarity($l, $r, 0.92) >= 0.92", 0.1, 0.002),
    ],
    "address": [
        ("same", _EQUAL, 0.65, 0.003),
        ("alike", "jaro_winkler_similarity($l, $r, 0.9) >= 0.9", 0.12, 0.005),
        ("near", "jaro_winkler_similarity($l, $r, 0.75) >= 0.75", 0.05, 0.03),
    ],
}
