"""`manage.py create_client`: an account that works, or one clear line and nothing."""

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import connection

from homeshield.accounts.errors import EmailTaken
from homeshield.accounts.keys import key_find
from homeshield.accounts.models import Client, ClientStatus, User
from homeshield.accounts.services import client_create, password_generate, staff_create
from homeshield.billing.ledger.selectors import balance_of
from tests.factories import PASSWORD, UserFactory

UNSEEN = "--company: A company name has no line breaks, control characters or invisible characters."
TAKEN = "--email: Another user has this email address. Use another one."


def create(*arguments: str, company: str = "Acme Agency", email: str = "joe@acme.example") -> str:
    out = io.StringIO()
    call_command("create_client", "--company", company, "--email", email, *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Sets what standard input holds."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))  # type: ignore[return-value]


@pytest.mark.django_db
def test_the_account_is_active_and_signs_in_with_the_password_that_was_printed() -> None:
    printed = dict(line.split(maxsplit=1) for line in create().splitlines()[1:7])
    user = User.objects.get()
    client = Client.objects.get()
    assert printed == {
        "client_id": str(client.id),
        "user_id": str(user.id),
        "email": "joe@acme.example",
        "company": "Acme Agency",
        "status": "active",
        "password": printed["password"],
    }
    assert client.status == ClientStatus.ACTIVE
    assert user.client == client
    assert user.check_password(printed["password"])
    assert not user.is_staff
    address = EmailAddress.objects.get()
    assert (address.user, address.email, address.verified, address.primary) == (user, user.email, True, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "limit"), [((), None), (("--credit-limit", "1,500.5"), 1500.5), (("--credit-limit", "0"), 0)]
)
def test_a_client_is_on_account_unless_a_limit_is_named(options: tuple[str, ...], limit: float | None) -> None:
    told = json.loads(create("--json", *options))
    assert told.get("credit_limit") == (None if limit is None else f"{limit:.2f}")
    assert balance_of(Client.objects.get().id).credit_limit == limit


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("limit", "said"),
    [("-5", "without a plus or minus sign"), ("much", "in digits"), ("10.005", "two decimals at most")],
)
def test_a_credit_limit_that_is_none_creates_nothing(limit: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        create("--credit-limit", limit)
    assert not Client.objects.exists()


@pytest.mark.django_db
def test_json_is_one_object_with_the_password_only_where_it_was_made_up(typed: Any) -> None:
    keys = {"client_id", "user_id", "email", "company", "status"}
    made_up = json.loads(create("--json"))
    assert set(made_up) == keys | {"password"}
    typed(f"{PASSWORD}\nsecond line\n")
    given = create("--json", "--password-stdin", email="Ann@Acme.Example")
    assert set(json.loads(given)) == keys
    assert PASSWORD not in given
    assert json.loads(given)["email"] == "ann@acme.example"
    assert User.objects.get(email="ann@acme.example").check_password(PASSWORD)


@pytest.mark.django_db
def test_two_companies_may_have_one_name() -> None:
    create()
    create(email="ann@acme.example")
    assert Client.objects.filter(name="Acme Agency").count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "password", "line"),
    [
        ({"company": "  "}, PASSWORD, "--company: This field cannot be blank."),
        ({"company": "x" * 201}, PASSWORD, "--company: Ensure this value has at most 200 characters (it has 201)."),
        ({"company": "a\nb"}, PASSWORD, UNSEEN),
        ({"email": ""}, PASSWORD, "--email: This field cannot be blank."),
        ({"email": "joe"}, PASSWORD, "--email: Enter a valid email address."),
        ({"email": "joe@acme.example\nann@acme.example"}, PASSWORD, "--email: Enter a valid email address."),
        ({"email": "Taken@Agency.example"}, PASSWORD, TAKEN),
        ({}, "12345678", "password: This password is too common. This password is entirely numeric."),
        ({}, "", "password: This password is too short. It must contain at least 8 characters."),
        ({}, "joe@acme.example", "password: The password is too similar to the email address."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_with_exit_code_2_and_nothing_is_created(
    typed: Any, facts: dict[str, str], password: str, line: str
) -> None:
    UserFactory(email="taken@agency.example", client=None)
    typed(password)
    with pytest.raises(CommandError) as refusal:
        create("--password-stdin", **facts)
    line = line.replace("password:", "the password on standard input:")
    assert str(refusal.value) == f"{line} Nothing was created."
    assert refusal.value.returncode == 2
    assert (Client.objects.count(), User.objects.count(), EmailAddress.objects.count()) == (0, 1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])  # as the locale makes Python read
def test_a_password_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch, errors: str) -> None:
    binary = io.BytesIO(b"\xff\xfe\x00magnolia-porch\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(binary, encoding="utf-8", errors=errors))
    with pytest.raises(CommandError, match="the password on standard input: It is not UTF-8 text") as refusal:
        create("--password-stdin")
    assert refusal.value.returncode == 2
    assert not User.objects.exists()


@pytest.mark.django_db
def test_an_address_that_another_user_signs_in_with_is_taken_even_where_it_is_not_their_main_one() -> None:
    EmailAddress.objects.create(user=UserFactory(), email="joe@acme.example", verified=True)
    with pytest.raises(CommandError, match="Another user has this email address"):
        create()
    assert not User.objects.filter(email="joe@acme.example").exists()


@pytest.mark.django_db
def test_an_address_that_another_user_merely_claimed_is_free() -> None:
    EmailAddress.objects.create(user=UserFactory(), email="joe@acme.example")
    create()
    assert EmailAddress.objects.get(email="joe@acme.example", verified=True).user.email == "joe@acme.example"


@pytest.mark.django_db
def test_passwords_that_are_made_up_differ_and_are_long() -> None:
    passwords = {password_generate() for _ in range(50)}
    assert len(passwords) == 50
    assert {len(password) for password in passwords} == {23}


@pytest.mark.django_db
def test_staff_have_every_permission_and_no_client() -> None:
    staff = staff_create(email="Boss@HomeShield.example", password=PASSWORD)
    stored = User.objects.get(email="boss@homeshield.example")
    assert stored == staff
    assert (stored.is_staff, stored.is_superuser, stored.client) == (True, True, None)
    assert EmailAddress.objects.get(user=staff).verified
    with pytest.raises(EmailTaken):
        staff_create(email="boss@homeshield.example", password=PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_one_address_asked_for_twice_at_once_gives_one_account_and_a_clear_refusal() -> None:
    barrier = Barrier(4)

    def attempt(company: str) -> str:
        try:
            barrier.wait(timeout=20)
            client_create(company=company, email="joe@acme.example", password=PASSWORD, status=ClientStatus.ACTIVE)
        except EmailTaken:
            return "taken"
        finally:
            connection.close()
        return "created"

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(attempt, ["A", "B", "C", "D"]))
    assert sorted(results) == ["created", "taken", "taken", "taken"]
    assert (Client.objects.count(), User.objects.count(), EmailAddress.objects.count()) == (1, 1, 1)


@pytest.mark.django_db
def test_an_api_key_is_made_on_request_and_works() -> None:
    facts = json.loads(create("--json", "--api-key"))
    key = key_find(facts["api_key"])
    assert key is not None
    assert str(key.client_id) == facts["client_id"]
    assert "The password and the API key are shown this once." in create("--api-key", email="b@acme.example")
