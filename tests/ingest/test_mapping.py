"""Which system, which table, which column means what; and what the user says overrules."""

from __future__ import annotations

from pathlib import Path

import pytest

from acrm.errors import UsageError
from acrm.ingest import mapping
from acrm.ingest.dataset import Dataset
from tests.ingest.conftest import Load, rows

SHOPIFY = """\
    Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price,Currency
    #1,a@x.com,paid,2024-01-13 10:00:00 +0300,2,Mug,10.00,USD
    """
MINE = """\
    name = "mine"
    [[table]]
    entity = "transactions"
    title = "tills"
    all_of = ["wann"]
    grain = "line"
    [table.fields]
    order_id = "beleg"
    ordered_at = "wann"
    line_amount = "geld"
    channel = "=till"
    [table.values.status]
    "ja" = "paid"
    """
TILLS = "beleg,wann,geld\n1,2024-01-13,5\n"


def plan(dataset: Dataset) -> mapping.Plan:
    return dataset.inputs[0].plan


def test_a_signature_beats_synonyms(load: Load) -> None:
    found = plan(load(SHOPIFY))
    assert (found.system, found.entity, found.grain, found.fill_down) == ("shopify", "transactions", "line", ("Name",))
    # A synonym would take `Name` for the customer's name.
    assert found.fields["transactions.order_id"] == ("Name",)


def test_an_unknown_system_by_synonyms(load: Load) -> None:
    dataset = load("№ чека;Дата покупки;Покупатель;Сумма\n7;13.01.2024;Анна;5,50\n")
    assert (plan(dataset).system, plan(dataset).entity) == ("unknown", "transactions")
    assert rows(dataset, "transactions", "order_id", "customer_id") == [("7", "Анна")]


def test_a_synonym_needs_values_of_its_shape(load: Load) -> None:
    # `date` holds words here, so the other date counts.
    found = plan(load("order id,date,created,amount\n1,spring,2024-01-13,5\n2,spring,2024-02-13,6\n"))
    assert found.fields["transactions.ordered_at"] == ("created",)


def test_phones_without_an_area_code_make_no_customers(load: Load) -> None:
    found = load("State,Phone number,Calls\nKS,382-4657,3\nOH,371-7191,1\n")
    assert plan(found).entity == "other"
    assert found.rejects.is_empty()


def test_a_signature_without_what_its_table_requires_does_not_count(load: Load) -> None:
    # 1C's sales report, but the date column has a name that only the synonyms know.
    known = "Номенклатура;Контрагент;Количество;Сумма"
    dataset = load(f"{known};Дата отгрузки\nДоска;Ромашка;1;100;13.02.2024\n")
    assert (plan(dataset).system, plan(dataset).entity) == ("unknown", "transactions")
    without = load(f"{known}\nДоска;Ромашка;1;100\n")
    assert plan(without).entity == "other"
    assert plan(without).lacks == ("transactions.ordered_at",)


def test_a_table_that_lacks_a_column_is_kept_whole_and_says_what_it_lacks(load: Load) -> None:
    dataset = load({"tills.csv": "order_id,date,paid out,customer\n1,2024-01-13,100,ann\n"})
    assert plan(dataset).lacks == ("transactions.line_amount|order_total|quantity&unit_price",)
    assert rows(dataset, "other_tills", "row", "order_id", "date", "paid_out", "customer") == [
        (2, "1", "2024-01-13", "100", "ann")
    ]


def test_nothing_is_known(load: Load) -> None:
    dataset = load("foo,bar\n1,2\n3,4\n")
    assert (plan(dataset).entity, plan(dataset).lacks) == ("other", ())


def test_map_completes_a_table(load: Load) -> None:
    text = "order_id,date,paid out,customer\n1,2024-01-13,100,ann\n"
    dataset = load(text, fields=(("line_amount", "PAID  OUT"),))
    assert rows(dataset, "transactions", "order_id", "line_amount", "customer_id") == [("1", 100, "ann")]


def test_map_overrules_a_signature_and_a_synonym(load: Load) -> None:
    text = "order_id,date,amount,net,card\n1,2024-01-13,100,80,c7\n"
    fields = (("line_amount", "net"), ("customers.customer_id", "card"))
    dataset = load(text, fields=fields)
    assert rows(dataset, "transactions", "line_amount", "customer_id", "x_amount") == [(80, "c7", "100")]
    shop = load(SHOPIFY, fields=(("product_name", "Email"),))
    assert plan(shop).system == "shopify"
    assert rows(shop, "transactions", "product_name", "customer_id") == [("a@x.com", None)]


def test_map_overrules_a_constant(load: Load, tmp_path: Path) -> None:
    system = tmp_path / "my.toml"
    system.write_text(MINE, encoding="utf-8")
    text = "beleg,wann,geld,wo\n1,2024-01-13,5,web\n"
    assert rows(load(text, system=str(system)), "transactions", "channel") == [("till",)]
    assert rows(load(text, system=str(system), fields=(("channel", "wo"),)), "transactions", "channel") == [("web",)]


def test_map_for_one_file_leaves_the_others_alone(load: Load) -> None:
    files = {"a.csv": "order_id,date,net\n1,2024-01-13,5\n", "b.csv": "order_id,date,amount\n2,2024-01-14,6\n"}
    dataset = load(files, fields=(("line_amount", "net"),))
    assert rows(dataset, "transactions", "order_id", "line_amount") == [("1", 5), ("2", 6)]


def test_map_names_that_do_not_exist(load: Load) -> None:
    text = "order_id,date,amount\n1,2024-01-13,5\n"
    with pytest.raises(UsageError, match="no source has a column 'Amuont'") as column:
        load(text, fields=(("line_amount", "Amuont"),))
    assert column.value.values["nearest"] == "amount"
    with pytest.raises(UsageError, match="no field 'amuont'"):
        load(text, fields=(("amuont", "amount"),))


def test_table_says_what_a_file_is(load: Load) -> None:
    text = {"guests.csv": "name,email\nAnn,ann@x.com\n", "x.csv": "name,email\nBob,bob@x.com\n"}
    assert load(text).inputs[0].plan.entity == "customers"
    forced = load({"a.csv": "date,campaign,cost\n2024-01-13,a,5\n"}, tables=(("campaigns", "a*"),))
    assert rows(forced, "campaigns", "campaign", "spend") == [("a", 5)]
    with pytest.raises(UsageError, match="no table 'guests'"):
        load(text, tables=(("guests", "*.csv"),))


def test_system_is_a_name_or_a_toml_file(load: Load, tmp_path: Path) -> None:
    system = tmp_path / "my.toml"
    system.write_text(MINE, encoding="utf-8")
    dataset = load(TILLS, system=str(system))
    assert (plan(dataset).system, plan(dataset).title) == ("mine", "mine tills")
    assert rows(dataset, "transactions", "order_id", "line_amount", "channel") == [("1", 5, "till")]
    assert plan(load(SHOPIFY, system="shopify")).system == "shopify"
    assert plan(load(SHOPIFY, system="stripe")).system == "shopify"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[[table]\n", "not a system description"),
        ('[[table]]\nentity = "orders"\n', "unknown table orders"),
        ("[[table]]\n", "unknown table None"),
        ('[[table]]\nentity = "deals"\n[table.fields]\nprice = "x"\n', "unknown field price"),
    ],
)
def test_a_system_file_with_a_mistake(content: str, reason: str, load: Load, tmp_path: Path) -> None:
    system = tmp_path / "my.toml"
    system.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=reason):
        load(TILLS, system=str(system))


def test_a_system_that_is_not_there(load: Load, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no system 'shopfy'"):
        load(TILLS, system="shopfy")
    with pytest.raises(UsageError, match="No such file"):
        load(TILLS, system=str(tmp_path / "my.toml"))


def test_a_table_that_explains_more_but_lacks_something_wins_over_a_poorer_one(load: Load) -> None:
    # The name and city alone would make it a customer list, but these are orders without an amount.
    found = plan(load("order id,order date,product name,quantity,customer name,city\n1,2024-01-13,Mug,2,Ann,Bath\n"))
    assert found.entity == "other"
    assert found.lacks == ("transactions.line_amount|order_total|quantity&unit_price",)


def test_every_shipped_system_is_sound() -> None:
    for name, system in mapping.systems().items():
        assert mapping.load_system(name) == system
        for table in system["table"]:
            entity = table["entity"]
            fields = [column if "." in column else f"{entity}.{column}" for column in table.get("fields", {})]
            assert all(map(mapping.known_field, fields)), (name, table["title"])
            if entity != "other":
                assert mapping.missing(fields, entity) == [], (name, table["title"])
