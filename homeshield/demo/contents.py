from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import connection

from homeshield.accounts.errors import EmailTaken
from homeshield.accounts.models import ClientStatus, User
from homeshield.accounts.services import client_create, staff_create
from homeshield.billing.ledger.models import LedgerTransaction
from homeshield.billing.ledger.services import ledger_adjust
from homeshield.billing.payments.services import transfer_record
from homeshield.database_roles.provisioning import roles_provision
from homeshield.demo.fictional_leads import CAMPAIGN, fictional_csv
from homeshield.lib.errors import DomainError
from homeshield.management.commands.postgres import ENGINE
from homeshield.management.commands.provision_roles import EMBEDDED_ROLE
from inventory.facts.criteria import Criteria, Demand
from inventory.facts.place import Place
from inventory.models import InventoryRecord, Withdrawal
from inventory.upkeep.opening import FirstRecords
from inventory.upkeep.roll import inventory_generate
from inventory.withholding.models import Reason
from inventory.withholding.services import leads_withdraw
from leads.age import AgeBucket
from leads.classification import Classification
from leads.ingestion import IngestOptions, ingest
from leads.models import Lead
from pricing.discounts.models import DiscountRule
from pricing.discounts.services import discount_set
from pricing.errors import ChangeNotConfirmed
from sales.models import Order
from sales.ordering.baskets import CriteriaBasket
from sales.ordering.services import order_place

PASSWORD = "magnolia-porch-light"  # noqa: S105 - public, so the demo needs DEBUG
STAFF, BUYER = "staff@homeshield.example", "buyer@homeshield.example"
MONEY, CREDIT = Decimal("5000.00"), Decimal("16.00")
COMPANY = "Example Insurance Agency"
DISCOUNTS = (("Volume", Decimal("10.0"), 25, ""), ("Welcome", Decimal("12.5"), 1, "WELCOME"))
"""Name, percentage, least number of leads, code."""
BANK = "Example Bank\nName: HomeShield, demo\nRouting number: 000000000\nAccount: 000 0001"
"""Where to transfer, unless the settings say."""
SUPPLIERS = ("SUNRISE", "LAKEVIEW")


class NotTheDemos(DomainError):
    code, status = "not_the_demos", 409
    sentence = (
        "The database that DATABASE_URL names holds leads that the demo did not make, so the demo left it alone. "
        "Name an empty database, or remove DATABASE_URL to use the embedded PostgreSQL."
    )


@dataclass(frozen=True, slots=True)
class Account:
    email: str
    changed: bool
    """Whether the password was changed since the demo set it."""


def embedded() -> bool:
    """Whether the database is the checkout's own, not DATABASE_URL's."""
    engine: str = settings.DATABASES["default"]["ENGINE"]
    return engine == ENGINE


def database_check() -> None:
    """Raises NotTheDemos if DATABASE_URL names a database with other leads. Only reads.

    Stops at the first foreign lead, so it is fast with millions.
    """
    if embedded():
        return
    with connection.cursor() as cursor:
        if Lead._meta.db_table not in connection.introspection.table_names(cursor):
            return
    if Lead.objects.exclude(campaign_id__startswith=CAMPAIGN).exists():
        raise NotTheDemos


def web_role_make() -> bool:
    """Creates the web process's role, if embedded or named by WEB_DATABASE_URL."""
    if embedded():
        settings.WEB_DATABASE = {"USER": EMBEDDED_ROLE}
    if settings.WEB_DATABASE is None:
        return False
    roles_provision(role=settings.WEB_DATABASE["USER"], password=settings.WEB_DATABASE.get("PASSWORD", ""))
    return True


def leads_there(at_most: int) -> int:
    """Counts the demo's leads, up to a limit."""
    return Lead.objects.filter(campaign_id__startswith=CAMPAIGN).order_by()[:at_most].count()


def leads_make(numbers: range, *, as_of: datetime, on_row: Callable[[], None] = lambda: None) -> int:
    """Loads these fictional leads, a file from each supplier. Returns how many were new."""
    half = len(numbers) // len(SUPPLIERS)
    parts = zip(SUPPLIERS, (numbers[:half], numbers[half:]), strict=True)
    return sum(_load(part, supplier, as_of, on_row) for supplier, part in parts if part)


def _load(numbers: range, supplier: str, as_of: datetime, on_row: Callable[[], None]) -> int:
    with TemporaryDirectory() as folder:
        report = ingest(
            source=fictional_csv(numbers, today=as_of.date(), on_row=on_row),
            as_of=as_of,
            records=FirstRecords,
            rejects_path=Path(folder) / "rejects.csv",
            options=IngestOptions(supplier=supplier),
        )
    assert not report.rejected, report.reject_reasons
    return report.loaded


def lead_withdraw(*, as_of: datetime) -> bool:
    """Withdraws one lead that is on sale, once, so that the staff's pages have something to show."""
    record = InventoryRecord.objects.sellable(as_of).order_by("-id").first()
    if record is None or Withdrawal.objects.exists():
        return False
    leads_withdraw(
        lead_ids=[record.lead_id], reason=Reason.DEAD_NUMBER, note="Demo: the number is out of service.", by_id=None,
        as_of=as_of,
    )  # fmt: skip
    return True


def inventory_bring_up_to_date(*, as_of: datetime) -> int:
    """Returns how many records it created."""
    return inventory_generate(as_of=as_of, now=as_of).created


def staff_make() -> Account:
    """Creates the staff user if missing."""
    try:
        user = staff_create(email=STAFF, password=PASSWORD)
    except EmailTaken:
        user = User.objects.get(email=STAFF)
    return Account(user.email, changed=not user.check_password(PASSWORD))


def buyer_make() -> Account:
    """Creates the buyer and company if missing. It is prepaid: an order for more than it has meets 402."""
    try:
        _, user = client_create(company=COMPANY, email=BUYER, password=PASSWORD, status=ClientStatus.ACTIVE)
    except EmailTaken:
        user = User.objects.get(email=BUYER)
    return Account(user.email, changed=not user.check_password(PASSWORD))


def money_make(*, buyer_email: str, as_of: datetime) -> bool:
    """Gives the buyer's company its first money, once: MONEY dollars by transfer, and a credit for the trouble.

    It has no credit limit. Returns whether it did.
    """
    client_id = User.objects.get(email=buyer_email).client_id
    if client_id is None or LedgerTransaction.objects.filter(client_id=client_id).exists():
        return False
    transfer_record(client_id=client_id, amount=MONEY, reference="The demo's transfer", by=None, as_of=as_of)
    ledger_adjust(client_id=client_id, amount=CREDIT, reason="For the trouble", by=None, as_of=as_of)
    return True


def discounts_make(*, as_of: datetime) -> bool:
    """Sets one discount for large orders and one for who knows its code, once. Returns whether it did."""
    if DiscountRule.objects.exists():
        return False
    for name, percentage, least_leads, code in DISCOUNTS:
        discount = partial(
            discount_set, name=name, percentage=percentage, least_leads=least_leads, code=code, as_of=as_of, by=None
        )
        try:
            discount()
        except ChangeNotConfirmed as change:
            discount(confirmed=str(change.change))
    return True


def order_make(*, buyer_email: str) -> Order | None:
    """Places the buyer's first order, once. Returns None if refused."""
    buyer = User.objects.get(email=buyer_email)
    if buyer.client_id is None:
        return None
    demands = [
        Demand(criteria=Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8), quantity=20),
        Demand(
            criteria=Criteria(
                classification=Classification.SILVER, age_bucket=AgeBucket.MONTH_3_TO_5, place=Place("TX")
            ),
            quantity=15,
        ),
    ]
    try:
        return order_place(
            client_id=buyer.client_id, user_id=buyer.id, basket=CriteriaBasket(demands), key="demo: the first order"
        )
    except DomainError:  # little stock, or the client may not buy
        return None
