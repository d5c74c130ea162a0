"""Exports of CRMs, mailing lists and helpdesks, each in the layout its product writes; figures counted by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from tests.ingest.conftest import Load, book, day, plans, rows, utc

# ---------------------------------------------------------------- Dynamics 365
_DYNAMICS = ("Row Checksum", "Modified On")


def dynamics(entity: str, *header: str) -> tuple[str, ...]:
    return (f"(Do Not Modify) {entity}", *(f"(Do Not Modify) {name}" for name in _DYNAMICS), *header)


def test_dynamics_opportunities_of_a_workbook(load: Load) -> None:
    header = dynamics("Opportunity", "Topic", "Account", "Contact", "Pipeline Phase", "Status", "Status Reason")
    header += ("Est. Revenue", "Actual Revenue", "Close Date", "Created On", "Owner", "Modified On")
    opened, closed, changed = datetime(2026, 1, 12, 9, 30), datetime(2026, 2, 3), datetime(2026, 2, 3, 10)
    ids = [f"0a1b2c3d-0000-ec11-b6e6-00000000000{digit}" for digit in "123"]
    end = (closed, opened, "Jo", changed)
    lines = [
        (
            ids[0],
            "1",
            changed,
            "Kiosk",
            "Blue Yonder",
            "Ann Lee",
            "4-Close",
            "Won",
            "Won",
            "3,600.00",
            "3,522.00",
            *end,
        ),
        (ids[1], "2", changed, "Panel", "Litware", "Bob Ray", "2-Develop", "Lost", "Canceled", "900.00", None, *end),
        (ids[2], "3", changed, "Stand", "Litware", None, "1-Qualify", "Open", "In Progress", "1,100.00", None, *end),
    ]
    dataset = load({"My Open Opportunities 2-10-2026.xlsx": book(header, *lines)})
    assert plans(dataset) == [("dynamics", "deals")]
    assert rows(dataset, "deals", "deal_id", "status", "amount", "closed_at", "created_at") == [
        (ids[0], "won", 3522, utc("2026-02-03T00:00:00"), utc("2026-01-12T09:30:00")),
        (ids[1], "lost", 900, utc("2026-02-03T00:00:00"), utc("2026-01-12T09:30:00")),
        (ids[2], "open", 1100, None, utc("2026-01-12T09:30:00")),
    ]
    assert rows(dataset, "transactions", "order_id", "ordered_on", "line_amount") == [(ids[0], day("2026-02-03"), 3522)]
    assert rows(dataset, "customers", "full_name", "company") == [
        ("Ann Lee", "Blue Yonder"),
        ("Bob Ray", "Litware"),
        (None, "Litware"),
    ]


def test_dynamics_contacts_accounts_and_leads(load: Load) -> None:
    front = '"k","2/14/2026 10:15 AM"'
    contacts = ",".join(dynamics("Contact", "Full Name", "Email", "Company Name", "Mobile Phone", "Birthday"))
    contacts += ",Do not allow Bulk Emails\n"
    contacts += f"c-1,{front},Ann Lee,ANN@contoso.com,Contoso,+1 425 555 0101,4/23/1984,Allow\n"
    contacts += f"c-2,{front},Bob Ray,bob@contoso.com,Contoso,,,Do Not Allow\n"
    accounts = ",".join(dynamics("Account", "Account Name", "Main Phone", "Address 1: City", "Primary Contact")) + "\n"
    accounts += f"a-1,{front},Contoso,425-555-0100,Redmond,Ann Lee\n"
    leads = ",".join(dynamics("Lead", "Name", "Topic", "Status Reason", "Created On", "Company Name", "Email")) + "\n"
    leads += f"l-1,{front},Cy Poe,Needs a quote,New,2/14/2026 9:05 AM,Fabrikam,cy@fabrikam.com\n"
    leads += f"l-2,{front},Di Orr,Spam,Disqualified,2/15/2026 9:05 AM,,di@x.com\n"
    dataset = load({"Contacts.csv": contacts, "Accounts.csv": accounts, "Leads.csv": leads})
    assert plans(dataset) == [("dynamics", "customers"), ("dynamics", "customers"), ("dynamics", "deals")]
    assert rows(dataset, "customers", "customer_id", "email_key", "consent", "birth_date", "city") == [
        ("a-1", None, None, None, "Redmond"),
        ("c-1", "ann@contoso.com", None, day("1984-04-23"), None),
        ("c-2", "bob@contoso.com", False, None, None),
        ("cy@fabrikam.com", "cy@fabrikam.com", None, None, None),
        ("di@x.com", "di@x.com", None, None, None),
    ]
    assert rows(dataset, "deals", "deal_id", "status", "created_at", "pipeline") == [
        ("lead-l-1", "open", utc("2026-02-14T09:05:00"), "Leads"),
        ("lead-l-2", "lost", utc("2026-02-15T09:05:00"), "Leads"),
    ]


# ---------------------------------------------------------------- Pipedrive
def test_pipedrive(load: Load) -> None:
    deals = """\
    Deal - ID,Deal - Title,Deal - Creator,Deal - Owner,Deal - Value,Deal - Currency of Value,Deal - Organization,\
Deal - Organization ID,Deal - Pipeline,Deal - Contact person,Deal - Contact person ID,Deal - Stage,Deal - Status,\
Deal - Deal created,Deal - Won time,Deal - Lost time,Deal - Lost reason,Deal - Expected close date
    7,Site,Eva,Eva,12000,EUR,Nordwind GmbH,3,Sales,Ann Lee,51,Contract,Won,2026-01-05 08:30:00,2026-01-20 16:45:10,,\
,2026-01-31
    8,Logo,Eva,Eva,800.50,EUR,,,Sales,Bob Ray,52,Contact made,Lost,2026-01-06 09:00:00,,2026-01-09 10:00:00,Price,
    9,Shop,Eva,Max,4000,EUR,Nordwind GmbH,3,Sales,,,Qualified,Open,2026-01-07 09:00:00,,,,2026-03-01
    """
    people = """\
    Person - ID,Person - Name,Person - Organization,Person - Email (Work),Person - Phone (Mobile),Person - Owner,\
Person - Marketing status
    51,Ann Lee,Nordwind GmbH,ann@nordwind.de,+49 30 901820,Eva,Subscribed
    52,Bob Ray,,bob@ray.org,,Eva,Unsubscribed
    53,Cy Poe,,cy@poe.org,,Eva,No consent
    """
    firms = """\
    Organization - ID,Organization - Name,Organization - Owner,Organization - Address,\
Organization - Country of Address
    3,Nordwind GmbH,Eva,"Seestr. 1, Berlin",Germany
    """
    calls = """\
    Activity - ID,Activity - Type,Activity - Subject,Activity - Due date,Activity - Done,Activity - Deal ID,\
Activity - Contact person,Activity - Contact person ID,Activity - Assigned to user
    1,Call,First call,2026-01-06,Done,7,Ann Lee,51,Eva
    2,Lunch,At noon,2026-01-08,To do,8,Bob Ray,52,Eva
    """
    names = ("activities-1.csv", "deals-1.csv", "organizations-1.csv", "people-1.csv")
    dataset = load(dict(zip(names, (calls, deals, firms, people), strict=True)))
    assert plans(dataset) == [("pipedrive", table) for table in ("interactions", "deals", "customers", "customers")]
    assert rows(dataset, "deals", "deal_id", "status", "amount", "currency", "closed_at", "customer_id") == [
        ("7", "won", 12000, "EUR", utc("2026-01-20T16:45:10"), "51"),
        ("8", "lost", Decimal("800.50"), "EUR", utc("2026-01-09T10:00:00"), "52"),
        ("9", "open", 4000, "EUR", None, "company-3"),
    ]
    assert rows(dataset, "customers", "customer_id", "customer_type", "consent", "phone_e164") == [
        ("51", "person", True, "+4930901820"),
        ("52", "person", False, None),
        ("53", "person", False, None),
        ("company-3", "company", None, None),
    ]
    assert rows(dataset, "interactions", "kind", "started_at", "customer_id", "deal_id", "agent") == [
        ("call", utc("2026-01-06T00:00:00"), "51", "7", "Eva"),
        ("meeting", utc("2026-01-08T00:00:00"), "52", "8", "Eva"),
    ]


# ---------------------------------------------------------------- Odoo
ODOO = """\
"Order Reference","Order Date","Customer","Salesperson","Status","Order Lines/Product","Order Lines/Quantity",\
"Order Lines/Unit Price","Order Lines/Discount (%)","Order Lines/Subtotal","Total"
"S00021","2026-02-03 08:12:55","Azure Interior, Brandon Freeman","Mitchell Admin","Sales Order",\
"[FURN_0096] Customizable Desk","2.0","750.0","10.0","1350.0","1550.0"
"","","","","","[FURN_8888] Office Lamp","5.0","40.0","0.0","200.0",""
"S00022","2026-02-04 09:00:00","Deco Addict","Marc Demo","Quotation","[FURN_8888] Office Lamp","1.0","40.0","0.0",\
"40.0","40.0"
"S00023","2026-02-05 10:30:00","Deco Addict","Marc Demo","Cancelled","[FURN_8888] Office Lamp","3.0","40.0","0.0",\
"120.0","120.0"
"""


def test_odoo_orders_with_blank_continuation_rows(load: Load) -> None:
    dataset = load({"sale.order.csv": ODOO})
    assert plans(dataset) == [("odoo", "transactions")]
    assert rows(dataset, "transactions", "order_id", "line_amount", "discount", "status", "ordered_on") == [
        ("S00021", 200, 0, "paid", day("2026-02-03")),
        ("S00021", 1350, 150, "paid", day("2026-02-03")),
        ("S00022", 40, 0, "cancelled", day("2026-02-04")),
        ("S00023", 120, 0, "cancelled", day("2026-02-05")),
    ]
    lines = dataset.tables["transactions"].collect()
    assert lines.filter(order_id="S00021")["customer_id"].n_unique() == 1
    assert lines.filter(order_id="S00021")["customer_id"].null_count() == 0


def test_odoo_technical_names_and_partners(load: Load) -> None:
    orders = """\
    name,date_order,partner_id/id,partner_id,state,order_line/product_id,order_line/product_uom_qty,\
order_line/price_unit,order_line/price_subtotal
    S1,2026-02-03 08:12:55,__export__.p_7,Иванов Иван,Заказ на продажу,Стол,2,1500,3000
    ,,,,,Стул,1,500,500
    """
    partners = """\
    id,name,is_company,email,mobile,vat,country_id
    __export__.p_7,Иванов Иван,False,ivan@mail.ru,+7 927 100-20-30,,Россия
    __export__.p_8,ООО Ромашка,True,info@romashka.ru,,7701234567,Россия
    """
    dataset = load({"order.csv": orders, "partner.csv": partners})
    assert plans(dataset) == [("odoo", "transactions"), ("odoo", "customers")]
    assert rows(dataset, "transactions", "order_id", "customer_id", "line_amount", "status") == [
        ("S1", "__export__.p_7", 500, "paid"),
        ("S1", "__export__.p_7", 3000, "paid"),
    ]
    assert rows(dataset, "customers", "customer_id", "customer_type", "phone_e164", "tax_id") == [
        ("__export__.p_7", "person", "+79271002030", None),
        ("__export__.p_8", "company", None, "7701234567"),
    ]


def test_odoo_leads(load: Load) -> None:
    dataset = load("""\
    External ID,Opportunity,Contact Name,Email,Stage,Expected Revenue,Probability,Created on,Expected Closing,\
Closed Date,Active,Lost Reason,Salesperson
    lead_1,Desks,Ann Lee,ann@x.com,Won,"24,000.00",100,2026-01-05 08:00:00,2026-02-01,2026-01-25 12:00:00,True,,\
Mitchell
    lead_2,Lamps,Bob Ray,bob@x.com,Proposition,500.0,0,2026-01-06 08:00:00,,2026-01-26 12:00:00,False,Too expensive,\
Mitchell
    lead_3,Shelf,Cy Poe,cy@x.com,Qualified,900.0,40,2026-01-07 08:00:00,2026-03-01,,True,,Marc
    """)
    assert plans(dataset) == [("odoo", "deals")]
    assert rows(dataset, "deals", "deal_id", "status", "amount", "closed_at") == [
        ("lead_1", "won", 24000, utc("2026-01-25T12:00:00")),
        ("lead_2", "lost", 500, utc("2026-01-26T12:00:00")),
        ("lead_3", "open", 900, None),
    ]
    assert rows(dataset, "transactions", "line_amount") == [(24000,)]


# ---------------------------------------------------------------- Zendesk, Mailchimp, Matomo
def test_zendesk_tickets(load: Load) -> None:
    dataset = load("""\
    Summation column,Id,Requester,Requester id,Requester external id,Requester email,Submitter,Assignee,Group,\
Subject,Tags,Status,Priority,Via,Ticket type,Created at,Updated at,Assigned at,Organization,Due date,\
Initially assigned at,Solved at,Resolution time,Satisfaction Score,Group stations,Assignee stations,Reopens,Replies,\
First reply time in minutes
    1,501,Ann Lee,9001,-,ann@x.com,Ann Lee,Eva,Support,"Broken, again",vip,Closed,High,Mail,Incident,\
2026-01-05 10:11,2026-01-07 09:00,2026-01-05 10:12,-,-,2026-01-05 10:12,2026-01-06 12:00,25.82,Good,1,1,0,2,15
    1,502,Bob Ray,9002,-,bob@x.com,Bob Ray,Eva,Support,Where is it,-,Open,Normal,Web Form,Question,2026-01-13 23:59,\
2026-01-14 09:00,-,-,-,-,-,-,Not Offered,0,0,0,0,-
    """)
    assert plans(dataset) == [("zendesk", "interactions")]
    assert rows(
        dataset, "interactions", "interaction_id", "kind", "started_at", "ended_at", "customer_id", "outcome"
    ) == [
        ("501", "ticket", utc("2026-01-05T10:11:00"), utc("2026-01-06T12:00:00"), "9001", "Closed"),
        ("502", "ticket", utc("2026-01-13T23:59:00"), None, "9002", "Open"),
    ]
    assert rows(dataset, "interactions", "subject", "medium", "satisfaction", "agent")[0] == (
        ("Broken, again", "Mail", "Good", "Eva")
    )


MAILCHIMP = (
    "MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION"
)


def test_mailchimp_members_by_status(load: Load) -> None:
    person = "Email Address,First Name,Last Name,"
    place = ",40.7,-74.0,-5,-4,America/New_York,US,NY,"
    times = '3,"2025-11-02 08:00:00",,"2025-11-02 08:05:00",1.2.3.4'
    end = "LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
    tags = '"""VIP"",""Blog"""'
    changed = '"2026-01-05 10:00:00"'
    subscribed = person + MAILCHIMP + "," + end
    subscribed += f"ann@x.com,Ann,Lee,{times}{place}{changed},101,e1,,{tags}\n"
    subscribed += f'"bob@x.com","Bob","Ray",{times}{place}{changed},102,e2,"A\\, b and c",\n'
    left = (
        person + MAILCHIMP + ",UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER," + end
    )
    left += f'cy@x.com,Cy,Poe,{times}{place}"2026-01-05 10:00:00",News,9,NORMAL,,{changed},103,e3,,\n'
    cleaned = person + MAILCHIMP + ",CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID," + end
    cleaned += f'di@x.com,Di,Orr,{times}{place}"2026-01-06 10:00:00",News,9,{changed},104,e4,,\n'
    never = person + MAILCHIMP + "," + end + f"el@x.com,El,Fry,{times}{place}{changed},105,e5,,\n"
    files = {"subscribed": subscribed, "unsubscribed": left, "cleaned": cleaned, "nonsubscribed": never}
    dataset = load({f"{status}_email_audience_export_1a2b.csv": text for status, text in files.items()})
    assert plans(dataset) == [("mailchimp", "customers")] * 4
    assert rows(dataset, "customers", "customer_id", "email_key", "consent", "last_name") == [
        ("e1", "ann@x.com", True, "Lee"),
        ("e2", "bob@x.com", True, "Ray"),
        ("e3", "cy@x.com", False, "Poe"),
        ("e4", "di@x.com", False, "Orr"),
        ("e5", "el@x.com", False, "Fry"),
    ]
    assert rows(dataset, "customers", "created_at", "country")[0] == (utc("2025-11-02T08:00:00"), "US")
    # Under another name nothing says who is subscribed, but the columns still say who left.
    renamed = load({"a.csv": subscribed, "b.csv": left, "c.csv": cleaned})
    assert rows(renamed, "customers", "customer_id", "consent") == [
        ("e1", None),
        ("e2", None),
        ("e3", False),
        ("e4", False),
    ]


def test_matomo_visits_as_excel_takes_them(load: Load) -> None:
    header = "idVisit\tvisitorId\tuserId\tvisitIp\tserverTimePretty\tserverTimestamp\tfirstActionTimestamp"
    header += "\tvisitDuration\tvisitDurationPretty\tvisitCount\tactions\treferrerType\treferrerName\tcountry\tcity"
    header += "\tcampaignName\tactionDetails_0_url\n"
    # 1768300200 is 2026-01-13 10:30:00 UTC.
    lines = "17\tabc123\tann@x.com\t10.0.0.0\t10:30:00\t1768300330\t1768300200\t130\t2 min 10s\t3\t4\tsearch\tGoogle"
    lines += "\tGermany\tBerlin\t\thttps://shop.example/a\n"
    lines += "18\tdef456\t\t10.0.0.0\t10:31:00\t1768300260\t1768300260\t0\t0s\t1\t1\tcampaign\tspring"
    lines += "\tGermany\tBonn\tspring\thttps://shop.example/b\n"
    dataset = load({"Export _ Visitor Log.tsv": (header + lines).encode("utf-16")})
    assert plans(dataset) == [("matomo", "interactions")]
    columns = ("interaction_id", "kind", "started_at", "duration_seconds", "customer_id", "campaign", "page")
    assert rows(dataset, "interactions", *columns) == [
        ("17", "web_visit", utc("2026-01-13T10:30:00"), 130, "ann@x.com", None, "https://shop.example/a"),
        ("18", "web_visit", utc("2026-01-13T10:31:00"), 0, "def456", "spring", "https://shop.example/b"),
    ]


# ---------------------------------------------------------------- EspoCRM
def test_espocrm_by_attributes_and_by_russian_labels(load: Load) -> None:
    deals = """\
    "id";"name";"amount";"amountCurrency";"accountId";"accountName";"stage";"probability";"leadSource";"closeDate";\
"createdAt";"assignedUserName"
    "5f01a";"Сайт";"120000.5";"RUB";"5fa01";"Альфа";"Closed Won";"100";"Web Site";"2026-02-20";\
"2026-01-11 07:15:00";"Олег"
    "5f02b";"Окна";"7000";"RUB";"5fa01";"Альфа";"Closed Lost";"0";"Call";"2026-02-21";"2026-01-12 07:15:00";"Олег"
    "5f03c";"Лого";"5000";"RUB";"";"";"Negotiation";"50";"";"2026-03-31";"2026-01-13 07:15:00";"Олег"
    """
    dataset = load({"Export_Opportunity.csv": deals})
    assert plans(dataset) == [("espocrm", "deals")]
    assert rows(dataset, "deals", "deal_id", "status", "amount", "currency", "closed_at", "customer_id") == [
        ("5f01a", "won", Decimal("120000.5"), "RUB", utc("2026-02-20T00:00:00"), "5fa01"),
        ("5f02b", "lost", 7000, "RUB", utc("2026-02-21T00:00:00"), "5fa01"),
        ("5f03c", "open", 5000, "RUB", None, None),
    ]
    labels = """\
    Имя;Организация;Стадия;Сумма;Вероятность успеха, %;Дата закрытия;Создано
    Сайт;Альфа;Закрыто - Успех;120 000,50;100;20.02.2026;11.01.2026 10:15
    Окна;Альфа;Закрыто - Провал;7 000,00;0;21.02.2026;12.01.2026 10:15
    Лого;Бета;Переговоры;5 000,00;50;31.03.2026;13.01.2026 10:15
    """
    dataset = load({"Export_Opportunity.csv": labels})
    assert plans(dataset) == [("espocrm", "deals")]
    assert rows(dataset, "deals", "name", "status", "amount") == [
        ("Лого", "open", 5000),
        ("Окна", "lost", 7000),
        ("Сайт", "won", Decimal("120000.5")),
    ]


def test_espocrm_contacts_who_opted_out(load: Load) -> None:
    dataset = load("""\
    "id";"firstName";"lastName";"accountName";"emailAddress";"emailAddressIsOptedOut";"phoneNumber";"createdAt"
    "6a";"Анна";"Котова";"Альфа";"anna@mail.ru";"0";"+7 927 111-22-33";"2026-01-11 07:15:00"
    "6b";"Олег";"Рыжов";"";"oleg@mail.ru";"1";"";"2026-01-12 07:15:00"
    """)
    assert plans(dataset) == [("espocrm", "customers")]
    # Who did not opt out has not asked for mail by that.
    assert rows(dataset, "customers", "customer_id", "consent", "phone_e164", "x_emailaddressisoptedout") == [
        ("6a", None, "+79271112233", "0"),
        ("6b", False, None, "1"),
    ]


def test_mailchimp_columns_of_those_who_left_may_be_empty(load: Load) -> None:
    text = "Email Address,UNSUB_TIME,UNSUB_REASON,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,LEID,EUID\n"
    text += (
        "ann@x.com,,,3,,2025-06-25 17:38:27,1,e1\nbob@x.com,2025-07-01 10:00:00,NORMAL,3,,2025-06-25 17:38:27,2,e2\n"
    )
    dataset = load({"subscribed_segment_export.csv": text})
    assert rows(dataset, "customers", "customer_id", "consent") == [("e1", True), ("e2", False)]
