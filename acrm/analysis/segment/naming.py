"""Names of segments, and of what is known of customers, in words."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from acrm.analysis.segment.differences import NEGLIGIBLE, ONE_HISTORY, UNKNOWN, findings
from acrm.messages import Message, text

if TYPE_CHECKING:
    import polars as pl

CLEAR = 0.33
"""Cliff's delta from which on a segment has more or less than others for its name (Romano's limit of a medium one)."""
STRONG, COMMON, LIFT = 0.276, 0.4, 1.5
"""Strength (Cohen's d or h of 0.5), share in the segment, and lift, from which on a trait may be in its name."""
TRAITS = 2
"""In a name, at most."""
LONGEST = 28
"""Letters of a value in a name."""
_MARKS = re.compile(r"[\[\]<>{}&`*|\\^~\"]")
_ABOUT = re.compile(r"about_(.+)_(\d+)d")
_TELLING = frozenset(
    {
        "age",
        "gender",
        "family_status",
        "social_status",
        "country",
        "region",
        "city",
        "district",
        "customer_type",
        "tags",
    }
)
"""Features whose values say by themselves what they are."""
_YES, _NO = frozenset({"yes", "y", "true", "1", "да"}), frozenset({"no", "n", "false", "0", "нет"})


def names(found: pl.DataFrame) -> dict[Any, str]:
    """A name for every segment of `differences`, no two alike.

    Of buyers: how they buy (never, lapsed, new, cooling, regular, active, occasional; the first that
    holds) and how much they
    spend, both against the rest; then the strongest traits of who they are and what they need. Where nothing is known
    of purchases, the strongest traits alone. Equal names get a trait more each, and a number when there is none.
    """
    import polars as pl

    rows: dict[Any, dict[str, dict[str, Any]]] = {}
    for row in found.iter_rows(named=True):
        told = rows.setdefault(row["segment_id"], {})
        if row["level"] is None:
            told[row["feature"]] = row
    parts: dict[Any, list[str]] = {}
    spare: dict[Any, list[dict[str, Any]]] = {}
    for segment, numbers in rows.items():
        buying = _buying(numbers)
        never = buying == text("segment_profile.behaviour.never")
        # Who never bought differs in all figures of orders, which says no more.
        theirs = found.filter(segment_id=segment).filter(~(pl.col("feature").is_in(list(ONE_HISTORY)) & never))
        strong, others = _traits(theirs, buyers=buying is not None)
        first = strong[:TRAITS] if buying or strong else others[:1]
        words = [*([buying] if buying else []), *map(trait_words, first)]
        parts[segment] = words or [text("segment_profile.name.plain")]
        spare[segment] = [row for row in (*strong, *others) if row not in first]
    effects = {(row["segment_id"], row["feature"], row["level"]): row["effect"] for row in found.iter_rows(named=True)}
    return _told_apart(parts, spare, effects)


def readable(feature: str) -> str:
    """What a feature is called in words.

    Examples:
        >>> readable("days_since_last"), readable("x_has_dog"), readable("need_tea")
        ('days since last order', 'has dog', 'preference for tea')
        >>> readable("about_delivery_30d")
        'contacts in 30 days about delivery'
    """
    known = Message(f"segment_profile.feature.{_bare(feature)}")
    if known.exists:
        return str(known)
    if feature.startswith("need_"):
        return text("segment_profile.need_of", category=clean(feature.removeprefix("need_")))
    if about := _ABOUT.fullmatch(feature):
        return text("segment_profile.contacts_about", topic=clean(about[1]), days=int(about[2]))
    return clean(_bare(feature).replace("_", " "))


def level_words(level: str) -> str:
    """What a level is called in words.

    Examples:
        >>> level_words("?"), level_words("<18"), level_words("[red]Kirov[/]")
        ('unknown', 'under 18', 'red Kirov /')
    """
    if level == UNKNOWN:
        return text("segment_profile.unknown")
    if re.fullmatch(r"<\d+", level):
        return text("segment_profile.under", age=level[1:])
    known = Message(f"segment_profile.level.{level.lower()}")
    return str(known) if known.exists else clean(level)


def clean(value: str) -> str:
    """A text of the data without signs that a terminal, a page or a table may take for more than text.

    Examples:
        >>> clean("=1+1"), clean("A  <b>B</b>")
        ('1+1', 'A b B /b')
    """
    plain = "".join(letter if letter.isprintable() else " " for letter in _MARKS.sub(" ", value))
    plain = " ".join(plain.split()).lstrip("=+-@ ")
    if not plain:
        return "…"
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1].rstrip() + "…"


def _bare(feature: str) -> str:
    return feature.removeprefix("x_")


def _buying(numbers: dict[str, dict[str, Any]]) -> str | None:
    """How the members of a segment buy, in words; None where their orders are not known, or nobody else's are."""

    def more(name: str) -> float:
        effect = numbers[name]["effect"] if name in numbers else None
        return 0.0 if effect is None else float(effect)

    orders, last = numbers.get("orders"), numbers.get("days_since_last")
    if all(row is None or row["effect"] is None for row in (orders, last)):
        return None
    if orders is not None and orders["value"] == 0:
        return text("segment_profile.behaviour.never")
    if more("days_since_last") >= CLEAR:
        how = "lapsed"
    elif more("customer_days") <= -CLEAR and more("orders") < CLEAR:
        how = "new"
    elif more("orders") >= CLEAR:
        how = "cooling" if more("days_since_last") >= NEGLIGIBLE else "regular"
    elif more("days_since_last") <= -CLEAR:
        how = "active"
    else:
        how = "occasional"
    money = more("spend" if "spend" in numbers else "clv")
    much = "big" if money >= CLEAR else "small" if money <= -CLEAR else "medium"
    who = text(f"segment_profile.spending.{much}" if {"spend", "clv"} & numbers.keys() else "segment_profile.buyers")
    return text(f"segment_profile.behaviour.{how}", who=who)


def _traits(found: pl.DataFrame, *, buyers: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What sets a segment apart, the strongest first: what belongs into its name, and what else may tell it apart."""
    strong: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    used: set[str] = set()
    for row in findings(found).iter_rows(named=True):
        words = {row["feature"], row["level"] or row["feature"]}
        preference = row["level"] is None and row["feature"].startswith("need_")
        blank = row["level"] == UNKNOWN
        if used & words or preference or (row["level"] and row["effect"] < 0):
            continue
        if blank and row["axis"] not in ("demo", "extra"):
            continue
        used |= words
        of_people = row["axis"] in ("demo", "needs", "extra") or not buyers
        # That something is not known may tell equal names apart, and is no name by itself.
        common = not blank and (row["level"] is None or (row["value"] >= COMMON and row["lift"] >= LIFT))
        fits = of_people and common and row["strength"] >= STRONG
        (strong if fits else others).append(row)
    return strong, others


def trait_words(row: dict[str, Any]) -> str:
    """A row of `differences` as a trait of the segment: `Moscow`, `long tenure`, `has dog`."""
    feature, level = row["feature"], row["level"]
    if level is None:
        way = "more" if row["effect"] > 0 else "less"
        known = Message(f"segment_profile.{way}.{_bare(feature)}")
        return str(known) if known.exists else text(f"segment_profile.name.{way}", feature=readable(feature))
    if feature in _TELLING and level != UNKNOWN:
        return level_words(level)
    if feature == "need":
        return text("segment_profile.name.buys", category=level_words(level))
    if level.lower() in _YES:
        return readable(feature)
    return text("segment_profile.name.level", feature=readable(feature), level=level_words(level))


def _told_apart(
    parts: dict[Any, list[str]], spare: dict[Any, list[dict[str, Any]]], effects: dict[tuple[Any, str, str | None], Any]
) -> dict[Any, str]:
    """Names of the parts; equal ones get the trait in which they differ most from each other, or else a number."""
    while True:
        names = {segment: ", ".join(words) for segment, words in parts.items()}
        counts = Counter(names.values())
        grown = False
        for segment, name in names.items():
            others = [other for other in names if other != segment and names[other] == name]
            best, contrast = None, STRONG
            for row in spare[segment] if others else ():
                away = [row["effect"] - (effects.get((other, row["feature"], row["level"])) or 0.0) for other in others]
                least = min(one if row["effect"] > 0 else -one for one in away)
                if least > contrast:
                    best, contrast = row, least
            if best is not None:
                spare[segment].remove(best)
                parts[segment].append(trait_words(best))
                grown = True
        if not grown:
            break
    seen: Counter[str] = Counter()
    for segment, name in names.items():
        seen[name] += 1
        if counts[name] > 1:
            names[segment] = f"{name} {seen[name]}"
    return names
