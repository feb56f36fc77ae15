"""`manage.py staff`: an operator says who is staff, and what each may do."""

import json
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import User
from homeshield.audit.models import AuditEvent
from tests.factories import StaffFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def groups() -> None:
    import_module("homeshield.migrations.0001_staff_groups").make_groups(apps, None)  # tests before may have emptied it


@pytest.fixture
def clerk() -> User:
    user: User = UserFactory(client=None, email="clerk@homeshield.example")
    return user


def powers(user: User) -> tuple[bool, bool, list[str]]:
    user = User.objects.get(pk=user.pk)
    return user.is_staff, user.is_superuser, sorted(user.groups.values_list("name", flat=True))


def test_a_user_gets_exactly_the_powers_that_are_named(clerk: User, capsys: pytest.CaptureFixture[str]) -> None:
    clerk.user_permissions.add(Permission.objects.get(codename="add_pricerule"))
    call_command("staff", "Clerk@homeshield.example", group=["pricing", "support"])
    assert powers(clerk) == (True, False, ["pricing", "support"])
    assert clerk.user_permissions.count() == 0
    call_command("staff", clerk.email, group=["auditor"])
    assert powers(clerk) == (True, False, ["auditor"])
    call_command("staff", clerk.email, superuser=True)
    assert powers(clerk) == (True, True, [])
    call_command("staff", clerk.email, none=True)
    assert powers(clerk) == (False, False, [])
    assert capsys.readouterr().out.splitlines()[-1] == f"{clerk.email}: no powers (before: superuser)"


def test_a_member_of_staff_is_made_who_sets_a_password_by_mail(client: Browser) -> None:
    call_command("staff", "new@homeshield.example", group=["operations"], create=True)
    user = User.objects.get(email="new@homeshield.example")
    assert powers(user) == (True, False, ["operations"])
    assert not user.has_usable_password()
    client.post(reverse("account_reset_password"), {"email": user.email})
    assert [message.to for message in mail.outbox] == [[user.email]]
    assert "/accounts/password/reset/key/" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        (["nobody@homeshield.example"], {"superuser": True}, "EMAIL: Nobody has this address. Add --create"),
        (["not an address"], {"superuser": True, "create": True}, "email: Enter a valid email address"),
        (["clerk@homeshield.example"], {"group": ["kings"]}, "--group: There is no group kings. The groups are: aud"),
        (["clerk@homeshield.example"], {}, "Name what the user may do"),
        (["clerk@homeshield.example"], {"none": True, "superuser": True}, "Name what the user may do"),
        ([], {"superuser": True}, "Name the address"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    clerk: User, arguments: list[str], options: dict[str, object], said: str
) -> None:
    before = list(User.objects.order_by("id").values_list())
    with pytest.raises(CommandError) as refused:
        call_command("staff", *arguments, **options)
    assert said.lower() in str(refused.value).lower()
    assert refused.value.returncode == 2
    assert list(User.objects.order_by("id").values_list()) == before
    assert not AuditEvent.objects.exists()


def test_who_buys_for_a_company_is_made_no_member_of_staff() -> None:
    buyer = UserFactory()
    with pytest.raises(CommandError, match="This user buys for a company"):
        call_command("staff", buyer.email, superuser=True)
    assert powers(buyer) == (False, False, [])


def test_the_staff_are_listed(clerk: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("staff")
    assert "Nobody is staff yet" in capsys.readouterr().out
    boss = StaffFactory(email="boss@homeshield.example")
    call_command("staff", clerk.email, group=["support"], json=True)
    assert json.loads(capsys.readouterr().out)["before"] == {"superuser": False, "groups": []}
    call_command("staff", json=True)
    told = json.loads(capsys.readouterr().out)["staff"]
    assert [(one["user_id"], one["superuser"], one["groups"]) for one in told] == [
        (str(boss.id), True, []),
        (str(clerk.id), False, ["support"]),
    ]
