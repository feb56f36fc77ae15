"""Purchased leads by what their buyer looks for."""

import pgtrigger
from django.db import models

from homeshield.accounts.models import Client
from homeshield.lib.money import MoneyField
from homeshield.lib.personal_data import homeowner
from homeshield.lib.table_rules import OWN_CLIENT_SEES, READ, STAFF_LOOKS, OwnerFunction, TableRules
from homeshield.lib.triggers import FirmTrigger
from leads.models import Lead

TAKE_IN = """
    WITH taken AS (
        INSERT INTO purchased_leads (sale_id, client_id, order_id, line_number, state, county, county_lower, price,
                                     sold_at_utc, called_at_utc, last_name, first_name, city, phone)
        SELECT sale.id, sale.client_id, sale.order_id, sale.line_number, lead.state, coalesce(lead.county, ''),
               lower(coalesce(lead.county, '')), sale.purchase_price, sale.sold_at_utc, lead.created_at_utc,
               lower(coalesce(lead.last_name, substring(lead.full_name FROM '\\S+$'), '')),
               lower(coalesce(lead.first_name, substring(lead.full_name FROM '^\\S+'), '')),
               lower(coalesce(lead.city, '')),
               right(regexp_replace(coalesce(lead.borrower_phone, lead.call_in_phone_number, ''), '\\D', '', 'g'), 10)
        FROM orders
        JOIN sales AS sale ON sale.order_id = orders.id
        JOIN leads AS lead ON lead.id = sale.lead_id
        WHERE orders.client_id = $1
          AND orders.placed_at_utc > coalesce(
                  (SELECT max(sold_at_utc) FROM purchased_leads WHERE client_id = $1) - interval '1 day', '-infinity')
          AND NOT EXISTS (SELECT FROM purchased_leads AS known WHERE known.order_id = orders.id)
        ORDER BY sale.id
        FOR SHARE OF lead
        ON CONFLICT (sale_id) DO NOTHING
        RETURNING sale_id
    )
    SELECT count(*) FROM taken
"""
"""$1: a client. Takes in the orders that are not there yet. An order becomes visible within a day of its instant: no
transaction lasts that long. FOR SHARE: a lead that is being erased is taken in once it is empty."""


def _lowered(label: str) -> "models.TextField[str, str]":
    """Compared byte by byte, so that a prefix is a range of the index. Empty if unknown."""
    return models.TextField(label, blank=True, default="", db_collation="C")


class PurchasedLead(models.Model):
    """What a client finds a purchased lead by, and what its year adds up. Follows sales and leads, which no index can
    search for one client. Orders write none of it: whoever looks has it brought up to date before (purchases.py).
    """

    sale = models.OneToOneField("sales.Sale", on_delete=models.CASCADE, primary_key=True, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    order = models.ForeignKey("sales.Order", on_delete=models.PROTECT, related_name="+", db_index=False)
    line_number = models.PositiveSmallIntegerField("line")
    state = models.CharField(max_length=2)
    county = models.TextField(blank=True)
    county_lower = _lowered("county")
    price = MoneyField("price paid (USD)")
    sold_at_utc = models.DateTimeField("purchased (UTC)")
    called_at_utc = models.DateTimeField("inquiry (UTC)")
    last_name = homeowner(_lowered("last name"))
    first_name = homeowner(_lowered("first name"))
    city = homeowner(_lowered("city"))
    phone = homeowner(_lowered("ten digits of the phone number"))

    not_personal = ("state", "county", "county_lower")

    table_rules = TableRules(
        web_may=READ,
        policies=(OWN_CLIENT_SEES, STAFF_LOOKS),
        # Whoever calls it learns a number, and changes nothing that anybody sees.
        functions=(OwnerFunction("purchases_take_in(uuid)", "bigint", TAKE_IN, writes=True),),
    )

    class Meta:
        db_table = "purchased_leads"
        ordering = ["-sold_at_utc", "-sale_id"]
        indexes = [
            models.Index(fields=["client", "sold_at_utc", "sale"], name="purchased_by_time"),
            models.Index(fields=["client", "last_name", "first_name", "sale"], name="purchased_by_last_name"),
            models.Index(fields=["client", "first_name"], name="purchased_by_first_name"),
            models.Index(fields=["client", "city", "sale"], name="purchased_by_city"),
            models.Index(fields=["client", "county_lower", "sale"], name="purchased_by_county"),
            models.Index(fields=["client", "phone"], name="purchased_by_phone"),
            models.Index(fields=["order", "line_number", "sale"], name="purchased_by_order"),
        ]

    def __str__(self) -> str:
        return f"Purchased lead {self.sale_id}"


class ErasedLead(Lead):
    """Carries the trigger by which erasure reaches what purchases are found by."""

    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [
            FirmTrigger(
                name="purchases_forget_the_erased",
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__erased_at_utc__isnull=False),
                func="""
                    UPDATE purchased_leads SET last_name = '', first_name = '', city = '', phone = ''
                    FROM inventory JOIN sales ON sales.inventory_id = inventory.id
                    WHERE inventory.lead_id = NEW.id AND purchased_leads.sale_id = sales.id;
                    RETURN NULL;
                """,
            ),
        ]
