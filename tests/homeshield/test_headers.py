"""Every address there is, whoever asks and whatever comes back, answers with the whole set of protecting headers."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.conf import settings as configured
from django.http import HttpResponseBase
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from sales import front_page
from tests.factories import StaffFactory, UserFactory
from tests.homeshield.test_pages import _Violations
from tests.homeshield.test_settings import KEY, SHOP, WEB, python

SAMPLE = {"uuid": str(uuid4()), "int": "1", "slug": "a", "str": "a", "path": str(uuid4())}
SAMPLE_OF_EXPRESSION = {
    r"(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/": "1-nothing/",
    r"(?P<app_label>": "sales/",
    r"(?P<url>.*)": "nothing",
}


def addresses(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """An example of each address of the site, with ids of nothing."""
    for pattern in resolver.url_patterns:
        route = before + re.sub(
            r"<(?:(\w+):)?\w+>", lambda match: SAMPLE[match[1] or "str"], _plain(str(pattern.pattern))
        )
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


def _plain(route: str) -> str:
    """The route, or for a regular expression a text that it matches."""
    for expression, sample in SAMPLE_OF_EXPRESSION.items():
        if expression in route:
            return route.partition("(?P")[0].removeprefix("^") + sample
    return route.removeprefix("^").removesuffix("$").removesuffix("(?:/|$)")


ADDRESSES = sorted(set(addresses(get_resolver())))


def assert_protected(response: HttpResponseBase) -> None:
    policy = dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))
    assert "unsafe" not in response["Content-Security-Policy"]
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert {name: response[name] for name in EXPECTED} == EXPECTED
    assert "publickey-credentials-get=(self)" in response["Permissions-Policy"]
    assert "camera=()" in response["Permissions-Policy"]
    assert "no-store" in response["Cache-Control"]
    if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
        violations = _Violations()
        violations.feed(response.content.decode())  # type: ignore[attr-defined]
        assert violations.found == []


EXPECTED = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def test_there_are_addresses_of_every_kind() -> None:
    assert {"/", "/inventory/", "/api/v1/prices", "/admin/sales/sale/", "/health", "/accounts/login/"} <= set(ADDRESSES)
    assert [address for address in ADDRESSES if re.search(r"[<>()\\^$]", address)] == []


@pytest.mark.parametrize("who", ["a visitor", "a buyer", "staff"])
def test_every_address_answers_with_the_headers(client: Browser, db: None, who: str) -> None:
    client.raise_request_exception = False
    if who != "a visitor":
        client.force_login(UserFactory() if who == "a buyer" else StaffFactory())
    statuses = set()
    for address in ADDRESSES:
        response = client.get(address)
        statuses.add(response.status_code)
        assert response.status_code < 500, address
        assert_protected(response)
    assert {200, 302, 404, 405} <= statuses


def test_the_pages_for_what_goes_wrong_have_them_too(
    client: Browser, db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("a fault of ours")

    strict = Browser(enforce_csrf_checks=True, raise_request_exception=False)
    found = {
        400: client.get("/", headers={"Host": "elsewhere.example"}),
        403: strict.post("/accounts/login/"),
        404: client.get("/nothing/"),
        405: client.post("/health"),
        413: client.post("/api/v1/availability", "x" * (settings.API_MAX_BODY_BYTES + 1), content_type="text/plain"),
    }
    monkeypatch.setattr(front_page, "render", fail)
    found[500] = strict.get("/")
    for status, response in found.items():
        assert response.status_code == status
        assert_protected(response)


def test_production_says_https_alone_and_keeps_its_cookies_to_this_host() -> None:
    """In a process of its own: these settings are made when it starts."""
    done = python(
        "-c",
        "import django\n"
        "from django.conf import settings as s\n"
        "s.STORAGES['staticfiles']['BACKEND'] = 'django.contrib.staticfiles.storage.StaticFilesStorage'\n"
        "django.setup()\n"
        "from django.test import Client\n"
        "page = Client(headers={'Host': 'shop.example'}).get('/accounts/password/reset/', secure=True)\n"
        "print(page.status_code, page['Strict-Transport-Security'])\n"
        "print(page.cookies['__Host-csrf'].OutputString())\n"
        "moved = Client(headers={'Host': 'shop.example'}).get('/docs')\n"
        "print(moved.status_code, moved['Location'])\n"
        "print(Client(headers={'Host': 'shop.example'}).post('/health').status_code)\n"
        "refused = Client(headers={'Host': 'shop.example'}).get('/api/v1/prices')\n"
        "print(refused.status_code, refused.json()['detail']['error'])\n"
        "print(s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE)\n",
        SECRET_KEY=KEY, DATABASE_URL=SHOP, WEB_DATABASE_URL=WEB, ALLOWED_HOSTS="shop.example",
        EMAIL_URL="smtp://mail.example:25", DJANGO_SETTINGS_MODULE="homeshield.settings",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    transport, cookie, moved, health, refused, session = done.stdout.splitlines()
    assert transport == "200 max-age=31536000; includeSubDomains; preload"
    assert set(cookie.split("; ")[1:]) >= {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"}
    assert "Domain" not in cookie
    assert moved == "301 https://shop.example/docs"
    assert health == "405"  # answered by http as well, for load balancers (and without a wait for a database)
    assert refused == "403 https_required"  # and not redirected: a program would send its key in the clear each time
    assert session == "__Host-session True True Lax"
    assert configured.SESSION_COOKIE_NAME == "sessionid"
