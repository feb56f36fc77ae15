"""The preview's columns: what is known before purchase, and once what all rows share."""

from datetime import date, datetime

from django.test import Client

from leads.previews import loan_label
from sales.browse.preview import PreviewTable
from tests.factories import stock

GOLD_6 = "classification=Gold&age_bucket=MONTH_6_TO_8"


def table(shop: Client, query: str = "") -> PreviewTable:
    found: PreviewTable = shop.get(f"/inventory/?tab=preview&{query}").context["preview"]
    return found


def test_rows_have_the_columns_that_differ_and_the_rest_is_said_once(shop: Client, now: datetime) -> None:
    stock(1, as_of=now, mortgage_amount="$132,550", source="CALL", call_in_date="04-05-2026 21:14:15")
    stock(1, as_of=now, mortgage_amount="$1,250,000.50", source="Dana 12", call_in_date="12-31-2025 00:00:01")
    found = table(shop, GOLD_6)
    assert [column.name for column in found.columns] == ["Call date", "Loan", "Source"]
    assert sorted([cell.text for cell in cells] for _, cells in found.rows) == [
        ["Apr 5, 2026", "$100,000–149,999", "CALL"],
        ["Dec 31, 2025", "$1,000,000 or more", "OTHER"],
    ]
    assert found.same == ["Pecanville", "Caddo", "Louisiana", "Gold", "6 to 8 months", "$8.00 each"]
    page = shop.get(f"/inventory/?tab=preview&{GOLD_6}").content.decode()
    assert "<strong>All:</strong> Pecanville, Caddo, Louisiana, Gold, 6 to 8 months, $8.00 each</p>" in page
    for hidden in ("132,550", "1,250,000", "21:14", "Dana"):
        assert hidden not in page


def test_what_is_not_known_is_said_so(shop: Client, now: datetime) -> None:
    stock(2, as_of=now, mortgage_amount="150K", source=None, city=None, county=None, call_in_date="02-30-2026 10:00:00")
    found = table(shop)
    assert (found.columns, [name.first_name for name, _ in found.rows]) == ([], ["Ada", "Ada"])
    assert found.same[:3] == ["call date unknown", "city unknown", "county unknown"]
    assert found.same[-3:] == ["loan unknown", "source unknown", "$8.00 each"]


def test_a_single_row_shows_every_column(shop: Client, now: datetime) -> None:
    [record] = stock(1, as_of=now, mortgage_amount="49999", source="web")
    found = table(shop)
    assert found.same == []
    [(_, cells)] = found.rows
    called = record.lead.created_at_utc
    assert [(cell.column.name, cell.text) for cell in cells] == [
        ("Call date", f"{called:%b} {called.day}, {called:%Y}"),
        ("City", "Pecanville"),
        ("County", "Caddo"),
        ("State", "LA"),
        ("Class", "Gold"),
        ("Age", "6 to 8 months"),
        ("Loan", "under $50,000"),
        ("Source", "WEB"),
        ("Price", "$8.00 each"),
    ]
    assert cells[0].value == date(called.year, called.month, called.day)


def test_bands_have_names() -> None:
    assert [loan_label(least) for least in (0, 50_000, 950_000, 1_000_000)] == [
        "under $50,000",
        "$50,000–99,999",
        "$950,000–999,999",
        "$1,000,000 or more",
    ]
