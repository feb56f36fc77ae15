"""Whatever stands in a header, no page and no operation answers with an error of ours."""

from typing import Any

import pytest
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import reverse
from pytest_django import Settings

from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction
from homeshield.audit.models import AuditEvent
from homeshield.lib.visitor_address import parse_address
from homeshield.lib.wsgi_request import ForgivingRequest
from homeshield.wsgi import handler
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

ADDRESSES = ["fe80::1%eth0", "fe80::1%25eth0", "[fe80::1%eth0]:443", "garbage", "1.2.3.4.5", "9" * 5000, ",", "%", "[",
             "[]:1", "::ffff:192.0.2.7", "\x00", "\ud800", "unknown", '"[2001:db8::7]:4711"',
             "2001:db8::7%" + "x" * 90]  # fmt: skip
STRANGE = ["\x00", "a\x00b", "\ud800", "\xff" * 300, "x" * 5000, "\r\nSet-Cookie: a=b", "[", "http://[", "%", "%00",
           "\u202e", "", ";;;", "=", '"', "'", "\\", "*/*;q=nan", "bytes=-", "http://testserver/%0d%0a"]  # fmt: skip
HEADERS = ["X-Request-ID", "User-Agent", "Referer", "Origin", "Accept", "Accept-Language", "Accept-Encoding",
           "HX-Current-URL", "HX-Target", "Authorization", "If-Modified-Since", "If-None-Match", "Range",
           "X-Forwarded-Proto", "X-Forwarded-Host", "X-HTTP-Method-Override", "Idempotency-Key"]  # fmt: skip
COOKIES = ["sessionid", "csrftoken", "device", "messages"]
COOKIE_VALUES = [r'"\000abcdefghijk"', r'"\377\376abcdefgh"', '"', "x" * 5000, "é" * 40, "a.b.c", r'"\012\015abcdefgh"']
TYPES = ["", ";", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\x00",
         "multipart/form-data; boundary=" + "x" * 300, "application/json; charset=nonsense", "text/plain\x00",
         "application/x-www-form-urlencoded; charset=hex", "application/x-www-form-urlencoded; charset=undefined",
         "application/x-www-form-urlencoded; charset=utf-7",
         "application/x-www-form-urlencoded; charset=idna"]  # fmt: skip


def sign_in(user: User, **extra: Any) -> Browser:
    browser = Browser(raise_request_exception=False, **extra)
    answer = browser.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.status_code
    return browser


@pytest.mark.parametrize("proxies", [1, 2])
@pytest.mark.parametrize("forwarded", ADDRESSES, ids=range(len(ADDRESSES)))
def test_whatever_a_proxy_writes_people_sign_in(settings: Settings, forwarded: str, proxies: int) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    user = UserFactory()
    browser = sign_in(user, HTTP_X_FORWARDED_FOR=forwarded)
    assert browser.get(reverse("usersessions_list")).status_code == 200
    assert browser.get("/api/v1/prices").status_code == 401
    assert AuditEvent.objects.filter(action=AuditAction.SIGN_IN, object_id=str(user.id)).count() == 1


def test_what_a_header_may_be_taken_for() -> None:
    assert parse_address("fe80::1%eth0") == "fe80::1"
    assert parse_address("[2001:db8::7]:4711") == parse_address("2001:DB8::7") == "2001:db8::7"
    assert parse_address(" 192.0.2.7:80 ") == parse_address("::ffff:192.0.2.7") == "192.0.2.7"
    assert [parse_address(text) for text in ("", "x", "192.0.2", "9" * 500, "[", "%eth0")] == [None] * 6


@pytest.mark.parametrize("value", STRANGE, ids=range(len(STRANGE)))
def test_no_header_breaks_a_page_or_the_api(value: str) -> None:
    strange = dict.fromkeys(HEADERS, value)
    browser = sign_in(UserFactory(), HTTP_USER_AGENT=value)
    for path in ("/inventory/", "/accounts/login/", "/api/v1/prices", "/static/css/tokens.css", "/health"):
        answer = browser.get(path, headers=strange)
        answer.getvalue()
        assert answer.status_code < 500, path
    visitor = Browser(raise_request_exception=False)
    assert visitor.get("/orders/", headers=strange | {"HX-Request": "true"}).status_code < 500
    form = {"login": "ann@acme.example", "password": "wrong"}
    assert visitor.post("/accounts/login/", form, headers=strange).status_code < 500


@pytest.mark.parametrize("cookie", COOKIES)
def test_no_cookie_breaks_a_page(cookie: str) -> None:
    browser = Browser(raise_request_exception=False)
    for value in COOKIE_VALUES:
        for path in ("/", "/inventory/", "/accounts/login/", "/admin/", "/api/v1/prices"):
            assert browser.get(path, headers={"Cookie": f"{cookie}={value}"}).status_code < 500, (path, value)


@pytest.mark.parametrize("kind", TYPES, ids=range(len(TYPES)))
def test_no_type_of_a_body_breaks_a_form_or_the_api(kind: str) -> None:
    browser = Browser(raise_request_exception=False)
    for path in ("/accounts/login/", "/accounts/signup/", "/api/v1/availability", "/admin/login/"):
        for body in (b"login=a&password=b", b"\x00\xff=\xff&x=%ff%00", b"{}", b""):
            assert browser.generic("POST", path, body, content_type=kind).status_code < 500, (path, body)


def test_a_type_that_cannot_be_read_is_none() -> None:
    """Django reads it before the first middleware."""
    assert handler.request_class is ForgivingRequest
    for kind in ("text/plain; charset*=utf-8''%00", "text/plain; charset*=x", "text/plain; charset=\x00"):
        asked = RequestFactory().get("/health").environ | {"CONTENT_TYPE": kind}
        assert ForgivingRequest(asked).content_type in {"", "text/plain"}


def test_a_length_that_no_body_has_is_refused() -> None:
    browser = Browser(raise_request_exception=False)
    for length in ("9" * 5000, "-1", "abc", "²"):
        answer = browser.generic("POST", "/api/v1/availability", b"{}", CONTENT_LENGTH=length)
        assert answer.status_code < 500, length
