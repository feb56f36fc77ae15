"""Staff look at clients in the admin, and keep users: made, changed or switched off, and never deleted."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import Client, User
from tests.factories import PASSWORD, ClientFactory, StaffFactory, UserFactory

pytestmark = pytest.mark.django_db

NO_CHOICE = "Select a valid choice. That choice is not one of the available choices."


@pytest.fixture
def boss() -> User:
    return StaffFactory()


@pytest.fixture
def staff(client: Browser, boss: User) -> Browser:
    client.force_login(boss)
    return client


@pytest.fixture
def clerk(client: Browser) -> Browser:
    """Staff who may change users, and are no superuser."""
    user = StaffFactory(is_superuser=False)
    names = ["add_user", "change_user", "view_user"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return client


def errors(response: Any) -> dict[str, list[str]]:
    return {field: list(texts) for field, texts in response.context["adminform"].form.errors.items()}


def page(model: type, action: str, row: Any = None) -> str:
    return reverse(f"admin:accounts_{model.__name__.lower()}_{action}", args=[row.pk] if row else [])


def test_a_clients_page_shows_its_users_and_leads_to_them(staff: Browser) -> None:
    user, other = UserFactory(), UserFactory()
    shown = staff.get(page(Client, "change", user.client)).content.decode()
    assert user.email in shown
    assert page(User, "change", user) in shown
    assert other.email not in shown


@pytest.mark.parametrize("model", [Client, User])
def test_nothing_is_deleted(staff: Browser, model: type[Client] | type[User]) -> None:
    row = UserFactory().client if model is Client else UserFactory(client=None)
    count = model.objects.count()
    assert staff.get(page(model, "delete", row)).status_code == 403
    assert staff.post(page(model, "delete", row), {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    staff.post(page(model, "changelist"), action)
    assert model.objects.count() == count


def new_user(**other: str) -> dict[str, str]:
    return {"email": "Joe@Acme.example", "role": "buyer", "password1": PASSWORD, "password2": PASSWORD, **other}


def test_a_user_is_made_who_signs_in_at_once(staff: Browser) -> None:
    acme = ClientFactory()
    staff.post(page(User, "add"), new_user(client=str(acme.pk)))
    user = User.objects.get(email="joe@acme.example")
    assert user.client == acme
    assert not user.is_staff
    assert user.check_password(PASSWORD)
    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.verified, address.primary) == ("joe@acme.example", True, True)


@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        ({"email": ""}, "email", "This field is required."),
        ({"email": "joe"}, "email", "Enter a valid email address."),
        ({"email": "TAKEN@acme.example"}, "email", "Another user has this email address. Use another one."),
        ({"email": "other@acme.example"}, "email", "Another user has this email address. Use another one."),
        ({"password2": "something else"}, "password2", "The two password fields didn’t match."),
        ({"password1": "12345678", "password2": "12345678"}, "password2", "This password is too common."),
        (
            {"client": "no such client"},
            "client",
            "Select a valid choice. That choice is not one of the available choices.",
        ),
    ],
)
def test_a_user_is_refused_at_the_field(staff: Browser, data: dict[str, str], field: str, message: str) -> None:
    taken = UserFactory(email="taken@acme.example")
    EmailAddress.objects.create(user=taken, email="other@acme.example", verified=True)
    count = User.objects.count()
    response = staff.post(page(User, "add"), new_user(**data))
    assert message in errors(response)[field]
    assert User.objects.count() == count


def test_an_address_that_another_user_merely_claimed_is_free(staff: Browser) -> None:
    EmailAddress.objects.create(user=UserFactory(), email="joe@acme.example")
    staff.post(page(User, "add"), new_user())
    assert EmailAddress.objects.get(user__email="joe@acme.example", verified=True).primary


def test_a_changed_address_is_the_one_to_sign_in_with(staff: Browser, client: Browser) -> None:
    user = UserFactory(email="old@acme.example")
    data = {"email": "New@acme.example", "role": "owner", "client": str(user.client_id), "is_active": "on"}
    staff.post(page(User, "change", user), data)
    user.refresh_from_db()
    assert user.email == "new@acme.example"
    assert user.check_password(PASSWORD)
    assert EmailAddress.objects.get(user=user).email == "new@acme.example"


def test_a_password_is_set_and_never_shown(staff: Browser) -> None:
    user = UserFactory()
    shown = staff.get(page(User, "change", user)).content.decode()
    assert user.password not in shown
    address = reverse("admin:auth_user_password_change", args=[user.pk])
    assert staff.get(address).status_code == 200
    new = {"password1": "a new battery staple", "password2": "a new battery staple", "usable_password": "true"}
    staff.post(address, new)
    user.refresh_from_db()
    assert user.check_password("a new battery staple")


@pytest.mark.parametrize("who", ["staff", "clerk"])
def test_no_page_makes_anybody_staff(who: str, request: pytest.FixtureRequest) -> None:
    """Operators do (manage.py staff), also where superusers ask for it."""
    browser: Browser = request.getfixturevalue(who)
    user, group = UserFactory(), Group.objects.create(name="The pricing desk")
    powers = {"is_staff": "on", "is_superuser": "on", "groups": str(group.pk)}
    data = {"email": user.email, "client": str(user.client_id), "role": "owner", "is_active": "on"}
    browser.post(page(User, "change", user), data | powers)
    browser.post(page(User, "add"), new_user(**powers))
    made = User.objects.get(email="joe@acme.example")
    user.refresh_from_db()
    assert [made.is_staff, made.is_superuser, user.is_staff, user.is_superuser] == [False] * 4
    assert [made.groups.count(), user.groups.count()] == [0, 0]


def test_a_group_is_there_to_be_looked_at(staff: Browser) -> None:
    group = Group.objects.create(name="The pricing desk")
    address = reverse("admin:auth_group_change", args=[group.pk])
    assert staff.get(address).status_code == 200
    assert staff.post(address, {"name": "Everything", "permissions": []}).status_code == 403
    assert staff.get(reverse("admin:auth_group_add")).status_code == 403
    group.refresh_from_db()
    assert group.name == "The pricing desk"


def test_staff_who_are_no_superusers_do_not_touch_superusers(clerk: Browser, boss: User) -> None:
    address = reverse("admin:auth_user_password_change", args=[boss.pk])
    new = {"password1": "a new battery staple", "password2": "a new battery staple", "usable_password": "true"}
    assert clerk.post(address, new).status_code == 403
    assert clerk.post(page(User, "change", boss), {"email": "evil@acme.example"}).status_code == 403
    boss.refresh_from_db()
    assert boss.check_password(PASSWORD)
