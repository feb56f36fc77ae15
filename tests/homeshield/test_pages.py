"""What is true of every page: the start page, the account pages, the error pages, and the strict policy over all."""

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from homeshield.accounts.models import User
from tests.factories import PASSWORD, StaffFactory, UserFactory, stock
from tests.sales.purchases import set_prices
from tests.sign_in import sign_in


@pytest.fixture
def buyer(db: None) -> User:
    return UserFactory()


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split()).replace(" ,", ",").replace(" .", ".")


class TestStartPage:
    def test_tells_visitors_what_this_is(self, client: Client, db: None) -> None:
        content = client.get("/").content.decode()
        for said in ("24 months and more", "day 720", "Borrower tobacco use", "Sign in"):
            assert said in content

    def test_shows_strangers_what_is_on_sale_at_what_price(self, client: Client, db: None, now: datetime) -> None:
        set_prices(since=now - timedelta(days=1))
        stock(1_200, as_of=now, age_days=400)
        stock(3, as_of=now, age_days=100, classification="Silver")
        page = text_of(client.get("/").content.decode())
        assert "1,203 leads on sale right now, from $3.00 each." in page
        assert "Gold 0 $10.00 0 $8.00 0 $6.00 1,200 $5.00 0 $4.00 Silver 3 $7.50" in page
        assert "Create an account" in page

    def test_says_nothing_of_numbers_where_there_is_no_stock(self, client: Client, db: None) -> None:
        page = text_of(client.get("/").content.decode())
        assert "on sale right now" not in page.replace("On sale right now", "")
        assert "not for sale" in page

    def test_sends_buyers_to_the_inventory(self, client: Client, buyer: User) -> None:
        client.force_login(buyer)
        assert client.get("/")["Location"] == "/inventory/"

    def test_shows_staff_the_site_and_the_way_back(self, client: Client, db: None) -> None:
        """The administration's "View site" leads here."""
        client.force_login(StaffFactory())
        assert '<a href="/">View site</a>' in client.get("/admin/").content.decode()
        page = client.get("/").content.decode()
        assert "You’re signed in as HomeShield staff." in page
        assert 'href="/admin/"' in page

    def test_a_sign_in_takes_staff_to_the_administration(self, client: Client, db: None) -> None:
        staff = StaffFactory()
        answer = client.post("/accounts/login/", {"login": staff.email, "password": PASSWORD})
        assert answer["Location"] == "/admin/"

    def test_tells_a_user_without_a_company_whom_to_ask(self, client: Client, db: None) -> None:
        client.force_login(UserFactory(client=None))
        assert "Your account doesn’t belong to a company yet" in client.get("/").content.decode()


class TestAccountPages:
    def test_a_wrong_password_is_explained_and_the_right_one_opens_the_shop(self, client: Client, buyer: User) -> None:
        wrong = client.post("/accounts/login/", {"login": buyer.email, "password": "wrong"})
        assert 'role="alert"' in wrong.content.decode()
        right = client.post("/accounts/login/", {"login": buyer.email, "password": PASSWORD}, follow=True)
        assert right.redirect_chain[-1][0] == "/inventory/"
        assert "Browse leads" in right.content.decode()

    def test_a_forgotten_password_is_reset_by_the_link_in_the_message(
        self, client: Client, buyer: User, mailoutbox: list[EmailMessage]
    ) -> None:
        client.post("/accounts/password/reset/", {"email": buyer.email})
        (message,) = mailoutbox
        link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", str(message.body))
        assert link
        page = client.get(link[1], follow=True)
        assert "Choose a new password" in page.content.decode()
        new = "a new horse, a new battery"
        client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
        assert client.login(email=buyer.email, password=new)

    def test_an_unknown_address_gets_no_hint_on_the_page_and_no_link_in_the_message(
        self, client: Client, db: None, mailoutbox: list[EmailMessage]
    ) -> None:
        response = client.post("/accounts/password/reset/", {"email": "nobody@agency.example"}, follow=True)
        assert "Check your email" in response.content.decode()
        (message,) = mailoutbox
        assert "No account uses this address" in str(message.body)
        assert "http" not in str(message.body)

    def test_too_many_attempts_meet_a_page_that_says_what_to_do(self, client: Client, buyer: User) -> None:
        cache.clear()
        for _ in range(121):
            response = client.post("/accounts/login/", {"login": "", "password": ""})
        cache.clear()
        assert response.status_code == 429
        assert "Too many attempts" in response.content.decode()


class TestErrorPages:
    def test_an_unknown_address(self, client: Client, buyer: User) -> None:
        client.force_login(buyer)
        response = client.get("/nothing/here/")
        assert response.status_code == 404
        assert "Page not found" in response.content.decode()

    def test_a_form_from_a_stale_page(self, buyer: User) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(buyer)
        response = browser.post("/order/buy/")
        assert response.status_code == 403
        assert "This page expired" in response.content.decode()

    def test_the_page_for_our_own_faults_needs_nothing(self) -> None:
        content = render_to_string("500.html")
        assert "HomeShield has a problem" in content
        assert "{" not in content

    def test_what_a_role_does_not_include_is_no_failure(self, client: Client, db: None) -> None:
        client.force_login(UserFactory(role="viewer"))
        response = client.get(reverse("accounts:key-list"))
        assert response.status_code == 403
        content = " ".join(response.content.decode().split())
        assert "<h1>You don’t have access</h1>" in content
        assert "<title>You don’t have access · HomeShield</title>" in content
        assert "Ask an owner for Owner access." in content

    @pytest.mark.parametrize("status", ["400", "403"])
    def test_the_pages_that_django_shows_by_itself(self, status: str) -> None:
        assert "HomeShield" in render_to_string(f"{status}.html", request=None)


class _Violations(HTMLParser):
    """Collects what the content security policy forbids: inline styles, handlers and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") != "application/json"):
            self.found.append(f"<{tag}>")
        self.found += [f"{tag}[{name}]" for name in given if name == "style" or name.startswith(("on", "hx-on"))]
        self.found += [f"{tag}[{name}]" for name, value in attrs if value and value.strip().startswith("js:")]


PAGES = [
    "/",
    "/company",
    "/docs",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-nothing/",
    "/accounts/password/reset/key/done/",
]
BUYERS_PAGES = [
    "/accounts/logout/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/second-factor/",
    "/accounts/second-factor/totp/activate/",
    "/accounts/second-factor/webauthn/",
    "/accounts/second-factor/webauthn/add/",
    "/accounts/sessions/",
    "/accounts/api-keys/",
    "/accounts/team/",
    "/accounts/reauthenticate/",
    "/inventory/",
    "/inventory/?state=ZZ",
    "/order/",
    "/orders/",
    "/nothing/",
]


@pytest.mark.parametrize("path", PAGES + BUYERS_PAGES)
def test_no_page_breaks_the_content_security_policy(client: Client, buyer: User, path: str) -> None:
    if path in BUYERS_PAGES:
        assert sign_in(client, buyer)
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    response = client.get(path)
    assert response.status_code in {200, 404, 422}
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    content = response.content.decode()
    violations = _Violations()
    violations.feed(content)
    assert violations.found == []
    assert '<link rel="stylesheet" href="/static/css/site.css">' in content, "every page is in the site's look"


@pytest.mark.parametrize("path", PAGES + BUYERS_PAGES)
def test_every_page_can_be_found_and_told_apart(client: Client, buyer: User, path: str) -> None:
    if path in BUYERS_PAGES:
        assert sign_in(client, buyer)
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    content = client.get(path).content.decode()
    title = re.search(r"<title>(.+?)</title>", content, re.DOTALL)
    assert title
    assert "HomeShield" in title[1]
    assert len(re.findall(r"<h1", content)) == 1
    assert 'href="#main"' in content
    assert '<html lang="en">' in content


def test_every_style_sheet_and_picture_that_a_template_names_is_there() -> None:
    root = Path(settings.BASE_DIR)
    names = {
        name
        for template in (root / "templates").rglob("*.html")
        for name in re.findall(r"{% static '([^']+)' %}", template.read_text(encoding="utf-8"))
    }
    for folder, form in (("css", r'@import url\("(.+)"\);'), ("js", r'import "\./(.+)";')):
        for file in (root / "static" / folder).glob(f"*.{folder}"):
            for line in re.findall(r"^@?import\b.*$", file.read_text(encoding="utf-8"), re.MULTILINE):
                part = re.fullmatch(form, line)
                assert part, f"{file.name}: {line} is not in the form that collectstatic joins"
                names.add(f"{folder}/{part[1]}")
    assert {"css/site.css", "css/tokens.css", "js/map.js", "img/mark.svg"} <= names
    assert [name for name in sorted(names) if not finders.find(name)] == []


def test_addresses_by_name() -> None:
    assert reverse("inventory:record-list") == "/inventory/"
    assert reverse("sales:draft-show") == "/order/"
    assert reverse("sales:order-list") == "/orders/"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_page_says_that_a_form_has_too_many_fields(method: str) -> None:
    fields = {f"p{number}": "1" for number in range(1_001)}
    strict = Client(enforce_csrf_checks=True)
    strict.get("/accounts/login/")
    answer = getattr(strict, method)("/accounts/login/", fields)
    assert answer.status_code == 400
    assert "A form or an address has 1,000 fields at most." in answer.content.decode()
