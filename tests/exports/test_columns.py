"""Contract, "Export": exactly the 33 columns, in this order, each with its value."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import connection

from exports.columns import COLUMNS
from exports.services import export_start_order, export_stream
from leads.models import Lead
from sales.models import Order

HEADER = (
    "sale_id,order_id,lead_id,purchase_price,currency,purchase_date,age_bucket_at_purchase,classification,full_name,"
    "first_name,last_name,borrower_phone,call_in_phone_number,address,city,county,state,zip,mortgage_id,"
    "mortgage_amount,lender,sale_date,call_in_date,co_borrower_name,co_borrower,borrower_age,"
    "borrower_medical_issues,borrower_tobacco_use,source,campaign_id,type,status,agent_id"
)
HEADERS = HEADER.split(",")

BOUGHT_AT = datetime(2026, 3, 14, 15, 9, 26, 987_654, tzinfo=UTC)

FACTS = {
    "full_name": 'Ada "Addie" Fontenot, Jr.',
    "first_name": "Ada",
    "last_name": "Fontenot",
    "borrower_phone": "3181000123",
    "call_in_phone_number": "3181000124",
    "address": "12 Magnolia Dr\nApt 3",
    "city": "Pecanville",
    "county": "Doña Ana",
    "state": "NM",
    "zip": "07118-2401",
    "mortgage_id": "00412",
    "mortgage_amount": "$132,550",
    "lender": "FIRST EXAMPLE BANK",
    "sale_date": "3/6/2023",
    "call_in_date": "08-26-2025 09:09:26",
    "co_borrower_name": "BEAU FONTENOT",
    "co_borrower": "Yes",
    "borrower_age": "51",
    "borrower_medical_issues": "No",
    "borrower_tobacco_use": "No",
    "source": "CALL",
    "campaign_id": "WK082625A",
    "type": "NEW MTG",
    "status": "NEW",
    "agent_id": "0007",
}


def exported(order: Order) -> str:
    export = export_start_order(client_id=order.client_id, user=None, order_id=order.id, as_of=BOUGHT_AT)
    return b"".join(export_stream(export)).decode()


def test_the_headers_are_the_33_of_the_contract_in_its_order(order_of: Callable[..., Order]) -> None:
    assert exported(order_of()).split("\r\n")[0] == HEADER
    assert [column.header for column in COLUMNS] == HEADERS
    assert len(HEADERS) == 33


def test_each_column_holds_its_value(order_of: Callable[..., Order]) -> None:
    order = order_of(at=BOUGHT_AT, **FACTS)
    sale = order.sales.get()

    [row] = csv.DictReader(io.StringIO(exported(order), newline=""))

    assert row == FACTS | {
        "sale_id": str(sale.id),
        "order_id": str(order.id),
        "lead_id": str(sale.lead_id),
        "purchase_price": "8.00",
        "currency": "USD",
        "purchase_date": "2026-03-14T15:09:26Z",
        "age_bucket_at_purchase": "MONTH_6_TO_8",
        "classification": "Gold",
    }


def test_the_purchase_date_is_utc_whatever_the_session_s_time_zone(order_of: Callable[..., Order]) -> None:
    order = order_of(at=BOUGHT_AT)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'America/Chicago'")
    assert "2026-03-14T15:09:26Z" in exported(order)


def test_what_a_lead_does_not_have_is_an_empty_cell(order_of: Callable[..., Order]) -> None:
    always = {"call_in_date"}  # until a lead is erased
    absent = [
        field.name for field in Lead._meta.fields if field.null and field.name in HEADERS and field.name not in always
    ]
    order = order_of(**dict.fromkeys(absent))

    [row] = csv.DictReader(io.StringIO(exported(order), newline=""))

    assert len(absent) == 23
    assert {name for name, cell in row.items() if cell == ""} == set(absent)
    assert exported(order).split("\r\n")[1].endswith(",,,,,,,,,,")
