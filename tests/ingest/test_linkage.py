from __future__ import annotations

import random
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from acrm import messages
from acrm.errors import InputError
from acrm.ingest.linkage.blocks import LEAST_PAIRS, blocks
from acrm.ingest.linkage.fields import fields
from acrm.ingest.linkage.names import parts, sounds
from acrm.ingest.linkage.pairs import GREY, JOIN, clusters, probable

pytest.importorskip("splink")

RECORDS = pl.DataFrame(
    {
        "ref": ["1", "2", "3", "4", "5", "6", "7", "8"],
        "full_name": [
            "Смирнова Анна Петровна",
            "Anna Smirnova",
            "Иванов Пётр",
            "Петр Иванов",
            "Olga Brown",
            "Dmitry Orlov",
            "Sarah Connor",
            None,
        ],
        "birth_date": [
            date(1980, 3, 1),
            date(1980, 3, 11),
            date(1975, 5, 4),
            date(1975, 4, 5),
            date(1990, 1, 2),
            None,
            date(1964, 12, 30),
            None,
        ],
        "phone_e164": [
            "+79161234567",
            "+79161234567",
            "+79031112233",
            "+79031112233",
            None,
            "+79998887766",
            None,
            None,
        ],
        "city": ["Москва", "Moskva", "Казань", "Казань", "Leeds", "Казань", "London", None],
    }
)


def joined(pairs: pl.DataFrame) -> set[tuple[str, str]]:
    return set(pairs.filter(pl.col("probability") >= JOIN).select("one", "other").iter_rows())


def test_spellings_of_one_person_join_and_others_do_not() -> None:
    assert joined(probable(RECORDS)) == {("1", "2"), ("3", "4")}


def test_the_evidence_says_what_a_person_would_check() -> None:
    first, second = probable(RECORDS)["evidence"].head(2)
    assert first == (
        "same phone, birth date one character apart, same names (Смирнова Анна Петровна / Anna Smirnova), same city"
    )
    assert (
        second == "same phone, birth date with day and month swapped, same names (Иванов Пётр / Петр Иванов), same city"
    )


def test_the_evidence_follows_the_language() -> None:
    messages.use("ru")
    assert probable(RECORDS)["evidence"][0].startswith(
        "телефон совпадает, дата рождения отличается одним знаком, имена"
    )


def test_the_order_of_the_rows_does_not_matter() -> None:
    assert probable(RECORDS.sample(fraction=1, shuffle=True, seed=5)).equals(probable(RECORDS))


def test_other_refs_change_no_pair() -> None:
    renamed = {ref: str(100 - int(ref)) for ref in RECORDS["ref"]}
    pairs = probable(RECORDS.with_columns(pl.col("ref").replace(renamed)))
    expected = {
        (*sorted((renamed[one], renamed[other])), probability)
        for one, other, probability in probable(RECORDS).select("one", "other", "probability").iter_rows()
    }
    assert set(pairs.select("one", "other", "probability").iter_rows()) == expected


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_records_make_no_pairs(rows: int) -> None:
    pairs = probable(RECORDS.head(rows))
    assert pairs.schema == {"one": pl.String, "other": pl.String, "probability": pl.Float64, "evidence": pl.String}
    assert not pairs.height


def test_two_records_alone_are_judged_by_what_is_known_of_such_columns() -> None:
    assert joined(probable(RECORDS[[0, 1]])) == {("1", "2")}
    assert not probable(RECORDS[[4, 6]]).height


def test_two_identical_records_join() -> None:
    twice = pl.concat([RECORDS[[6]], RECORDS[[6]].with_columns(ref=pl.lit("9")), RECORDS[[4, 5]]])
    assert joined(probable(twice)) == {("7", "9")}


def test_empty_columns_and_records_without_anything_do_no_harm() -> None:
    empty = RECORDS.with_columns(pl.lit(None, pl.String).alias(name) for name in ("email_key", "company", "x_street"))
    assert probable(empty).equals(probable(RECORDS))
    assert not probable(RECORDS.select("ref", pl.lit(None, pl.String).alias("full_name"))).height


def test_any_of_several_values_counts() -> None:
    several = RECORDS.with_columns(
        phone_e164=pl.when(pl.col("ref") == "2").then(pl.lit("+79990000000; +79161234567")).otherwise("phone_e164"),
    )
    assert ("1", "2") in joined(probable(several))
    assert probable(several)["evidence"][0].startswith("same phone")


def test_a_former_surname_is_a_surname_too() -> None:
    records = pl.DataFrame(
        {
            "ref": ["a", "b", "c"],
            "first_name": ["Анна", "Anna", "Иван"],
            "last_name": ["Белова; Петрова", "Petrova", "Котов"],
        }
    ).with_columns(phone_e164=pl.when(pl.col("ref") != "c").then(pl.lit("+79161234567")).otherwise(pl.lit("+7903000")))
    assert joined(probable(records)) == {("a", "b")}


def test_relatives_with_one_phone_do_not_join() -> None:
    family = RECORDS.vstack(
        RECORDS[[0]].with_columns(
            ref=pl.lit("9"), full_name=pl.lit("Смирнов Олег Иванович"), birth_date=pl.lit(date(1978, 7, 7))
        )
    )
    assert not {pair for pair in joined(probable(family)) if "9" in pair}


def test_namesakes_without_anything_else_in_common_do_not_join() -> None:
    namesakes = pl.DataFrame(
        {
            "ref": ["1", "2", "3"],
            "full_name": ["Иванов Иван", "Иванов Иван", "Орлова Яна"],
            "city": ["Москва", "Москва", "Омск"],
        }
    )
    assert not joined(probable(namesakes))


def test_ids_and_unknown_columns_are_no_evidence() -> None:
    told = RECORDS.with_columns(
        x_cluster=pl.lit("7") + pl.col("ref").is_in(["5", "7"]).cast(pl.String),
        x_address_id=pl.lit("A-1"),
        customer_id=pl.lit("same"),
        external_id=pl.lit("same"),
    )
    assert probable(told).equals(probable(RECORDS))
    assert [field.name for field in fields(told)[1]] == [field.name for field in fields(RECORDS)[1]]


def test_birth_dates_that_could_not_be_read_are_compared_as_written() -> None:
    records = pl.DataFrame(
        {
            "ref": ["a", "b", "c"],
            "birth_date": [date(1942, 1, 27), None, date(1925, 4, 13)],
            "x_date_of_birth": ["27.01.1942", "37.01.1942", "13.04.1925"],
        }
    )
    assert fields(records)[0].sort("ref")["birth"].to_list() == ["19420127", "19420137", "19250413"]


def test_names_are_heard_alike_in_both_alphabets() -> None:
    pairs = [
        ("Юлия", "Julia"),
        ("Евгений", "Yevgeny"),
        ("Щербаков", "Shcherbakov"),
        ("Соловьёв", "Solovyev"),
        ("Цветков", "Tsvetkov"),
    ]
    for cyrillic, latin in pairs:
        heard = sounds(pl.Series([cyrillic, latin]))
        assert heard[0] == heard[1], (cyrillic, latin)


def test_a_whole_name_is_split_by_what_the_file_knows() -> None:
    records = pl.DataFrame(
        {
            "full_name": ["Chen Wei", "Wei Chen", None, None],
            "first_name": [None, None, "Wei", "Wei"],
            "last_name": [None, None, "Chen", "Li"],
        }
    )
    assert parts(records).select("given", "family").head(2).rows() == [("vei", "cen"), ("vei", "cen")]


def test_common_values_do_not_make_too_many_pairs() -> None:
    number = 4_000
    records = pl.DataFrame(
        {
            "ref": [str(at) for at in range(number)],
            "full_name": ["Иванов Иван"] * (number - 2) + ["Orlova Yana", "Орлова Яна"],
            "city": ["Москва"] * (number - 2) + ["Омск", "Омск"],
            "birth_date": [date(1970, 1, 1)] * (number - 1) + [date(1981, 2, 3)],
        }
    )
    frame, found = fields(records)
    keys = blocks(frame, found)
    pairs = sum(
        int((size * (size - 1) // 2).sum())
        for size in (keys[name].drop_nulls().value_counts()["count"] for name in keys.columns)
    )
    assert 0 < pairs <= LEAST_PAIRS


def test_records_far_apart_do_not_join_through_a_chain() -> None:
    letters = "abcdefgh"
    chain = pl.DataFrame(
        {
            "one": list(letters[:-1]),
            "other": list(letters[1:]),
            "probability": [0.99, 0.97, 0.95, 0.93, 0.91, 0.9, 0.89],
        }
    )
    found = clusters(chain)
    assert found.groups.group_by("group").len()["len"].sort().to_list() == [3, 5]
    assert found.cuts.height == 1
    assert clusters(chain.sample(fraction=1, shuffle=True, seed=3)).groups.equals(found.groups)


def test_a_doubtful_pair_joins_where_others_of_the_group_confirm_it() -> None:
    pairs = pl.DataFrame({"one": ["a", "a", "b"], "other": ["b", "c", "c"], "probability": [0.99, 0.7, 0.7]})
    assert clusters(pairs).groups["ref"].to_list() == ["a", "b", "c"]
    assert not clusters(pairs.tail(1)).groups.height
    assert not clusters(pairs.clear()).groups.height


def test_without_splink_the_hint_can_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)
    with pytest.raises(InputError) as raised:
        probable(RECORDS)
    assert str(raised.value.hint) == "pip install 'acrm[link]'"


@pytest.mark.parametrize("name", ["febrl_dataset1", "febrl_dataset2", "febrl_dataset3"])
def test_febrl_is_solved_without_tuning(data: Path, name: str) -> None:
    raw = pl.read_csv(data / "dedupe" / f"{name}.csv", infer_schema=False)
    raw = raw.rename(str.strip).with_columns(pl.all().str.strip_chars().replace("", None))
    records = raw.select(
        pl.col("soc_sec_id").alias("tax_id"),
        pl.col("given_name").alias("first_name"),
        pl.col("surname").alias("last_name"),
        pl.col("suburb").alias("city"),
        pl.col("postcode").alias("postal_code"),
        pl.col("state").alias("region"),
        pl.col("date_of_birth").str.to_date("%Y%m%d", strict=False).alias("birth_date"),
        pl.col("date_of_birth", "address_1", "address_2", "street_number").name.prefix("x_"),
        ref="rec_id",
    )
    truth = raw.select(ref="rec_id", person=pl.col("rec_id").str.extract(r"rec-(\d+)"))
    precision, recall = agreement(clusters(probable(records)).groups, truth)
    assert precision >= 0.99
    assert recall >= 0.99


def test_fake_1000_is_solved_without_tuning(data: Path) -> None:
    raw = pl.read_csv(data / "dedupe" / "splink_fake_1000.csv", infer_schema=False)
    records = raw.select(
        "first_name",
        "email",
        "city",
        pl.col("surname").alias("last_name"),
        pl.col("dob").str.to_date().alias("birth_date"),
        pl.col("cluster").alias("x_cluster"),
        ref="unique_id",
    )
    precision, recall = agreement(clusters(probable(records)).groups, raw.select(ref="unique_id", person="cluster"))
    assert 2 * precision * recall / (precision + recall) >= 0.96


def agreement(groups: pl.DataFrame, truth: pl.DataFrame) -> tuple[float, float]:
    """Precision and recall of the pairs within groups."""
    both = truth.join(groups, on="ref", how="left").with_columns(pl.coalesce("group", "ref"))

    def pairs(*by: str) -> int:
        sizes = both.group_by(by).len()["len"].cast(pl.Int64)
        return int((sizes * (sizes - 1) // 2).sum())

    right = pairs("group", "person")
    return right / pairs("group"), right / pairs("person")


def test_the_grey_zone_lies_below_what_joins() -> None:
    assert 0 < GREY < JOIN < 1


@pytest.mark.parametrize("seed", range(3))
def test_a_small_file_of_few_columns_trains_nothing_and_breaks_nothing(seed: int) -> None:
    chance = random.Random(seed)
    people = [
        (
            f"{chance.choice(['Anna', 'Peter', 'Ivan', 'Olga'])} {chance.choice(['Smith', 'Jones', 'Brown', 'Kim'])}",
            date(chance.randint(1950, 2005), chance.randint(1, 12), chance.randint(13, 28)),
            chance.choice(["Tver", "Omsk"]),
        )
        for _ in range(100)
    ]
    told = [person for person in people for _ in range(1 + (chance.random() < 0.3))]
    frame = pl.DataFrame(told, schema=["full_name", "birth_date", "city"], orient="row")
    found = probable(frame.with_row_index("ref").with_columns(pl.col("ref").cast(pl.String)))
    same = {(str(a), str(b)) for a in range(len(told)) for b in range(a + 1, len(told)) if told[a] == told[b]}
    assert {tuple(sorted(pair)) for pair in same} <= joined(found)
