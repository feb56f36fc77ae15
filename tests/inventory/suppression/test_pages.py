"""The pages of suppression lists: send, look at what was recognized, confirm, see it done."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import Settings

from homeshield.accounts.models import User
from inventory.models import SuppressionList, SuppressionPiece, SuppressionUpload
from inventory.suppression.models import ListStatus, UploadState
from tests.factories import ClientFactory, UserFactory, stock
from tests.homeshield.worker import tasks_run
from tests.inventory.suppression.lists import listed, number, pairs, upload

pytestmark = pytest.mark.django_db

LISTS = reverse("suppression:list-list")


@pytest.fixture
def user(db: None) -> User:
    return UserFactory(role="buyer")


@pytest.fixture
def browser(user: User) -> Browser:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(user)
    browser.get(LISTS)
    return browser


def post(browser: Browser, address: str, **data: object) -> tuple[int, str, str]:
    """The status, where it leads, and the page after it."""
    token = browser.cookies["csrftoken"].value
    answer = browser.post(address, {"csrfmiddlewaretoken": token, **data}, follow=True)
    where = answer.redirect_chain[-1][0] if answer.redirect_chain else ""
    return answer.status_code, where, " ".join(answer.content.decode().split())


def file(*entries: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("numbers.csv", "\r\n".join(entries).encode(), "text/csv")


def test_from_a_file_to_its_result(browser: Browser, user: User, now: datetime) -> None:
    assert user.client
    stock(1, as_of=now, borrower_phone=number(1))
    sent = file("Name,Phone", f"Ada,{number(1)}", f"Bo,{number(2)}", f"Bo,{number(2)}", "Cy,nothing")
    status, where, page = post(browser, LISTS, name="Customers", file=sent)
    assert status == 200
    assert "2 entries to add" in page
    assert "column 2 (Phone), separated by commas" in page
    assert "Line 5: neither a phone number" in page
    assert number(1) not in page
    assert tasks_run() == []
    assert pairs(user.client) == {}
    upload_ = SuppressionUpload.objects.get()
    assert where == reverse("suppression:upload-show", args=[upload_.id])

    status, where, page = post(browser, reverse("suppression:upload-confirm", args=[upload_.id]))
    assert where == reverse("suppression:list-show", args=[upload_.list_id])
    assert "0 of 2" in page
    assert 'hx-trigger="every 2s"' in page
    tasks_run()
    page = " ".join(browser.get(where, headers={"HX-Request": "true"}).content.decode().split())
    assert page.startswith('<section id="progress"')
    assert "hx-trigger" not in page
    for fact in ("Entries</dt><dd>4", "Valid</dt><dd>3", "Invalid</dt><dd>1", "Matched in stock that day</dt><dd>1"):
        assert fact in page
    assert pairs(user.client).keys() == {number(1)}


def test_pasted_text_is_as_good_as_a_file(browser: Browser) -> None:
    status, _, page = post(browser, LISTS, name="Pasted", text=f"{number(1)}\n({number(2)[:3]}) {number(2)[3:]}\n")
    assert status == 200
    assert "2 entries to add" in page


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"name": "Ours"}, "Choose a file or paste a list"),
        ({"name": "", "text": number(1)}, "Give the list a name"),
        ({"name": "Ours", "text": "nobody"}, "We found no phone numbers"),
        ({"name": "taken", "text": number(1)}, "of this name already"),
    ],
)
def test_a_form_that_is_wrong_says_so_and_keeps_nothing(
    browser: Browser, user: User, now: datetime, sent: dict[str, str], said: str
) -> None:
    assert user.client
    listed(user.client, [number(9)], as_of=now, name="Taken")
    before = SuppressionList.objects.count(), SuppressionUpload.objects.count(), SuppressionPiece.objects.count()
    status, _, page = post(browser, LISTS, **sent)
    assert status == 422
    assert said in page
    assert before == (
        SuppressionList.objects.count(), SuppressionUpload.objects.count(), SuppressionPiece.objects.count()
    )  # fmt: skip


def test_a_file_that_is_none_is_refused_whole(browser: Browser) -> None:
    status, _, page = post(browser, LISTS, name="Ours", file=SimpleUploadedFile("a.pdf", b"%PDF-1.7 " + b"x" * 9_000))
    assert status == 422
    assert "a PDF document" in page
    assert not SuppressionList.objects.exists()


def test_a_large_file_is_never_written_to_a_disk(
    browser: Browser, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django would put what is larger than 2.5 MB into a temporary file."""
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "none")  # where nothing can be written
    row = "x" * 1_000
    status, _, page = post(
        browser, LISTS, name="Ours", file=file("Phone,Note", *(f"{number(n)},{row}" for n in range(3_000)))
    )
    assert status == 200
    assert "3,000 entries to add" in page


def test_no_number_is_kept_anywhere(browser: Browser, user: User) -> None:
    post(browser, LISTS, name="Ours", file=file(number(1), "nobody", number(2)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(string_agg(row_to_json(one)::text, ''), '') FROM ("
            "SELECT row_to_json(l) FROM suppression_lists l UNION ALL SELECT row_to_json(u) FROM suppression_uploads u "
            "UNION ALL SELECT row_to_json(p) FROM suppression_pieces p) AS one"
        )
        kept = cursor.fetchone()[0]
    assert number(1) not in kept
    assert "nobody" not in kept
    assert kept.count("Ours") == 1


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(browser: Browser, settings: Settings) -> None:
    settings.LIST_MAX_BODY_BYTES = 1_000
    status, _, page = post(browser, LISTS, name="Ours", file=file(*(number(n) for n in range(200))))
    assert status == 413
    assert "too large" in page
    assert not SuppressionList.objects.exists()


def test_a_form_without_its_token_is_refused(browser: Browser) -> None:
    answer = browser.post(LISTS, {"name": "Ours", "file": file(number(1))})
    assert answer.status_code == 403
    assert not SuppressionList.objects.exists()


def test_other_pages_take_no_files(browser: Browser) -> None:
    token = browser.cookies["csrftoken"].value
    answer = browser.post("/order/lines/", {"csrfmiddlewaretoken": token, "file": file(number(1))})
    assert answer.status_code == 400


def test_add_replace_and_discard(browser: Browser, user: User, now: datetime) -> None:
    assert user.client
    made = listed(user.client, [number(1)], as_of=now)
    send = reverse("suppression:upload-send", args=[made.id])
    _, _, page = post(browser, send, text=number(2), replaces="yes")
    assert "The 1 entry on the list now will go" in page
    waits = SuppressionUpload.objects.get(state=UploadState.RECEIVED)
    _, where, page = post(browser, reverse("suppression:upload-discard", args=[waits.id]))
    assert where == reverse("suppression:list-show", args=[made.id])
    assert "We kept nothing of it" in page
    assert not SuppressionPiece.objects.exists()
    post(browser, send, text=number(3), replaces="yes")
    waits = SuppressionUpload.objects.get(state=UploadState.RECEIVED)
    post(browser, reverse("suppression:upload-confirm", args=[waits.id]))
    tasks_run()
    made.refresh_from_db()
    assert (made.entries, made.generation) == (1, 1)
    status, _, page = post(browser, reverse("suppression:upload-confirm", args=[waits.id]))
    assert status == 404
    assert "confirmed or discarded already" in page


def test_rename_end_and_remove(browser: Browser, user: User, now: datetime) -> None:
    assert user.client
    made = listed(user.client, [number(1)], as_of=now)
    change = reverse("suppression:list-change", args=[made.id])
    assert post(browser, change, name="Other", ends_on="2999-12-31")[0] == 200
    assert post(browser, change, name="Other", ends_on="2000-01-01")[0] == 422
    made.refresh_from_db()
    assert (made.name, str(made.ends_on)) == ("Other", "2999-12-31")
    _, where, page = post(browser, reverse("suppression:list-remove", args=[made.id]))
    assert where == LISTS
    assert "Removing…" in page
    tasks_run()
    assert "No lists yet" in browser.get(LISTS).content.decode()


def test_another_companys_lists_are_not_there(browser: Browser, now: datetime) -> None:
    other = listed(ClientFactory(), [number(1)], as_of=now)
    waits = upload(other, [number(2)], as_of=now)
    SuppressionUpload.objects.filter(id=waits.id).update(state=UploadState.RECEIVED)
    pages: list[tuple[str, UUID, dict[str, str] | None]] = [
        ("list-show", other.id, None),
        ("upload-show", waits.id, None),
    ]
    pages += [
        ("upload-send", other.id, {"text": number(3), "replaces": "no"}),
        ("list-change", other.id, {"name": "x"}),
    ]
    pages += [("list-remove", other.id, {}), ("upload-confirm", waits.id, {}), ("upload-discard", waits.id, {})]
    for name, key, data in pages:
        address = reverse(f"suppression:{name}", args=[key])
        status = browser.get(address).status_code if data is None else post(browser, address, **data)[0]
        assert status == 404, name
    other.refresh_from_db()
    assert (other.name, other.status, other.uploads.count()) == ("Ours", ListStatus.ACTIVE, 2)
