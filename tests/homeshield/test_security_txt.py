"""/.well-known/security.txt: where to report a fault, as RFC 9116 has it."""

from datetime import datetime

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from homeshield.settings import security_contacts_from_environment
from tests.homeshield.test_settings import KEY, WEB, python

ADDRESS = "/.well-known/security.txt"


def test_without_a_contact_there_is_none(client: Browser, settings: Settings, db: None) -> None:
    settings.SECURITY_CONTACTS = []
    assert client.get(ADDRESS).status_code == 404


def test_it_names_contact_end_and_its_own_address(client: Browser, settings: Settings) -> None:
    settings.SECURITY_CONTACTS = ["mailto:security@shop.example.com", "https://shop.example.com/report"]
    answer = client.get(ADDRESS)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    contact, other, expires, canonical, languages = answer.content.decode().splitlines()
    assert contact == "Contact: mailto:security@shop.example.com"
    assert other == "Contact: https://shop.example.com/report"
    assert canonical == f"Canonical: https://testserver{ADDRESS}"
    assert languages == "Preferred-Languages: en"
    name, _, instant = expires.partition(": ")
    assert name == "Expires"
    assert 178 <= (datetime.fromisoformat(instant) - timezone.now()).days <= 180


@pytest.mark.parametrize(
    ("text", "contacts"),
    [
        ("", []),
        ("security@shop.example.com", ["mailto:security@shop.example.com"]),
        ("https://shop.example.com/r,mailto:a@b.example", ["https://shop.example.com/r", "mailto:a@b.example"]),
    ],
)
def test_an_address_becomes_a_uri(monkeypatch: pytest.MonkeyPatch, text: str, contacts: list[str]) -> None:
    monkeypatch.setenv("SECURITY_CONTACT", text)
    assert security_contacts_from_environment() == contacts


@pytest.mark.parametrize("text", ["nobody", "http://shop.example.com", "mailto:", "a@b.example\nPolicy: x"])
def test_what_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SECURITY_CONTACT", text)
    with pytest.raises(ImproperlyConfigured, match="SECURITY_CONTACT holds"):
        security_contacts_from_environment()


def test_in_production_it_is_found_by_http_as_well() -> None:
    done = python(
        "-c",
        "import django\n"
        "from django.conf import settings as s\n"
        "s.STORAGES['staticfiles']['BACKEND'] = 'django.contrib.staticfiles.storage.StaticFilesStorage'\n"
        "django.setup()\n"
        "from django.test import Client\n"
        f"answer = Client(headers={{'Host': 'shop.example'}}).get('{ADDRESS}')\n"
        "print(answer.status_code, answer.content.decode().splitlines()[0])",
        SECRET_KEY=KEY, WEB_DATABASE_URL=WEB, SECURITY_CONTACT="security@shop.example",
        DJANGO_SETTINGS_MODULE="homeshield.settings",
    )  # fmt: skip
    assert done.stdout.strip() == "200 Contact: mailto:security@shop.example", done.stderr
