"""Made-up contacts, a fifth of them duplicates: `python -m tests.benchmarks.made.contacts RECORDS FILE`.

Russian and English people; duplicates differ as they do in life: ё, Latin letters that look Cyrillic, names in the
other order, in the other alphabet, mistyped; phones written with 8 or +7; e-mails in capitals or mistyped; fields left
out; moved, married; day and month swapped, a digit wrong. Relatives share surname, phone and city, and are not one.
"""

from __future__ import annotations

import random
import sys
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import polars as pl

DUPLICATES = 0.2
_MEN = (
    "Александр Сергей Дмитрий Андрей Алексей Максим Евгений Иван Михаил Николай Владимир Артём Денис Павел Роман Олег"
)
_MEN += (
    " Игорь Юрий Виктор Антон Константин Пётр Фёдор Григорий Тимур Кирилл Никита Илья Егор Степан Матвей Глеб Руслан"
)
_WOMEN = "Анна Елена Ольга Наталья Татьяна Ирина Екатерина Светлана Юлия Мария Марина Анастасия Людмила Галина Надежда"
_WOMEN += " Вера Любовь Алёна Дарья Ксения Виктория Полина Алина Евгения Валентина Лариса София Жанна Яна Инна Кира Зоя"
_STEMS = (
    "Иван Петр Сидор Смирн Кузнец Поп Васил Сокол Михайл Нов Фёдор Мороз Волк Алексе Лебед Семён Егор Павл Козл Степан"
)
_STEMS += (
    " Никола Орл Андре Макар Никит Захар Зайц Соловь Борис Яковл Григор Роман Воробь Сергее Кузьм Фрол Александр Дмитри"
)
_STEMS += " Корол Гус Кисел Ильин Максим Поляк Сорок Виноград Ковал Бел Медвед Антон Тарас Жук Баран Филипп Комар Давыд"
_STEMS += (
    " Беля Герасим Богдан Осип Сид Матве Тит Марк Миронов Крыл Щерба Цветк Чист Шубин Хабар Рыб Лук Гром Зим Снегир"
)
_ENDS = "ов ев ин енко ский овский овин чук ых янов ейкин ухин"
_ENGLISH = (
    "Oliver George Harry Noah Jack Leo Arthur Muhammad Oscar Charlie Henry James William Thomas Robert John David"
)
_ENGLISH += (
    " Olivia Amelia Isla Ava Mia Grace Emily Sophie Ella Alice Charlotte Emma Lucy Sarah Jessica Hannah Catherine Ruth"
)
_HEADS = (
    "Hart Wood Ash Brad Clay Dun Ed Fair Green Hal Ken Lang Mar New Old Park Ral Stan Thorn Win Black Cart Farn Gray"
)
_TAILS = "ley ton ford field well ham worth man son wick land brook by den ridge more ner bury s combe"
_CITIES = (
    "Москва Санкт-Петербург Новосибирск Екатеринбург Казань Челябинск Самара Омск Уфа Ростов-на-Дону Пермь Воронеж"
)
_CITIES += (
    " Краснодар Саратов Тюмень Тольятти Ижевск Барнаул Иркутск Хабаровск Ярославль Владивосток Томск Кемерово Орёл"
)
_TOWNS = (
    "London Birmingham Leeds Glasgow Sheffield Manchester Edinburgh Liverpool Bristol Cardiff Leicester Coventry Hull"
)
_LATIN = dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True)) | {
    "ё": "e",
    "ж": "zh",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ъ": "",
    "ь": "",
    "ю": "yu",
    "я": "ya",
}
_LOOKALIKE = dict(zip("аеосхрАЕОСХРКМТНВ", "aeocxpAEOCXPKMTHB", strict=True))
Record = dict[str, Any]


def contacts(records: int, seed: int = 0) -> list[Record]:
    """Records with their `ref` and the `person` they are, in random order.

    The first eight tenths are people; every other record repeats one of them with one to three differences.
    """
    draw = random.Random(seed)
    choose = _Names(draw)
    people: list[Record] = []
    for number in range(int(records * (1 - DUPLICATES))):
        relative = draw.choice(people[-50:]) if people and draw.random() < 0.03 else None
        people.append(_person(draw, choose, number, relative))
    found = [dict(person) for person in people]
    while len(found) < records:
        found.append(_duplicate(draw, choose, draw.choice(people)))
    draw.shuffle(found)
    for number, record in enumerate(found):
        record["ref"] = f"c{number:07}"
    return found


class _Names:
    """Names drawn the way they are met: a few often, most seldom."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.mails: set[str] = set()
        russian = [stem + end for end in _ENDS.split() for stem in _STEMS.split()]
        english = [head + tail for tail in _TAILS.split() for head in _HEADS.split()]
        self.lists = {
            "men": _MEN.split(),
            "women": _WOMEN.split(),
            "english": _ENGLISH.split(),
            "russian family": russian,
            "english family": english,
            "russian city": _CITIES.split(),
            "english city": _TOWNS.split(),
        }
        self.weights = {
            name: list(accumulate(1 / (rank + 8) for rank in range(len(words)))) for name, words in self.lists.items()
        }

    def __call__(self, name: str) -> str:
        return self.draw.choices(self.lists[name], cum_weights=self.weights[name])[0]


def _person(draw: random.Random, choose: _Names, number: int, relative: Record | None) -> Record:
    russian = draw.random() < 0.7 if relative is None else relative["russian"]
    woman = draw.random() < 0.5
    language = "russian" if russian else "english"
    given = choose("women" if woman else "men") if russian else choose("english")
    family = relative["family"] if relative else choose(f"{language} family")
    record: Record = {
        "person": number,
        "russian": russian,
        "woman": woman,
        "family": family,
        "first_name": given,
        "middle_name": _patronymic(choose("men"), woman) if russian and draw.random() < 0.6 else None,
        "last_name": _female(family) if russian and woman else family,
        "birth_date": date(1940, 1, 1) + timedelta(days=draw.randrange(24_000)) if draw.random() < 0.8 else None,
        "city": relative["city"] if relative else choose(f"{language} city") if draw.random() < 0.9 else None,
    }
    digits = f"9{draw.randrange(10**9):09}" if russian else f"7{draw.randrange(10**9):09}"
    record["digits"] = relative["digits"] if relative else digits if draw.random() < 0.9 else None
    login = f"{_latin(given)[: draw.choice((1, 9))]}.{_latin(family)}{draw.choice(('', draw.randrange(1950, 2010)))}"
    host = draw.choice(("mail.ru", "yandex.ru", "gmail.com", "bk.ru") if russian else ("gmail.com", "outlook.com"))
    taken = "" if draw.random() < 0.2 else str(draw.randrange(100_000))
    mail = f"{login}{taken}@{host}".lower()
    # Two people never have one address.
    mail = mail if mail not in choose.mails else f"{login}{number}@{host}".lower()
    choose.mails.add(mail)
    record["email"] = mail if draw.random() < 0.75 else None
    return _written(record, draw)


def _written(record: Record, draw: random.Random) -> Record:
    """The record with its phone as somebody writes it, and as it is once read."""
    digits = record["digits"]
    code = "+7" if record["russian"] else "+44"
    forms = [f"{code}{digits}", f"{code} {str(digits)[:3]} {str(digits)[3:]}"]
    forms += [f"8 ({str(digits)[:3]}) {str(digits)[3:6]}-{str(digits)[6:]}"] if record["russian"] else [f"0{digits}"]
    return {
        **record,
        "phone": draw.choice(forms) if digits else None,
        "phone_e164": f"{code}{digits}" if digits else None,
        "email_key": record["email"].lower() if record["email"] else None,
    }


def _duplicate(draw: random.Random, choose: _Names, person: Record) -> Record:
    record = dict(person)
    kinds = [*(_RUSSIAN_KINDS if record["russian"] else _KINDS), *(["married"] if record["woman"] else [])]
    for kind in draw.sample(kinds, draw.choice((1, 1, 2, 2, 3))):
        _differ(record, kind, draw, choose)
    if draw.random() < 0.3:
        record["email"] = None
    if draw.random() < 0.2:
        record["digits"] = None
    if record["email"] is record["digits"] is None and record["birth_date"] is None:
        # Nothing but a name and a city: nobody could tell.
        record |= {name: person[name] for name in ("email", "digits", "birth_date")}
    return _written(record, draw)


_KINDS = [
    "order",
    "given",
    "family",
    "phone",
    "phone",
    "mail",
    "capitals",
    "moved",
    "days",
    "digit",
    "missing",
]
_RUSSIAN_KINDS = [*_KINDS, "io", "lookalike", "latin", "latin"]


def _differ(record: Record, kind: str, draw: random.Random, choose: _Names) -> None:
    language = "russian" if record["russian"] else "english"
    if kind == "phone" and record["digits"]:
        at, digit = draw.randrange(3, 10), draw.choice("0123456789")
        record["digits"] = record["digits"][:at] + digit + record["digits"][at + 1 :]
    elif kind == "mail" and record["email"]:
        login, _, host = record["email"].partition("@")
        record["email"] = f"{_mistyped(login, draw)}@{host}"
    elif kind == "capitals" and record["email"]:
        record["email"] = record["email"].upper()
    elif kind == "moved":
        record["city"] = choose(f"{language} city")
    elif kind == "missing":
        record[draw.choice(("middle_name", "birth_date", "city", "email"))] = None
    elif kind == "married":
        family = choose(f"{language} family")
        record["last_name"] = _female(family) if record["russian"] else family
    elif kind in {"days", "digit"} and record["birth_date"]:
        record["birth_date"] = _misdated(record["birth_date"], kind, draw)
    else:
        _misspell(record, kind, draw)


def _misspell(record: Record, kind: str, draw: random.Random) -> None:
    names = [name for name in ("first_name", "middle_name", "last_name") if record[name]]
    if kind == "order":
        record["first_name"], record["last_name"] = record["last_name"], record["first_name"]
    elif kind in {"given", "family"}:
        name = "first_name" if kind == "given" else "last_name"
        record[name] = _mistyped(record[name], draw)
    elif kind == "io":
        record |= {name: record[name].replace("ё", "е").replace("Ё", "Е") for name in names}
    elif kind == "lookalike":
        name = draw.choice(names)
        letters = [_LOOKALIKE.get(letter, letter) if draw.random() < 0.5 else letter for letter in record[name]]
        record[name] = "".join(letters)
    elif kind == "latin":
        record |= {name: _latin(record[name]).capitalize() for name in names}


def _misdated(born: date, kind: str, draw: random.Random) -> date:
    if kind == "days":
        return date(born.year, born.day, born.month) if born.day <= 12 else born
    return date(born.year - born.year % 10 + draw.randrange(10), born.month, min(born.day, 28))


def _mistyped(word: str, draw: random.Random) -> str:
    at = draw.randrange(1, max(len(word) - 1, 2))
    letters = "абвгдеиклмнорстух" if any("а" <= letter <= "я" for letter in word) else "abcdefghiklmnorst"
    return draw.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + draw.choice(letters) + word[at + 1 :],
            word[:at] + word[at : at + 1] + word[at:],
            word[: at - 1] + word[at : at + 1] + word[at - 1 : at] + word[at + 1 :],
        )
    )


def _latin(word: str) -> str:
    return "".join(_LATIN.get(letter, letter) for letter in word.lower())


def _female(family: str) -> str:
    if family.endswith("ский"):
        return family[:-2] + "ая"
    return family + "а" if family.endswith(("ов", "ев", "ин")) else family


def _patronymic(father: str, woman: bool) -> str:
    stem = father[:-1] if father.endswith(("й", "ь", "а", "я")) else father
    return stem + (("евна" if woman else "евич") if stem != father else ("овна" if woman else "ович"))


def main(records: int, target: Path) -> None:
    """Write the records, without what only the generator knows."""
    hidden = ("russian", "woman", "family", "digits")
    pl.DataFrame(contacts(records), infer_schema_length=None).drop(hidden).write_parquet(target)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
