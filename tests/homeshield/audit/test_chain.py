"""The chain, as an outsider computes it from an excerpt, and as `verify_audit` proves it."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from homeshield.audit.actions import AuditAction
from homeshield.audit.chain import BEGINNING, Head
from homeshield.audit.errors import HeadUnreadable
from homeshield.audit.models import AuditEvent, AuditSeal
from homeshield.audit.sealing import audit_head, audit_seal
from homeshield.audit.services import audit_record
from homeshield.audit.verification import audit_verify
from homeshield.lib.origin import Origin, within

pytestmark = pytest.mark.django_db


@pytest.fixture
def events(as_of: datetime) -> list[str]:
    """Six events in the chain; their ids in its order."""
    for number in range(6):
        audit_record(
            action=AuditAction.PURCHASE,
            details={"leads": number, "label": "Ünïcode “quoted”", "list": [True, None]},
            as_of=as_of + timedelta(microseconds=number),
        )
    assert audit_seal(as_of=as_of) == 6
    connection.check_constraints()  # of what is deferred to the commit, before anybody tampers
    return [str(key) for key in AuditSeal.objects.order_by("sequence").values_list("event_id", flat=True)]


class Somewhere(Origin):
    """A visitor with an address of the newer kind."""

    @property
    def address(self) -> str | None:
        return "2001:db8::7"


@contextmanager
def intruder() -> Iterator[Callable[[str], None]]:
    """Somebody with every right, for whom no trigger and no foreign key holds."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield cursor.execute
        finally:
            cursor.execute("SET session_replication_role = origin")


def tamper(*statements: str) -> None:
    with intruder() as execute:
        for statement in statements:
            execute(statement)


def test_the_hash_is_what_the_documentation_says(events: list[str], as_of: datetime) -> None:
    """Computed by the statement that docs/audit.md gives to outsiders, and by nothing of ours."""
    with within(Somewhere()):
        audit_record(action=AuditAction.SIGN_IN, as_of=as_of)
    audit_seal(as_of=as_of)
    statement = re.search(r"```sql\n(.*?)```", (settings.BASE_DIR / "docs" / "audit.md").read_text(), re.DOTALL)
    assert statement
    with connection.cursor() as cursor:
        cursor.execute(statement[1])
        rows = cursor.fetchall()
    previous = "0" * 64
    for line, digest in rows:
        assert json.loads(line)["previous_hash"] == previous
        canonical = json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(canonical.encode()).hexdigest() == digest
        previous = digest
    assert len(rows) == 7


def test_an_untouched_chain_holds(events: list[str]) -> None:
    verdict = audit_verify()
    assert (verdict.holds, verdict.seals, verdict.waiting) == (True, 6, 0)
    assert verdict.head == audit_head()
    assert verdict.head.sequence == 6


def test_an_empty_chain_holds() -> None:
    assert audit_verify().holds
    assert audit_verify().head == BEGINNING


CHANGES = {
    "occurred_at_utc": "occurred_at_utc + interval '1 microsecond'",
    "action": "'sign_in'",
    "outcome": "'refused'",
    "actor_id": "gen_random_uuid()",
    "actor": "'somebody else'",
    "channel": "'api'",
    "source": "'elsewhere'",
    "address": "'203.0.113.9'",
    "address_digest": "repeat('0', 64)",
    "request_id": "'another'",
    "client_id": "gen_random_uuid()",
    "object_type": "'other'",
    "object_id": "'other'",
    "details": """'{"leads": 4}'""",
}


def test_every_column_is_sealed() -> None:
    assert {"id", *CHANGES} == {field.attname for field in AuditEvent._meta.concrete_fields}


@pytest.mark.parametrize("column", CHANGES)
def test_a_change_is_found_and_the_row_named(events: list[str], column: str) -> None:
    tamper(f"UPDATE audit_events SET {column} = {CHANGES[column]} WHERE id = '{events[2]}'")
    assert audit_verify().faults == [f"Event {events[2]} is not what seal 3 covers: one of the two was changed."]


def test_a_change_whose_hash_was_made_anew_is_found_at_the_next_seal(events: list[str]) -> None:
    tamper("UPDATE audit_seals SET hash = sha256('made up') WHERE sequence = 3")
    assert audit_verify().faults == [
        f"Event {events[2]} is not what seal 3 covers: one of the two was changed.",
        "Seal 4 does not follow on seal 3: one of the two was changed or exchanged.",
    ]


@pytest.mark.parametrize(
    ("statements", "faults"),
    [
        (
            ["DELETE FROM audit_events WHERE id = '{2}'"],
            ["Event {2}, of seal 3, is missing."],
        ),
        (
            ["DELETE FROM audit_events WHERE id = '{2}'", "DELETE FROM audit_seals WHERE sequence = 3"],
            ["Seal 3 is missing."],
        ),
        (
            ["DELETE FROM audit_seals WHERE sequence IN (2, 3)", "DELETE FROM audit_events WHERE id IN ('{1}', '{2}')"],
            ["Seals 2 to 3 are missing."],
        ),
        (
            ["DELETE FROM audit_seals WHERE sequence = 1"],
            [
                "Seal 1 is missing.",
                "Event {0} has no seal and waits for none: its seal was taken away, or itself put in.",
            ],
        ),
        (
            ["UPDATE audit_seals SET sealed_at_utc = sealed_at_utc - interval '1 day' WHERE sequence = 5"],
            ["Event {4} is not what seal 5 covers: one of the two was changed."],
        ),
        (
            ["UPDATE audit_seals SET sequence = 105 - sequence WHERE sequence IN (2, 3)",
             "UPDATE audit_seals SET sequence = sequence - 100 WHERE sequence > 100"],
            [
                "Event {2} is not what seal 2 covers: one of the two was changed.",
                "Event {1} is not what seal 3 covers: one of the two was changed.",
                "Seal 2 does not follow on seal 1: one of the two was changed or exchanged.",
                "Seal 3 does not follow on seal 2: one of the two was changed or exchanged.",
                "Seal 4 does not follow on seal 3: one of the two was changed or exchanged.",
            ],
        ),
    ],
    ids=["event", "event and seal", "two of each", "first seal", "instant of the seal", "exchanged"],
)  # fmt: skip
def test_what_was_taken_from_the_middle_or_exchanged_is_named(
    events: list[str], statements: list[str], faults: list[str]
) -> None:
    tamper(*(statement.format(*events) for statement in statements))
    assert sorted(audit_verify().faults) == sorted(fault.format(*events) for fault in faults)


def test_an_event_that_was_smuggled_in_past_the_triggers_is_named(events: list[str]) -> None:
    names = [field.attname for field in AuditEvent._meta.concrete_fields]
    chosen = ["'00000000-0000-7000-8000-000000000001'", *names[1:]]
    tamper(f"INSERT INTO audit_events ({', '.join(names)}) SELECT {', '.join(chosen)} FROM audit_events LIMIT 1")
    assert audit_verify().faults == [
        "Event 00000000-0000-7000-8000-000000000001 has no seal and waits for none: its seal was taken away, or itself "
        "put in."
    ]


def cut_off(events: list[str]) -> None:
    tamper("DELETE FROM audit_seals WHERE sequence > 4", f"DELETE FROM audit_events WHERE id IN {tuple(events[4:])}")


def test_an_end_that_was_cut_off_is_found_with_the_head_that_was_kept(events: list[str]) -> None:
    kept = audit_head()
    cut_off(events)
    assert audit_verify().holds, "nothing within the database can tell"
    assert audit_verify(expected=kept).faults == [
        "The chain ends at 4, before the head that was kept (6): its end was cut off."
    ]


def test_a_chain_that_was_made_anew_is_found_with_the_head_that_was_kept(events: list[str], as_of: datetime) -> None:
    kept = audit_head()
    cut_off(events)
    for _ in range(3):
        audit_record(action=AuditAction.PURCHASE, as_of=as_of)
    audit_seal(as_of=as_of)
    assert audit_verify().holds
    (fault,) = audit_verify(expected=kept).faults
    assert fault.startswith("The hash of seal 6 is ")
    assert fault.endswith("the chain was made anew, at this place or before.")


def test_a_head_from_before_holds_when_the_chain_has_grown(events: list[str], as_of: datetime) -> None:
    kept = audit_head()
    audit_record(action=AuditAction.PURCHASE, as_of=as_of)
    audit_seal(as_of=as_of)
    assert audit_verify(expected=kept).holds
    assert audit_verify(expected=BEGINNING).holds


class TestCommand:
    def run(self, *arguments: str) -> tuple[int, str]:
        out = StringIO()
        try:
            call_command("verify_audit", *arguments, stdout=out)
        except CommandError as error:
            return error.returncode, out.getvalue()
        return 0, out.getvalue()

    def test_seals_what_waits_and_prints_the_head(self, as_of: datetime) -> None:
        audit_record(action=AuditAction.PURCHASE, as_of=as_of)
        assert self.run("--without-sealing") == (
            0,
            "The chain holds: 0 events are what they were when they were sealed.\n1 wait for their seals.\n"
            f"Head: 0:{'0' * 64}\n",
        )
        code, said = self.run()
        assert (code, said) == (
            0,
            f"The chain holds: 1 events are what they were when they were sealed.\nHead: {audit_head()}\n",
        )
        assert self.run("--expect-head", str(audit_head()))[0] == 0

    def test_names_what_is_wrong_and_fails(self, events: list[str]) -> None:
        tamper(f"UPDATE audit_events SET actor = 'x' WHERE id = '{events[0]}'")
        code, said = self.run()
        assert code == 1
        assert said.startswith(f"Event {events[0]} is not what seal 1 covers: one of the two was changed.\nHead: 6:")

    def test_tells_programs_the_same(self, events: list[str]) -> None:
        code, said = self.run("--json")
        answer: dict[str, Any] = json.loads(said)
        assert (code, answer) == (
            0,
            {
                "holds": True,
                "sealed": 6,
                "personal_data_seen": 0,
                "waiting": 0,
                "head": str(audit_head()),
                "faults": [],
                "more_faults": 0,
            },
        )

    def test_does_not_list_every_row_of_a_chain_that_is_all_wrong(self, as_of: datetime) -> None:
        for _ in range(25):
            audit_record(action=AuditAction.PURCHASE, as_of=as_of)
        audit_seal(as_of=as_of)
        tamper("UPDATE audit_events SET actor = 'x'")
        code, said = self.run()
        assert code == 1
        assert said.count("is not what seal") == 20
        assert "... and 5 more faults." in said


@pytest.mark.parametrize("text", ["", "6", "6:", "6:zz", f"6:{'0' * 63}", f"-1:{'0' * 64}", f"x:{'0' * 64}"])
def test_a_head_that_was_not_copied_whole_is_refused(text: str) -> None:
    with pytest.raises(HeadUnreadable, match="64 hexadecimal digits"):
        Head.parse(text)
