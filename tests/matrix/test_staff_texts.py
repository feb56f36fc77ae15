"""Staff pages speak to people: no Python, no value of an enumeration where it has a name."""

import html
import re
from datetime import datetime

import pytest
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import Client, ClientStatus, User
from homeshield.accounts.standing import client_standing_change
from homeshield.templatetags.facts import fact
from tests.matrix.people import world
from tests.matrix.staff_crawl import page, site_models

pytestmark = pytest.mark.django_db

NOT_FOR_PEOPLE = re.compile(
    r"""\b[A-Z]+(?:_[A-Z0-9]+)+\b                            # MONTH_3_TO_5
      | \[['"\]]  | \{['"}]                                   # ['LA'], [], {'was': ...}
      | <[\w. ]+(?: object|:)[^>]*>                           # <Client: Acme>
      | \b(?:None(?!\ available|\ means)|True|False)\b
      | \b(?:UUID|Decimal|datetime\.\w+|Criteria|\w+Enum)\(
      | \bb['"]""",
    re.VERBOSE,
)
INVISIBLE = re.compile(r"<(script|style|pre|option)\b.*?</\1>|<[^>]+>", re.DOTALL)
"""Scripts and tags; an audit event's JSON, which is shown as it is sealed; and names of permissions to choose from."""


def text_of(answer: object) -> str:
    """What a page says, without its tags, and what it says aloud or in a tip."""
    content = answer.content.decode()  # type: ignore[attr-defined]
    said = re.findall(r'\b(?:title|aria-label|placeholder)="([^"]*)"', content)
    return html.unescape(" ".join([INVISIBLE.sub(" ", content), *said]))


def test_no_page_shows_what_only_programs_say(now: datetime) -> None:
    everybody = world(now)
    boss: User = everybody.staff["superuser"]
    client = everybody.users["owner", "active"].client
    assert client is not None
    for states in (["LA", "TX"], []):
        client_standing_change(
            client_id=client.id,
            status=ClientStatus.ACTIVE,
            licensed_states=states,
            reason="A licence.",
            by=boss,
            as_of=now,
        )
    browser = Browser()
    browser.force_login(boss)
    addresses = [reverse("admin:index"), reverse("admin:accounts_client_standing", args=[client.id])]
    for model in site_models():
        rows = list(model._default_manager.order_by("-pk")[:2])
        rows += [client] if model is Client else []
        addresses += [page(model, "changelist"), page(model, "add")]
        addresses += [page(model, action, row.pk) for row in rows for action in ("change", "history")]
    wrong = {}
    for address in addresses:
        shown = text_of(browser.get(address))
        if found := [shown[max(0, one.start() - 40) : one.end() + 20] for one in NOT_FOR_PEOPLE.finditer(shown)]:
            wrong[address] = found
    assert wrong == {}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "–"), ("", "–"), ([], "–"), (True, "yes"), (False, "no"), (12, "12"), ("8.50", "8.50"), ("Gold", "Gold"),
        (["LA", "TX"], "LA, TX"), ("MONTH_3_TO_5", "month 3 to 5"), ({"was": "buyer", "is": None}, "was buyer, is –"),
    ],
)  # fmt: skip
def test_a_fact_of_the_audit_record_is_told_in_words(value: object, said: str) -> None:
    assert fact(value) == said


def test_the_history_of_a_client_is_that_of_its_standing(now: datetime, client: Browser) -> None:
    boss: User = world(now).staff["superuser"]
    company = Client.objects.filter(status="pending").get()
    client_standing_change(
        client_id=company.id, status=ClientStatus.ACTIVE, licensed_states=["LA", "TX"], reason="Licence seen.", by=boss,
        as_of=now,
    )  # fmt: skip
    client.force_login(boss)
    for address in (page(Client, "history", company.id), page(Client, "change", company.id)):
        shown = text_of(client.get(address))
        for said in (boss.email, "Active", "LA, TX", "Licence seen."):
            assert said in shown, (address, said)
    assert "probably" not in text_of(client.get(page(Client, "history", company.id)))
    assert f"?object={company.id}" in client.get(page(Client, "history", company.id)).content.decode()
