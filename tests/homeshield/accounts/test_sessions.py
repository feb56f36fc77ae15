"""When sessions end, and what a browser keeps of them."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from homeshield.accounts.models import User
from homeshield.accounts.sessions import SEEN, ended_sessions_remove
from homeshield.audit.models import AuditEvent
from tests.factories import PASSWORD, StaffFactory, UserFactory
from tests.sign_in import sign_in

pytestmark = pytest.mark.django_db

HOUR = 3600


def idle(browser: Browser, seconds: float) -> None:
    """As if the last request had been so long ago."""
    session = browser.session
    session[SEEN] = int(time.time() - seconds)
    session.save()


def test_the_scheduler_removes_what_is_left_of_sessions_that_are_over(client: Browser) -> None:
    user, now = UserFactory(), timezone.now()
    assert sign_in(client, user)
    other = Browser()
    assert sign_in(other, user)
    Session.objects.filter(session_key=other.session.session_key).update(expire_date=now - timedelta(minutes=1))
    UserSession.objects.update(created_at=now - timedelta(hours=2))
    UserSession.objects.create(user=user, ip="192.0.2.1", session_key="gone", created_at=now - timedelta(hours=2))
    UserSession.objects.create(user=user, ip="192.0.2.1", session_key="to come")
    assert ended_sessions_remove(as_of=now) == 1
    own = client.session.session_key
    assert list(Session.objects.values_list("session_key", flat=True)) == [own]
    assert set(UserSession.objects.values_list("session_key", flat=True)) == {own, "to come"}
    assert client.get("/orders/").status_code == 200
    assert ended_sessions_remove(as_of=now) == 0


@pytest.mark.parametrize(
    ("make", "page", "limit"),
    [(UserFactory, "/orders/", 12 * HOUR), (StaffFactory, "/admin/sales/sale/", HOUR)],
    ids=["a buyer", "staff"],
)
def test_a_session_ends_when_nobody_asks_for_so_long(
    client: Browser, make: Callable[[], User], page: str, limit: int
) -> None:
    user = make()
    client.force_login(user)
    idle(client, limit - 30)
    assert client.get(page).status_code == 200
    assert client.session[SEEN] >= time.time() - 60
    idle(client, limit)
    answer = client.get(page)
    assert answer.status_code == 302
    assert quote(page) in answer["Location"]
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "_auth_user_id" not in client.session
    event = AuditEvent.objects.get(action="session.end")
    assert (event.actor, event.details) == (user.email, {"idle_minutes": limit // 60})


def test_the_last_request_is_written_once_a_minute(client: Browser) -> None:
    client.force_login(UserFactory())
    for ago, writes in ((0, 0), (59, 0), (61, 1)):
        idle(client, ago)
        before = client.session[SEEN]
        assert client.get("/orders/").status_code == 200
        assert (client.session[SEEN] != before) == bool(writes)


def test_the_cookie_lasts_as_long_as_an_idle_session(client: Browser) -> None:
    assert sign_in(client, UserFactory())
    assert client.cookies["sessionid"]["max-age"] == 12 * HOUR


def test_the_settings_say_how_long(client: Browser, settings: Settings) -> None:
    settings.SESSION_IDLE_MINUTES = 5
    client.force_login(UserFactory())
    idle(client, 5 * 60)
    assert client.get("/orders/").status_code == 302


def change_address(browser: Browser, user: User) -> None:
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    browser.post(reverse("account_email"), {"email": "new@acme.example", "action_add": ""})
    code = re.search(r"^([A-Z0-9-]{6,})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code
    browser.post(reverse("account_email_verification_sent"), {"code": code[1]})
    user.refresh_from_db()
    assert user.email == "new@acme.example"


def change_password(browser: Browser, user: User) -> None:
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    new = "a new battery staple"
    browser.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    before = user.password
    user.refresh_from_db()
    assert user.password != before


@pytest.mark.parametrize("change", [change_address, change_password])
def test_other_sessions_end_when_how_to_sign_in_changes(
    client: Browser, change: Callable[[Browser, User], None]
) -> None:
    user, other, stranger = UserFactory(), Browser(), Browser()
    for browser in (client, other):
        assert sign_in(browser, user)
    stranger.force_login(UserFactory())
    change(client, user)
    assert client.get("/orders/").status_code == 200
    assert other.get("/orders/").status_code == 302
    assert stranger.get("/orders/").status_code == 200
    assert client.get(reverse("usersessions_list")).content.decode().count("Signed in <time") == 1


def test_a_session_ends_when_staff_change_the_address(client: Browser) -> None:
    user, other = UserFactory(), Browser()
    assert sign_in(other, user)
    client.force_login(StaffFactory())
    page = reverse("admin:accounts_user_change", args=[user.pk])
    form = {"email": "new@acme.example", "client": str(user.client_id), "role": user.role, "is_active": "on"}
    assert client.post(page, form).status_code == 302
    assert other.get("/orders/").status_code == 302
    assert client.get("/admin/").status_code == 200


def test_at_the_sign_out_the_browser_forgets_all_but_that_it_is_known(client: Browser) -> None:
    assert sign_in(client, UserFactory())
    answer = client.post(reverse("account_logout"))
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert client.cookies["device"].value
    assert "Clear-Site-Data" not in client.get("/")


def test_nobody_keeps_a_copy_of_an_answer(client: Browser) -> None:
    """tests/homeshield/test_headers.py asks for every address; these are errors and pages with a secret."""
    client.force_login(UserFactory())
    visitor = Browser()
    answers = [
        *(client.get(path) for path in ("/", "/orders/", "/nothing/", "/admin/", "/accounts/email/", "/docs")),
        client.get("/inventory/?state=nothing"),
        client.post("/inventory/"),
        visitor.get("/accounts/invitations/token/"),
        visitor.get("/accounts/password/reset/key/1-nothing/"),
        visitor.get("/accounts/login/"),
        visitor.get("/", headers={"Host": "elsewhere.example"}),
    ]
    assert [answer["Cache-Control"] for answer in answers if "no-store" not in answer["Cache-Control"]] == []
    static = visitor.get("/static/css/tokens.css")
    static.getvalue()
    assert "no-store" not in static.get("Cache-Control", "")
