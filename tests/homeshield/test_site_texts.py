"""What strangers read beside the first page: the company, terms and privacy policy as the owner wrote them, robots."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client as Browser
from environ import Env
from pytest_django import Settings

from homeshield.checks import site_texts_check
from homeshield.lib.environment import text_file
from homeshield.site_texts import Block, blocks

TERMS = """# Who may buy
Agencies with a license
in the state.

You must
- obey the law & <b>us</b>
- pay
"""


def test_a_text_in_blocks() -> None:
    assert list(blocks(TERMS)) == [
        Block("heading", ["Who may buy"]),
        Block("paragraph", ["Agencies with a license in the state."]),
        Block("paragraph", ["You must"]),
        Block("list", ["obey the law & <b>us</b>", "pay"]),
    ]


@pytest.mark.django_db
class TestPages:
    @pytest.mark.parametrize(("address", "setting"), [("/terms", "TERMS_TEXT"), ("/privacy", "PRIVACY_TEXT")])
    def test_a_text_is_linked_where_it_was_written(
        self, client: Browser, settings: Settings, address: str, setting: str
    ) -> None:
        setattr(settings, setting, "")
        assert client.get(address).status_code == 404
        assert f'href="{address}"' not in client.get("/").content.decode()

        setattr(settings, setting, TERMS)
        page = client.get(address).content.decode()
        assert "<h2>Who may buy</h2>" in page
        assert "<li>obey the law &amp; &lt;b&gt;us&lt;/b&gt;</li>" in page
        assert f'href="{address}"' in client.get("/").content.decode()

    def test_the_company_and_how_to_reach_it(self, client: Browser, settings: Settings) -> None:
        settings.SELLER = {"name": "Example Leads Inc.", "address": "1 Main Street\nSpringfield, IL 62701"}
        settings.ABOUT_TEXT, settings.CONTACT_EMAIL, settings.CONTACT_PHONE = "We began in 2019.", "hello@x.example", ""
        page = client.get("/company").content.decode()
        for said in (
            "We began in 2019.",
            "Example Leads Inc.<br>1 Main Street<br>Spring",
            'href="mailto:hello@x.example"',
        ):
            assert said in page
        assert "tel:" not in page

    def test_search_engines_read_what_strangers_can(self, client: Browser) -> None:
        robots = client.get("/robots.txt")
        assert robots["Content-Type"] == "text/plain; charset=utf-8"
        assert "Disallow: /inventory/\n" in robots.content.decode()
        start, sign_in = (client.get(address).content.decode() for address in ("/", "/accounts/password/reset/"))
        assert '<link rel="canonical" href="http://testserver/">' in start
        assert '<meta property="og:image" content="http://testserver/static/img/social.png">' in start
        assert "noindex" not in start
        assert '<meta name="robots" content="noindex">' in sign_in


@pytest.mark.parametrize(
    ("content", "why"), [(None, "cannot be read"), (b"\xff\xfe1", "not UTF-8"), (b" \n", "which is empty")], ids=str
)
def test_a_file_without_a_text_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, why: str
) -> None:
    if content is not None:
        (tmp_path / "terms.txt").write_bytes(content)
    monkeypatch.setenv("TERMS_FILE", "terms.txt")
    with pytest.raises(ImproperlyConfigured, match=why):
        text_file(Env(), "TERMS_FILE", folder=tmp_path)


def test_a_deployment_is_told_what_strangers_will_miss(settings: Settings) -> None:
    settings.TERMS_TEXT = settings.PRIVACY_TEXT = settings.CONTACT_EMAIL = ""
    texts, contact = site_texts_check()
    assert texts.msg == (
        "TERMS_FILE and PRIVACY_FILE are not set: the site links to no terms of service and no privacy policy."
    )
    assert (texts.id, contact.id) == ("homeshield.W003", "homeshield.W004")
    settings.TERMS_TEXT = settings.PRIVACY_TEXT = "Be kind."
    settings.CONTACT_EMAIL = "hello@x.example"
    assert site_texts_check() == []
