"""The table of what a role and a status may do: as the documentation shows it, and asked in one place."""

import pytest
from django.contrib.auth.models import Group

from homeshield.accounts.errors import RoleMayNot, StatusForbids
from homeshield.accounts.permissions import KEY_MAY, ROLE_MAY, STATUS_MAY, Act, ClientRole, ClientStatus, require
from tests.matrix.documentation import tables
from tests.matrix.people import staff_groups_make


def column(acts: frozenset[Act]) -> dict[str, bool]:
    return {act.label: act in acts for act in Act}


def test_the_documentation_shows_the_table_of_the_code() -> None:
    by_role, by_status, _ = tables()
    assert by_role == {role.value: column(acts) for role, acts in ROLE_MAY.items()} | {"API key": column(KEY_MAY)}
    assert by_status == {status.value: column(acts) for status, acts in STATUS_MAY.items()}


def test_every_role_and_status_has_its_column() -> None:
    assert set(ROLE_MAY) == set(ClientRole)
    assert set(STATUS_MAY) == set(ClientStatus)


def test_what_the_role_lacks_is_said_before_what_the_status_forbids() -> None:
    require(Act.BUY, granted=ROLE_MAY[ClientRole.BUYER], status="active")
    with pytest.raises(RoleMayNot, match=r"^Viewers can't buy\. Ask an owner for Buyer access\.$"):
        require(Act.BUY, granted=ROLE_MAY[ClientRole.VIEWER], status="suspended")
    with pytest.raises(StatusForbids, match="is waiting for approval") as refused:
        require(Act.BUY, granted=ROLE_MAY[ClientRole.OWNER], status="pending")
    assert (refused.value.code, refused.value.status) == ("client_may_not_buy", 403)
    with pytest.raises(StatusForbids, match="is closed") as refused:
        require(Act.ORDERS, granted=ROLE_MAY[ClientRole.OWNER], status="closed")
    assert refused.value.code == "client_not_active"


STAFF_MAY = {
    "See prices and discounts": {"pricing.view_pricerule", "pricing.view_discountrule", "pricing.view_clientprice"},
    "Set and withdraw prices and discounts": {
        f"pricing.{act}_{model}" for act in ("add", "delete") for model in ("pricerule", "discountrule", "clientprice")
    },
    "See clients and their users": {"accounts.view_client", "accounts.view_user"},
    "Change a client's status and licensed states": {"accounts.change_client"},
    "See clients' accounts and the ledger": {"billing.view_clientaccount"},
    "Grant credit, adjust balances, reverse transactions": {"billing.change_clientaccount"},
    "See invoices, credit notes and statements": {"billing.view_document"},
    "See API keys": {"accounts.view_apikey"},
    "Revoke API keys": {"accounts.change_apikey"},
    "See orders, sales and exports": {"sales.view_order", "sales.view_sale", "exports.view_export"},
    "See leads, inventory and withdrawals": {
        "leads.view_lead",
        "inventory.view_inventoryrecord",
        "inventory.view_withdrawal",
    },
    "See loads": {"leads.view_load"},
    "See opt-outs and notices": {"leads.view_optout", "leads.view_optoutlist", "sales.view_notice"},
    "Look a person up by phone number, opt people out": {"leads.add_optout", "leads.change_optout"},
    "Withdraw leads, and take that back": {"inventory.add_withdrawal"},
    "See returns": {"sales.view_return"},
    "Decide returns": {"sales.change_return"},
    "See payments and refunds": {
        f"billing.view_{model}" for model in ("payment", "paymentevent", "refundrequest", "refund", "dispute", "topup")
    },
    "Record transfers, decide on refunds": {"billing.add_payment", "billing.change_refundrequest"},
    "See the audit record": {"audit.view_auditevent"},
}
UNLISTED = {"accounts.view_clientchange", "accounts.view_invitation"}
"""What goes with the client's page."""


@pytest.mark.django_db
def test_the_documentation_shows_the_groups_of_the_database() -> None:
    staff_groups_make()
    _, _, staff = tables()
    for group in Group.objects.all():
        names = group.permissions.values_list("content_type__app_label", "codename")
        held = {f"{label}.{name}" for label, name in names}
        documented = set().union(*(STAFF_MAY[row] for row, yes in staff.pop(group.name).items() if yes))
        assert held - UNLISTED == documented
    assert not staff
