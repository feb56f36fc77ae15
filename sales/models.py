"""Orders and sales, which are final (contract, "Sale", "Purchase")."""

from typing import TYPE_CHECKING

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from homeshield.accounts.models import ApiKey, Client
from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.models import LedgerTransaction
from homeshield.billing.ledger.triggers import source_trigger
from homeshield.lib.identity import IdentityField
from homeshield.lib.ids import new_id
from homeshield.lib.money import CURRENCY, MoneyField
from homeshield.lib.table_rules import APPEND, OWN_CLIENT, STAFF_LOOKS, OwnerFunction, Policy, TableRules
from homeshield.lib.triggers import FirmOwnerTrigger
from inventory.exclusion.triggers import sale_trigger
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.models import Lead
from pricing.discounts.prices import Price
from pricing.models import DiscountRule, Quote
from sales.cart.models import Draft, DraftLine
from sales.history.models import ErasedLead, PurchasedLead
from sales.invoicing.models import OrderInvoice, order_has_its_invoice
from sales.line_fields import LineFields
from sales.privacy.models import Notice, OptOutCode
from sales.returns.models import CreditOfReturn, Return
from sales.saved.models import SavedSearch
from sales.territories.models import SavedTerritory

if TYPE_CHECKING:
    from sales.history.origins import Origin

__all__ = [
    "CreditOfReturn", "Draft", "DraftLine", "ErasedLead", "Notice", "OptOutCode", "Order", "OrderInvoice", "OrderLine",
    "OrderPayment", "PurchasedLead", "Return", "Sale", "SavedSearch", "SavedTerritory",
]  # fmt: skip


def _would_grow(table: str, leads: str, name: str) -> str:
    """A trigger that keeps `leads` in this table within the order's quantity: a placed order cannot grow."""
    return f"""
        SELECT orders.id INTO grown
        FROM orders
        WHERE orders.id IN (SELECT order_id FROM new_rows)
          AND orders.quantity < (SELECT {leads} FROM {table} part WHERE part.order_id = orders.id)
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'order % is final: it gets nothing more', grown
                USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
        END IF;
        RETURN NULL;
    """  # noqa: S608 - the names are ours


class Order(models.Model):
    """A completed purchase, final. At commit its quantity and total must equal those of its lines and of its sales, and
    the ledger must have its payment.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = IdentityField(first=10_001, unique=True, help_text="For people: #10001.")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="orders", db_index=False)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="orders", db_index=False
    )
    # The migration's composite foreign key: the key is the client's.
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="API key", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    placed_at_utc = models.DateTimeField("placed (UTC)")
    quantity = models.PositiveIntegerField("leads")
    total = MoneyField("total (USD)")
    currency = models.CharField(max_length=3, default=CURRENCY)
    quote = models.ForeignKey(
        Quote,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="The quote whose prices the order paid. Empty means the prices in force.",
    )
    idempotency_key = models.CharField(max_length=255)
    request_digest = models.CharField("digest of what was asked for", max_length=64)

    not_personal = ("currency", "idempotency_key", "request_digest")

    table_rules = TableRules(web_may=APPEND, policies=(OWN_CLIENT, STAFF_LOOKS))

    class Meta:
        db_table = "orders"
        ordering = ["-placed_at_utc", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "idempotency_key"],
                name="order_once_per_client_and_key",
                violation_error_message="This order has been placed already.",
            ),
            models.UniqueConstraint(
                fields=["quote"],
                condition=Q(quote__isnull=False),
                name="order_once_per_quote",
                violation_error_message="This quote has been used already.",
            ),
            models.CheckConstraint(name="order_total_not_negative", condition=Q(total__gte=0)),
            models.CheckConstraint(name="order_quantity_positive", condition=Q(quantity__gte=1)),
            models.CheckConstraint(name="order_currency_known", condition=Q(currency=CURRENCY)),
        ]
        indexes = [
            models.Index("client", F("placed_at_utc").desc(), F("id").desc(), name="order_history"),
        ]
        triggers = [
            pgtrigger.Protect(name="order_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="order_by_a_quote_of_its_client",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__quote__isnull=False),
                func="""
                    IF NOT EXISTS (SELECT FROM quotes
                                   WHERE id = NEW.quote_id AND client_id = NEW.client_id
                                     AND expires_at_utc > NEW.placed_at_utc) THEN
                        RAISE EXCEPTION 'order % names a quote that is not its client''s, or has expired', NEW.id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_by_a_quote_of_its_client';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="order_adds_up",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                    IF NOT EXISTS (SELECT FROM sales WHERE order_id = NEW.id
                                   HAVING count(*) = NEW.quantity AND sum(purchase_price) = NEW.total)
                       OR NOT EXISTS (SELECT FROM order_lines WHERE order_id = NEW.id
                                      HAVING sum(quantity) = NEW.quantity AND sum(amount) = NEW.total) THEN
                        RAISE EXCEPTION 'order % does not add up to its lines and sales', NEW.id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_adds_up';
                    END IF;
                    RETURN NULL;
                """,
            ),
            order_has_its_invoice(),
            FirmOwnerTrigger(
                name="order_is_paid",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__total__gt=0),
                func="""
                    IF NOT EXISTS (SELECT FROM ledger_transactions made JOIN ledger_legs leg ON transaction_id = made.id
                                   WHERE (made.kind, made.source_id) = ('order', NEW.id) AND leg.account = 'client'
                                     AND (leg.client_id, leg.amount) = (NEW.client_id, - NEW.total)) THEN
                        RAISE EXCEPTION 'order % is not paid', NEW.id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_is_paid';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    replayed = False
    """Whether this answers a repeated request. Not stored."""

    def __str__(self) -> str:
        return f"Order #{self.number}"


class OrderPayment(LedgerTransaction):
    """Carries the trigger that holds a payment to its order: its client, amount, instant, and who placed it."""

    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [
            source_trigger(
                kind=Kind.ORDER,
                source="""
                    SELECT FROM orders
                    WHERE id = NEW.source_id
                      AND (client_id, total, placed_at_utc) = (NEW.client_id, - of_client, NEW.happened_at_utc)
                      AND (placed_by_id, api_key_id) IS NOT DISTINCT FROM (NEW.entered_by_id, NEW.api_key_id)
                """,
            ),
        ]


class OrderLine(LineFields):
    """A line, filled in full, at the price of that instant."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines", db_index=False)
    number = models.PositiveSmallIntegerField("line")
    unit_price = MoneyField("unit price (USD)")
    list_price = MoneyField("general price (USD)")
    discount = models.ForeignKey(
        DiscountRule, on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        help_text="What made it cheaper. Empty where it is not, or is the client's own price.",
    )  # fmt: skip
    amount = MoneyField("amount (USD)")
    replaced = models.PositiveSmallIntegerField(
        default=0, help_text="How many leads replaced ones that were asked for by id and were gone."
    )
    territory = models.PositiveSmallIntegerField(
        null=True, help_text="Lines of one number are the places of one territory that was asked for, as that line."
    )
    territory_label = models.TextField(blank=True, default="", db_default="")

    not_personal = (*LineFields.not_personal, "territory_label")

    table_rules = TableRules(
        web_may=APPEND,
        policies=(
            Policy("of_visible_order", "SELECT", using="EXISTS (SELECT FROM orders WHERE orders.id = order_id)"),
            # A line is inserted before its order is visible. Triggers protect other orders.
            Policy("new_line", "INSERT", check="true"),
        ),
    )

    class Meta(LineFields.Meta):
        db_table = "order_lines"
        ordering = ["order", "number"]
        constraints = [
            *LineFields.Meta.constraints,
            models.UniqueConstraint(fields=["order", "number"], name="order_line_number_once"),
            models.CheckConstraint(name="order_line_price_not_negative", condition=Q(unit_price__gte=0)),
            models.CheckConstraint(
                name="order_line_never_above_the_general_price", condition=Q(list_price__gte=F("unit_price"))
            ),
            models.CheckConstraint(name="order_line_replaced_at_most_all", condition=Q(replaced__lte=F("quantity"))),
            models.CheckConstraint(
                name="order_line_amount_is_price_times_quantity",
                condition=Q(amount=F("unit_price") * F("quantity")),
            ),
            models.CheckConstraint(
                name="order_line_of_a_territory_has_its_place_and_label",
                condition=Q(territory__isnull=True, territory_label="")
                | Q(territory__gte=1, state__isnull=False) & ~Q(territory_label=""),
            ),
        ]
        indexes = [
            models.Index("discount", condition=Q(discount__isnull=False), name="order_line_by_discount"),
        ]
        triggers = [
            pgtrigger.Protect(name="order_line_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="order_gets_no_more_lines",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                declare=[("grown", "uuid")],
                func=_would_grow("order_lines", "sum(quantity)", "order_gets_no_more_lines"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.criteria.label}"

    @property
    def price(self) -> Price:
        """What each lead of the line cost, and why."""
        return Price(self.unit_price, self.list_price, self.discount.facts if self.discount else None)

    @property
    def territory_index(self) -> int | None:
        """From 0, as programs count the lines that they ask for."""
        return None if self.territory is None else self.territory - 1


class Sale(models.Model):
    """One lead sold to one client: exclusive for its age bucket, and never to the same client again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="sales", db_index=False)
    line_number = models.PositiveSmallIntegerField("line")
    inventory = models.OneToOneField(InventoryRecord, on_delete=models.PROTECT, related_name="sale")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="sales", db_index=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="sales", db_index=False)
    age_bucket = models.CharField("age bucket at purchase", max_length=14, choices=AgeBucket)
    purchase_price = MoneyField("purchase price (USD)")
    list_price = MoneyField("general price (USD)")
    currency = models.CharField(max_length=3, default=CURRENCY)
    sold_at_utc = models.DateTimeField("purchase date (UTC)")

    origin: "Origin"
    """Where the lead came from, on a sale that `lead_sale` returns. Not stored."""
    returned: Return | None
    """Its return, if the buyer gave it back, on the same and those of `purchases_page`. Not stored."""

    not_personal = ("currency",)

    table_rules = TableRules(
        web_may=APPEND,
        policies=(OWN_CLIENT, STAFF_LOOKS),
        functions=(
            # To tell another client's sales from missing ones; reveals only existence.
            OwnerFunction("existing_sales(uuid[])", "SETOF uuid", "SELECT id FROM sales WHERE id = ANY ($1)"),
        ),
    )

    class Meta:
        db_table = "sales"
        ordering = ["id"]
        constraints = [
            # Buyer protection (contract, "Sale").
            models.UniqueConstraint(
                fields=["client", "lead"],
                name="sale_once_per_client_and_lead",
                violation_error_message="The client owns this lead already.",
            ),
            models.CheckConstraint(name="sale_price_not_negative", condition=Q(purchase_price__gte=0)),
            models.CheckConstraint(
                name="sale_never_above_the_general_price", condition=Q(list_price__gte=F("purchase_price"))
            ),
            models.CheckConstraint(name="sale_bucket_known", condition=Q(age_bucket__in=AgeBucket.values)),
            models.CheckConstraint(name="sale_currency_known", condition=Q(currency=CURRENCY)),
        ]
        indexes = [
            models.Index("order", "line_number", "id", name="sale_by_order"),
        ]
        triggers = [
            sale_trigger(),
            pgtrigger.Protect(name="sale_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="order_gets_no_more_sales",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                declare=[("grown", "uuid")],
                func=_would_grow("sales", "count(*)", "order_gets_no_more_sales"),
            ),
            # A second guard behind ordering/terms.py.
            pgtrigger.Trigger(
                name="sale_to_a_client_that_may_buy",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                declare=[("barred", "uuid")],
                func="""
                    SELECT sale.id INTO barred
                    FROM new_rows sale JOIN clients client ON client.id = sale.client_id
                    WHERE client.status <> 'active'
                       OR cardinality(client.licensed_states) > 0 AND NOT EXISTS (
                           SELECT FROM inventory record
                           WHERE record.id = sale.inventory_id AND record.state = ANY (client.licensed_states)
                           OFFSET 0  -- row by row, by the key: a cached plan must never read the whole table
                       )
                    LIMIT 1;
                    IF FOUND THEN
                        RAISE EXCEPTION 'sale % is to a client that is not active, or not licensed in its state', barred
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'sale_to_a_client_that_may_buy';
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="sale_agrees_with_inventory",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                declare=[("stray", "uuid")],
                func="""
                    SELECT sale.id INTO stray
                    FROM new_rows sale
                    WHERE NOT EXISTS (
                        SELECT FROM inventory record
                        WHERE record.id = sale.inventory_id
                          AND (record.lead_id, record.age_bucket) = (sale.lead_id, sale.age_bucket)
                          AND record.sold_at_utc = sale.sold_at_utc
                        OFFSET 0  -- row by row, by the key: a cached plan must never read the whole table
                    ) OR NOT EXISTS (
                        SELECT FROM orders
                        WHERE orders.id = sale.order_id
                          AND (orders.client_id, orders.placed_at_utc) = (sale.client_id, sale.sold_at_utc)
                        OFFSET 0
                    ) OR NOT EXISTS (
                        SELECT FROM order_lines line, inventory record
                        WHERE line.order_id = sale.order_id AND line.number = sale.line_number
                          AND record.id = sale.inventory_id
                          AND (line.classification, line.age_bucket, line.unit_price, line.list_price)
                                  = (record.classification, record.age_bucket, sale.purchase_price, sale.list_price)
                          AND coalesce(line.state, record.state) = record.state
                          AND coalesce(line.county, record.county) = record.county
                        OFFSET 0
                    )
                    LIMIT 1;
                    IF FOUND THEN
                        RAISE EXCEPTION 'sale % does not agree with its inventory record, order and line', stray
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'sale_agrees_with_inventory';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Sale {self.id}"
