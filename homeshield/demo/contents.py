"""What the demo's database holds, and whether a database is the demo's to fill."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import connection

from homeshield.accounts.errors import EmailTaken
from homeshield.accounts.models import ClientStatus, User
from homeshield.accounts.services import client_create, staff_create
from homeshield.database_roles.provisioning import roles_provision
from homeshield.demo.fictional_leads import CAMPAIGN, fictional_csv
from homeshield.lib.errors import DomainError
from homeshield.management.commands.postgres import ENGINE
from homeshield.management.commands.provision_roles import EMBEDDED_ROLE
from inventory.facts.criteria import Criteria, Demand
from inventory.facts.place import Place
from inventory.upkeep.opening import FirstRecords
from inventory.upkeep.roll import inventory_generate
from leads.age import AgeBucket
from leads.classification import Classification
from leads.ingestion import ingest
from leads.models import Lead
from sales.models import Order
from sales.ordering.baskets import CriteriaBasket
from sales.ordering.services import order_place

PASSWORD = "magnolia-porch-light"  # noqa: S105 - known to everybody, which is why the demo needs DEBUG
STAFF, BUYER = "staff@homeshield.example", "buyer@homeshield.example"
COMPANY = "Example Insurance Agency"


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
    """Whether somebody has given the user another password since the demo made it."""


def embedded() -> bool:
    """Whether the database is the one that comes with the checkout, and not one that DATABASE_URL names."""
    engine: str = settings.DATABASES["default"]["ENGINE"]
    return engine == ENGINE


def database_check() -> None:
    """Raises NotTheDemos where DATABASE_URL names a database with leads of other origin. Reads alone.

    The embedded database is this checkout's own: leads that were loaded into it by hand do not matter. The question
    stops at the first foreign lead, so that it takes no time where there are millions.
    """
    if embedded():
        return
    with connection.cursor() as cursor:
        if Lead._meta.db_table not in connection.introspection.table_names(cursor):
            return
    if Lead.objects.exclude(campaign_id__startswith=CAMPAIGN).exists():
        raise NotTheDemos


def web_role_make() -> bool:
    """The role that the web process connects as: on the embedded server, and where WEB_DATABASE_URL names one."""
    if embedded():
        settings.WEB_DATABASE = {"USER": EMBEDDED_ROLE}
    if settings.WEB_DATABASE is None:
        return False
    roles_provision(role=settings.WEB_DATABASE["USER"], password=settings.WEB_DATABASE.get("PASSWORD", ""))
    return True


def leads_there(at_most: int) -> int:
    """How many leads of the demo's there are, counted up to a limit."""
    return Lead.objects.filter(campaign_id__startswith=CAMPAIGN).order_by()[:at_most].count()


def leads_make(numbers: range, *, as_of: datetime, on_row: Callable[[], None] = lambda: None) -> int:
    """Loads the fictional leads with these numbers as an operator would. Returns how many were new."""
    with TemporaryDirectory() as folder:
        report = ingest(
            source=fictional_csv(numbers, today=as_of.date(), on_row=on_row),
            as_of=as_of,
            records=FirstRecords,
            rejects_path=Path(folder) / "rejects.csv",
        )
    assert not report.rejected, report.reject_reasons
    return report.loaded


def inventory_bring_up_to_date(*, as_of: datetime) -> int:
    """Gives the leads that have entered a bucket since the last visit their records. Returns how many."""
    return inventory_generate(as_of=as_of, now=as_of).created


def staff_make() -> Account:
    """The member of staff, unless there already."""
    try:
        user = staff_create(email=STAFF, password=PASSWORD)
    except EmailTaken:
        user = User.objects.get(email=STAFF)
    return Account(user.email, changed=not user.check_password(PASSWORD))


def buyer_make() -> Account:
    """The buyer with a company, unless there already."""
    try:
        _, user = client_create(company=COMPANY, email=BUYER, password=PASSWORD, status=ClientStatus.ACTIVE)
    except EmailTaken:
        user = User.objects.get(email=BUYER)
    return Account(user.email, changed=not user.check_password(PASSWORD))


def order_make(*, buyer_email: str) -> Order | None:
    """A first order in the buyer's history, once. None where the stock or the buyer does not allow it."""
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
    except DomainError:  # few leads asked for, or the client may not buy
        return None
