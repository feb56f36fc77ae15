"""Documents by mail: to the addresses that the client named, each once, whatever stops the worker."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.utils import timezone

from homeshield.accounts.models import User
from homeshield.billing.documents.details import Details, details_change
from homeshield.billing.documents.mail import AGAIN_AFTER, MOST_ATTEMPTS, document_mail_now, file_name
from homeshield.billing.documents.models import Document, DocumentMail
from homeshield.billing.documents.retention import KEPT
from homeshield.billing.documents.tasks import documents_enqueue
from tests.factories import UserFactory
from tests.homeshield.billing.documents.examples import credit_note_make, text_of
from tests.homeshield.worker import tasks_run

pytestmark = pytest.mark.django_db

ADDRESSES = ("books@agency.example", "owner@agency.example", "tax@adviser.example")


class Killed(BaseException):
    """What no handler catches, like SIGKILL."""


@pytest.fixture
def owner(now: datetime) -> User:
    """Of a company that wants its documents by mail."""
    user: User = UserFactory()
    assert user.client_id
    details_change(client_id=user.client_id, details=Details(mail_to=ADDRESSES), by=user, as_of=now)
    return user


def issue(owner: User, now: datetime) -> Document:
    assert owner.client_id
    made = credit_note_make(owner.client_id, as_of=now)
    return Document.objects.get(id=made)


def receivers() -> list[str]:
    return sorted(message.to[0] for message in mail.outbox)


def test_the_scheduler_gives_it_and_the_worker_mails_it_once_to_each(owner: User, now: datetime) -> None:
    document = issue(owner, now)
    assert documents_enqueue(as_of=now) == 1
    assert documents_enqueue(as_of=now) == 0
    assert tasks_run() == [("document_mail", "SUCCESSFUL")]
    assert receivers() == sorted(ADDRESSES)
    message = mail.outbox[0]
    assert message.subject == f"HomeShield: Credit note #C{document.number}"
    [(name, content, kind)] = message.attachments
    assert (name, kind) == (file_name(document), "application/pdf")
    assert document.title in text_of(content)
    assert documents_enqueue(as_of=now + 2 * AGAIN_AFTER) == 0
    assert document_mail_now(document_id=document.id) == 0
    assert len(mail.outbox) == 3


def test_without_addresses_nothing_is_mailed(now: datetime) -> None:
    issue(UserFactory(), now)
    assert documents_enqueue(as_of=now) == 0
    assert not DocumentMail.objects.exists()


def test_addresses_are_those_of_when_it_was_issued(owner: User, now: datetime) -> None:
    assert owner.client_id
    issue(owner, now)
    details_change(client_id=owner.client_id, details=Details(mail_to=("new@agency.example",)), by=owner, as_of=now)
    documents_enqueue(as_of=now)
    tasks_run()
    assert receivers() == sorted(ADDRESSES)


@pytest.fixture
def kill() -> Iterator[Any]:
    """Kills the worker at its n-th step: before or after a claim, after a mail went out, after it was marked."""
    steps = {"left": 0}
    update, send = DocumentMail.objects.all().update.__func__, EmailMessage.send  # type: ignore[attr-defined]

    def step() -> None:
        steps["left"] -= 1
        if steps["left"] == 0:
            raise Killed

    def updating(self: Any, **changes: Any) -> int:
        if "claimed_at_utc" in changes or "sent_at_utc" in changes:
            step()
        changed: int = update(self, **changes)
        if "claimed_at_utc" in changes or "sent_at_utc" in changes:
            step()
        return changed

    def sending(self: EmailMessage, *args: Any, **kwargs: Any) -> int:
        sent: int = send(self, *args, **kwargs)
        step()
        return sent

    with (
        patch("django.db.models.query.QuerySet.update", updating),
        patch.object(EmailMessage, "send", sending),
    ):
        yield lambda at: steps.update(left=at)


@pytest.mark.parametrize("at", range(1, 16))
def test_it_goes_once_though_the_worker_is_killed(owner: User, now: datetime, kill: Any, at: int) -> None:
    """A mail whose worker died after it went out may go again: under the same Message-ID, so mail systems know it."""
    document = issue(owner, now)
    kill(at)
    with suppress(Killed):
        document_mail_now(document_id=document.id)
    kill(0)
    with patch("django.utils.timezone.now", lambda: now + 2 * AGAIN_AFTER):
        document_mail_now(document_id=document.id)
        document_mail_now(document_id=document.id)
    assert not DocumentMail.objects.filter(sent_at_utc=None).exists()
    assert {message.to[0] for message in mail.outbox} == set(ADDRESSES)
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 3
    repeated = len(mail.outbox) - 3
    assert repeated == (at % 5 in {3, 4})  # between the mail and its mark


def test_two_workers_do_not_send_the_same(owner: User, now: datetime) -> None:
    document = issue(owner, now)
    send = EmailMessage.send

    def sending(self: EmailMessage, *args: Any, **kwargs: Any) -> int:
        with patch.object(EmailMessage, "send", send):
            document_mail_now(document_id=document.id)  # the other worker, meanwhile
        sent: int = send(self, *args, **kwargs)
        return sent

    with patch.object(EmailMessage, "send", sending):
        document_mail_now(document_id=document.id)
    assert receivers() == sorted(ADDRESSES)


def test_what_the_server_refuses_is_tried_again_each_hour_for_a_day(owner: User, now: datetime) -> None:
    issue(owner, now)
    with patch.object(EmailMessage, "send", side_effect=OSError("no server")):
        for hour in range(MOST_ATTEMPTS + 2):
            at = now + hour * (AGAIN_AFTER + timedelta(minutes=1))
            with patch("homeshield.billing.documents.mail.timezone.now", lambda at=at: at):
                given = documents_enqueue(as_of=at)
                ended = tasks_run() if given else []
            assert bool(given) == (hour < MOST_ATTEMPTS)
            assert ended == ([("document_mail", "FAILED")] if given else [])
    assert not mail.outbox
    assert {one.attempts for one in DocumentMail.objects.all()} == {MOST_ATTEMPTS}


def test_a_mail_goes_to_no_address_that_the_client_did_not_name(owner: User, now: datetime) -> None:
    document, own = issue(owner, now), owner.client_id
    assert own
    before = list(DocumentMail.objects.values_list("address", flat=True))
    for client_id, address in ((own, "thief@elsewhere.example"), (_other(now), "x@other.example")):
        with pytest.raises(IntegrityError, match="its client named"), transaction.atomic():
            DocumentMail.objects.create(document=document, client_id=client_id, address=address)
    assert list(DocumentMail.objects.values_list("address", flat=True)) == before


def _other(now: datetime) -> UUID:
    user: User = UserFactory()
    assert user.client_id
    details_change(client_id=user.client_id, details=Details(mail_to=("x@other.example",)), by=user, as_of=now)
    return user.client_id


def test_a_mail_is_marked_once(owner: User, now: datetime) -> None:
    document_mail_now(document_id=issue(owner, now).id)
    with pytest.raises(IntegrityError, match="sent once"), transaction.atomic():
        DocumentMail.objects.update(sent_at_utc=timezone.now())


def test_addresses_go_after_ninety_days(owner: User, now: datetime) -> None:
    document_mail_now(document_id=issue(owner, now).id)
    issue(owner, now)  # waits
    [kept] = KEPT
    assert kept.remove(kept.before(now)) == 0
    assert kept.remove(kept.before(now + timedelta(days=91))) == 3
    assert DocumentMail.objects.filter(sent_at_utc=None).count() == 3
