"""The pages of documents and billing details: for the company's owners."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import User
from homeshield.accounts.permissions import ClientRole
from homeshield.audit.actions import AuditAction
from homeshield.audit.models import AuditEvent
from homeshield.billing.documents.models import BillingDetails, Document
from tests.factories import StaffFactory, UserFactory
from tests.homeshield.billing.documents.examples import credit_note_make, text_of

pytestmark = pytest.mark.django_db

DETAILS = {
    "legal_name": "Bayou Insurance LLC",
    "address": "  7 Magnolia Dr  \r\n\r\nPecanville, LA 71118",
    "tax_id": "00-0000002",
    "mail_to": "books@agency.example, owner@agency.example\r\nbooks@agency.example",
}
LIST, EDIT = reverse("billing:document-list"), reverse("billing:details-edit")


@pytest.fixture
def owner(client: Browser) -> User:
    user: User = UserFactory(client__name="Bayou")
    client.force_login(user)
    return user


def issue(user: User, now: datetime) -> Document:
    assert user.client_id
    made = credit_note_make(user.client_id, as_of=now)
    return Document.objects.get(id=made)


def pages(document: Document) -> list[str]:
    return [reverse(f"billing:document-{page}", args=[document.id]) for page in ("show", "download")]


def test_an_owner_sees_the_page_and_the_file(client: Browser, owner: User, now: datetime) -> None:
    document = issue(owner, now)
    shown, file = pages(document)
    assert document.title in client.get(LIST).content.decode()
    page = client.get(shown).content.decode()
    assert all(said in page for said in ("Bayou", "Total credit (USD)", "$16.00", "Gold, 6 to 8 months, LA"))
    answer = client.get(file)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="homeshield-credit-note-C{document.number}.pdf"'
    assert answer.content == client.get(file).content
    assert document.title in text_of(answer.content)


def test_one_kind_alone(client: Browser, owner: User, now: datetime) -> None:
    document = issue(owner, now)
    assert document.title in client.get(LIST, {"kind": "credit_note"}).content.decode()
    none = client.get(LIST, {"kind": "statement"}).content.decode()
    assert "No statements yet" in none
    assert document.title not in none


@pytest.mark.parametrize("role", [ClientRole.BUYER, ClientRole.VIEWER])
def test_others_of_the_company_do_not(client: Browser, owner: User, now: datetime, role: ClientRole) -> None:
    document = issue(owner, now)
    client.force_login(UserFactory(client=owner.client, role=role))
    for page in (LIST, EDIT, *pages(document)):
        assert client.get(page).status_code == 403
    assert client.post(EDIT, DETAILS).status_code == 403
    assert not BillingDetails.objects.exists()


def test_another_company_does_not(client: Browser, owner: User, now: datetime) -> None:
    document = issue(owner, now)
    client.force_login(UserFactory())
    assert [client.get(page).status_code for page in pages(document)] == [404, 404]
    assert document.title not in client.get(LIST).content.decode()


def test_details_are_kept_and_on_record(client: Browser, owner: User) -> None:
    assert client.post(EDIT, DETAILS).status_code == 302
    kept = BillingDetails.objects.get()
    assert (kept.client_id, kept.changed_by) == (owner.client_id, owner)
    assert (kept.legal_name, kept.tax_id) == ("Bayou Insurance LLC", "00-0000002")
    assert kept.address == "7 Magnolia Dr\nPecanville, LA 71118"
    assert kept.mail_to == ["books@agency.example", "owner@agency.example"]
    event = AuditEvent.objects.get(action=AuditAction.BILLING_DETAILS)
    assert event.details == {"changed": ["legal_name", "address", "tax_id", "mail_to"], "addresses": 2}
    assert "books@agency.example" in client.get(EDIT).content.decode()
    client.post(EDIT, DETAILS)  # nothing changed: nothing to record
    assert AuditEvent.objects.filter(action=AuditAction.BILLING_DETAILS).count() == 1


def test_changed_details_change_no_document(client: Browser, owner: User, now: datetime) -> None:
    client.post(EDIT, DETAILS)
    before = issue(owner, now)
    shown, file = pages(before)
    page, made = client.get(shown).content, client.get(file).content
    client.post(EDIT, DETAILS | {"legal_name": "Another Name Inc.", "address": "Elsewhere", "mail_to": ""})
    assert owner.client
    owner.client.name = "Renamed"
    owner.client.save()
    assert client.get(file).content == made
    assert b"Another Name" not in client.get(shown).content
    assert b"Bayou Insurance LLC" in page
    assert "Another Name Inc." in text_of(client.get(pages(issue(owner, now))[1]).content)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"mail_to": "books@agency"}, "“books@agency” is not an email address. Correct it or remove it."),
        ({"mail_to": " ".join(f"a{n}@x.example" for n in range(6))}, "Name at most 5 addresses, not 6."),
        ({"legal_name": "a\u202eb"}, "Remove the invisible or control characters."),
        ({"legal_name": "a\nb"}, "Remove the invisible or control characters."),
        ({"address": "a\u200bb"}, "Remove the invisible or control characters."),
        ({"address": "\n".join("abcdefg")}, "An address has at most 6 lines."),
        ({"legal_name": "x" * 201}, "at most 200 characters"),
    ],
)
def test_bad_details_are_told_at_the_field_and_change_nothing(
    client: Browser, owner: User, wrong: dict[str, str], said: str
) -> None:
    answer = client.post(EDIT, DETAILS | wrong)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert "00-0000002" in page  # what was typed is not lost
    assert not BillingDetails.objects.exists()


def test_markup_in_details_is_text_on_the_page(client: Browser, owner: User, now: datetime) -> None:
    client.post(EDIT, DETAILS | {"legal_name": "<script>alert(1)</script> #panic"})
    page = client.get(pages(issue(owner, now))[0]).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; #panic" in page


def test_numbers_of_credit_notes_count_up(owner: User, now: datetime) -> None:
    first, second = issue(owner, now), issue(owner, now)
    assert second.number == first.number + 1
    assert first.total == Decimal("16.00")


def test_staff_find_it_by_its_number_and_see_it(client: Browser, owner: User, now: datetime) -> None:
    document = issue(owner, now)
    client.force_login(StaffFactory())
    found = reverse("admin:billing_document_changelist")
    for term in (f"#C{document.number}", f"c{document.number}", str(document.number), str(document.source_id)):
        assert document.title in client.get(found, {"q": term}).content.decode(), term
    for term in (f"#{document.number}", f"#S{document.number}", "#C", "x", "9" * 30):
        assert document.title not in client.get(found, {"q": term}).content.decode(), term
    page = client.get(reverse("admin:billing_document_change", args=[document.id])).content.decode()
    assert "Gold, 6 to 8 months, LA" in page
    answer = client.get(reverse("admin:billing_document_pdf", args=[document.id]))
    assert document.title in text_of(answer.content)
    assert AuditEvent.objects.filter(action=AuditAction.PERSONAL_DATA_SEE, object_id=str(document.id)).exists()
