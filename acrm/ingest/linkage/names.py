"""Names so that one person's spellings meet: one alphabet, one order, sounds instead of letters."""

from __future__ import annotations

import polars as pl

from acrm.ingest.vocabulary import LOOKALIKES

# What Cyrillic letters are in the reduced Latin alphabet below; the soft sign speaks before е only.
_CYRILLIC = {
    "ье": "ie",
    "ъе": "ie",
    "ьо": "io",
    **dict(zip("абвгдезийклмнопрстуфхцчшщыэ", "abvgdeziiklmnoprstufhccssie", strict=True)),
    "ж": "z",
    "ю": "iu",
    "я": "ia",
    "ь": "",
    "ъ": "",
    "і": "i",
    "ї": "i",
    "є": "e",
    "ґ": "g",
    "ў": "u",
}
# Ways to write one sound in Latin letters, longest first.
_SOUNDS = {
    "shch": "s",
    "tsch": "c",
    "sch": "s",
    "tch": "c",
    "sh": "s",
    "ch": "c",
    "zh": "z",
    "kh": "h",
    "ts": "c",
    "tz": "c",
    "ph": "f",
    "ck": "k",
    "x": "ks",
    "w": "v",
    "y": "i",
    "j": "i",
    "q": "k",
}
_DOUBLED = {letter * 2: letter for letter in "abcdefghiklmnoprstuvz"}
_PATRONYMIC = r"(?:ovic|evic|ovna|evna|icna)$|^(?:ilic|lukic|kuzmic|fomic|nikitic)$"
_FAMILY = r"(?:ov|ev|in|ova|eva|ina|ski|skaia|enko|cuk|iuk|ian|dze|svili)$"


def sounds(texts: pl.Series) -> pl.Series:
    """Texts in small Latin letters that stand for sounds; words apart by one space, empty is null.

    ё is е, Latin letters inside a Cyrillic word are Cyrillic, й, y and j are i, doubled letters are one.

    >>> sounds(pl.Series(["Юлия Щукина", "Yulia Shchukina", "Julia  SCHUKINA", "Юлия Щyкинa", "-"])).to_list()
    ['iulia sukina', 'iulia sukina', 'iulia sukina', 'iulia sukina', None]
    """
    distinct = texts.drop_nulls().unique().alias("text").to_frame()
    plain = pl.col("text").str.normalize("NFKC").str.to_lowercase().str.replace_all("ё", "е")
    plain = plain.str.replace_all(r"['’`ʼ]", "").str.replace_all(r"[\W_]+", " ").str.strip_chars()
    mixed = plain.str.contains(r"\p{Cyrillic}") & plain.str.contains(r"[a-z]")
    whole = plain.str.split(" ").list.eval(
        pl.when(pl.element().str.contains(r"\p{Cyrillic}"))
        .then(pl.element().str.replace_many(LOOKALIKES))
        .otherwise(pl.element())
    )
    folded = distinct.select("text", pl.when(mixed).then(whole.list.join(" ")).otherwise(plain).alias("sounds"))
    latin = (
        pl.col("sounds").str.replace_many(_CYRILLIC, leftmost=True).str.normalize("NFD").str.replace_all(r"\p{M}", "")
    )
    latin = latin.str.replace_many(_SOUNDS, leftmost=True).str.replace_all(r"\bie", "e").str.replace_many(_DOUBLED)
    folded = folded.with_columns(pl.when(latin != "").then(latin).alias("sounds"))
    return texts.alias("text").to_frame().join(folded, on="text", how="left", maintain_order="left")["sounds"]


def parts(records: pl.DataFrame) -> pl.DataFrame:
    """Given name, middle name and family name of every record, as sounds, in the order of the rows.

    The source's own parts count first. A whole name is split: a patronymic stands right behind the given name; a word
    that others of the file bear as a given name is one; else Russian names are taken for family name first unless the
    endings say otherwise, and all others for given name first.

    >>> parts(pl.DataFrame({"full_name": ["Смирнова Анна Петровна", "Anna Smirnova", "Иванов, Пётр"]})).rows()
    [('ana', 'petrovna', 'smirnova'), ('ana', None, 'smirnova'), ('petr', None, 'ivanov')]
    """
    texts = {
        name: first_value(records[name])
        if name in records.columns
        else pl.Series(name, [None] * records.height, pl.String)
        for name in ("first_name", "middle_name", "last_name", "full_name")
    }
    told = pl.DataFrame({name: sounds(texts[name]) for name in ("first_name", "middle_name", "last_name")})
    # A patronymic written behind the given name, in one cell with it.
    word = pl.col("first_name").str.extract(r" (\S+)$")
    behind = word.str.contains(_PATRONYMIC).fill_null(value=False)
    told = told.select(
        given=pl.when(behind).then(pl.col("first_name").str.replace(r" \S+$", "")).otherwise("first_name"),
        middle=pl.coalesce("middle_name", pl.when(behind).then(word)),
        family="last_name",
    )
    whole = _split(texts["full_name"], told["given"], told["family"])
    bare = pl.col("given").is_null() & pl.col("family").is_null()
    return pl.concat([told, whole.rename({name: f"whole_{name}" for name in whole.columns})], how="horizontal").select(
        pl.when(bare).then(f"whole_{name}").otherwise(name).alias(name) for name in ("given", "middle", "family")
    )


def first_value(texts: pl.Series) -> pl.Series:
    """The first of several values in a cell, which `; ` keeps apart."""
    return texts.cast(pl.String).str.split("; ").list.first()


def _split(names: pl.Series, given: pl.Series, family: pl.Series) -> pl.DataFrame:
    """Parts of whole names; `given` and `family` are parts known from elsewhere in the file."""
    distinct = names.drop_nulls().unique().sort().alias("name").to_frame()
    frame = distinct.with_columns(
        pl.Series("words", sounds(distinct["name"]), pl.String).str.split(" "),
        comma=pl.col("name").str.contains(r"^[^\s,]+(?:-[^\s,]+)?\s*,\s*\S"),
        cyrillic=pl.col("name").str.contains(r"\p{Cyrillic}"),
    ).with_columns(count=pl.col("words").list.len())
    patronymic = pl.col("words").list.eval(pl.element().str.contains(_PATRONYMIC)).list.slice(1).list.arg_max() + 1
    has = pl.col("words").list.slice(1).list.eval(pl.element().str.contains(_PATRONYMIC)).list.any()
    at = pl.when(has & (pl.col("count") >= 2)).then(patronymic)
    frame = frame.with_columns(at=at)
    frame = frame.with_columns(
        middle=pl.col("words").list.get(pl.col("at"), null_on_oob=True),
        anchored=pl.when(pl.col("at") > 0).then(pl.col("words").list.get(pl.col("at") - 1, null_on_oob=True)),
        rest=pl.when(pl.col("at").is_not_null())
        .then(pl.concat_list(pl.col("words").list.head(pl.col("at") - 1), pl.col("words").list.slice(pl.col("at") + 1)))
        .otherwise("words"),
    )
    known = _known(pl.concat([given, frame["anchored"]]), family)
    one, two = pl.col("rest").list.first(), pl.col("rest").list.last()
    frame = (
        frame.with_columns(one=one, two=two)
        .join(known.rename({"word": "one", "lean": "lean_one"}), on="one", how="left")
        .join(known.rename({"word": "two", "lean": "lean_two"}), on="two", how="left")
        .with_columns(pl.col("lean_one", "lean_two").fill_null(0))
    )
    ending = pl.col("two").str.contains(_FAMILY).cast(pl.Int8) - pl.col("one").str.contains(_FAMILY).cast(pl.Int8)
    family_first = (
        pl.when("comma")
        .then(pl.lit(True))
        .when(pl.col("lean_one") != pl.col("lean_two"))
        .then(pl.col("lean_one") < pl.col("lean_two"))
        .otherwise((ending < 0) | (pl.col("cyrillic") & (ending == 0)))
    )
    pair = pl.col("rest").list.len() >= 2
    inner = pl.col("rest").list.slice(1, pl.col("rest").list.len() - 2).list.join(" ")
    split = frame.select(
        "name",
        given=pl.coalesce(
            "anchored",
            pl.when(pair).then(pl.when(family_first).then("two").otherwise("one")),
            pl.when(pl.col("lean_one") > 0).then("one"),
        ),
        middle=pl.coalesce("middle", pl.when(pair & (inner != "") & pl.col("anchored").is_null()).then(inner)),
        family=pl.when(pl.col("anchored").is_not_null())
        .then("two")
        .when(pair)
        .then(pl.when(family_first).then("one").otherwise("two"))
        .when(pl.col("lean_one") <= 0)
        .then("one"),
    )
    return (
        names.alias("name")
        .to_frame()
        .join(split, on="name", how="left", maintain_order="left")
        .select("given", "middle", "family")
    )


def _known(given: pl.Series, family: pl.Series) -> pl.DataFrame:
    """Words of names with how often they are a given name more than a family name: columns word, lean."""
    votes = [
        series.drop_nulls().alias("word").to_frame().with_columns(lean=pl.lit(sign))
        for series, sign in ((given, 1), (family, -1))
    ]
    return pl.concat(votes).group_by("word").agg(pl.col("lean").sum()).sort("word")
