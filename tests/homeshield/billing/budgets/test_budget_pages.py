"""An owner sets, changes and ends a budget of a user and of a key (contract, "Money")."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.keys import key_create
from homeshield.accounts.models import User
from homeshield.accounts.permissions import ClientRole
from homeshield.audit.models import AuditEvent
from homeshield.billing.budgets.models import Budget
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return UserFactory()


@pytest.fixture
def pages(owner: User, now: datetime) -> dict[str, str]:
    """Each page of a budget by the page that it leads back to: a colleague's and a key's."""
    colleague = UserFactory(client=owner.client, role=ClientRole.BUYER)
    return {
        reverse("accounts:team-show"): reverse("billing:user-budget", args=[colleague.id]),
        reverse("accounts:key-list"): reverse("billing:key-budget", args=[key_of(owner, now)]),
    }


def key_of(user: User, now: datetime) -> str:
    assert user.client is not None
    return str(key_create(client_id=user.client.id, name="nightly", created_by=user, as_of=now).key.id)


def amounts() -> list[Decimal | None]:
    return list(Budget.objects.values_list("amount", flat=True))


def test_an_owner_sets_changes_and_ends_a_budget(client: Browser, owner: User, pages: dict[str, str]) -> None:
    client.force_login(owner)
    for back, page in pages.items():
        for typed, amount, said in (
            ("$1,250.5", Decimal("1250.50"), "is now $1,250.50 a month."),
            ("0", Decimal(0), "is now $0.00 a month."),
            (" ", None, "is now no limit."),
        ):
            answer = client.post(page, {"amount": typed}, follow=True)
            assert answer.redirect_chain == [(back, 302)]
            assert said in answer.content.decode()
            assert Budget.objects.get().amount == amount
        Budget.objects.all().delete()
    assert AuditEvent.objects.filter(action="budget.set", client_id=owner.client_id).count() == 6


def test_what_is_wrong_is_said_at_the_field_and_nothing_is_set(
    client: Browser, owner: User, pages: dict[str, str]
) -> None:
    client.force_login(owner)
    for typed, said in (
        ("12.345", "Enter dollars with two decimals at most"),
        ("-5", "Write it without a plus or minus sign."),
        ("10000000000", "Enter at most 9,999,999,999.99."),
        ("9" * 41, "A number has 40 characters at most."),
        ("NaN", "Write it in digits"),
        ("5 EUR", "Write it in digits"),
    ):
        for page in pages.values():
            answer = client.post(page, {"amount": typed})
            assert answer.status_code == 422, typed
            assert said in " ".join(answer.context["form"].errors["amount"]), typed
            assert f'value="{typed}"' in answer.content.decode()
    assert amounts() == []


def test_a_buyer_sets_none_and_no_owner_that_of_another_company(
    client: Browser, owner: User, pages: dict[str, str], now: datetime
) -> None:
    client.force_login(UserFactory(client=owner.client, role=ClientRole.BUYER))
    for page in pages.values():
        assert (client.get(page).status_code, client.post(page, {"amount": "5"}).status_code) == (403, 403)
    client.force_login(UserFactory())
    for page in pages.values():
        assert (client.get(page).status_code, client.post(page, {"amount": "5"}).status_code) == (404, 404)
    assert amounts() == []
