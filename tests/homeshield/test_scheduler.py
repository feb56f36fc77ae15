"""`run_scheduler` as its own process: it keeps the inventory current, beside another one, and ends when told to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection

from inventory.counting.compaction import counts_compare
from inventory.models import CountChange, InventoryRecord
from inventory.upkeep import roll
from tests.factories import stock
from tests.inventory.upkeep.poison import SECRET, by_trigger, cure

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def schedulers(log: Path, number: int) -> Iterator[list[subprocess.Popen[str]]]:
    """So many schedulers on the test's database, with rounds of half a second."""
    database = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-m", "tests.homeshield.scheduler_process", database, "--every", "0.5"]
    with log.open("w") as output:
        running = [
            subprocess.Popen(command, stdout=output, stderr=output, text=True, env=os.environ | {"LOG_LEVEL": "INFO"})
            for _ in range(number)
        ]
        try:
            yield running
        finally:
            for process in running:
                process.kill()
                process.wait(timeout=10)


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(600):  # a busy machine may take half of this to start a process
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("nothing has happened for a minute")


def is_rolled() -> bool:
    return (
        not InventoryRecord.objects.filter(lapsed_at_utc__isnull=True, age_bucket="MONTH_3_TO_5").exists()
        and not CountChange.objects.exists()
    )


@pytest.mark.direct
def test_two_at_once_keep_all_current_through_a_restart_until_they_are_told_to_stop(
    now: datetime, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    due = stock(40, as_of=now - timedelta(days=20), age_days=165)
    Session.objects.create(session_key="over", session_data="", expire_date=now)
    with schedulers(log, 2) as running:
        wait_until(is_rolled)
        wait_until(lambda: not Session.objects.exists())
        for _ in range(30):  # their sessions are ended, as by a restart of the database, whenever they have one
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            time.sleep(0.02)
        due += stock(40, as_of=now - timedelta(days=20), age_days=165)
        wait_until(is_rolled)
        for process, told in zip(running, (signal.SIGTERM, signal.SIGINT), strict=True):
            process.send_signal(told)
        assert [process.wait(timeout=10) for process in running] == [0, 0]
    new = InventoryRecord.objects.filter(age_bucket="MONTH_6_TO_8", lapsed_at_utc__isnull=True)
    assert sorted(new.values_list("lead_id", flat=True)) == sorted(record.lead_id for record in due)
    assert counts_compare() == []
    said = log.read_text()
    assert said.count("The scheduler has stopped") == 2
    assert "Traceback" not in said


@pytest.mark.direct
def test_a_lead_that_the_database_refuses_is_logged_in_each_round_and_holds_up_nothing(
    now: datetime, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    due = stock(5, as_of=now - timedelta(days=20), age_days=165)
    refused = due[0].lead
    by_trigger(refused)
    try:
        with schedulers(log, 1) as [scheduler]:
            wait_until(lambda: log.read_text().count(str(refused.id)) >= 3)
            later = stock(5, as_of=now - timedelta(days=20), age_days=165)
            wait_until(lambda: InventoryRecord.objects.filter(age_bucket="MONTH_6_TO_8").count() == 9)
            scheduler.send_signal(signal.SIGTERM)
            assert scheduler.wait(timeout=10) == 0
    finally:
        cure(refused.id)
    open_now = InventoryRecord.objects.filter(lapsed_at_utc__isnull=True).exclude(lead=refused)
    assert {record.lead_id for record in open_now} == {record.lead_id for record in (*due[1:], *later)}
    assert set(open_now.values_list("age_bucket", flat=True)) == {"MONTH_6_TO_8"}
    assert InventoryRecord.objects.get(lead=refused).lapsed_at_utc is None
    said = log.read_text()
    assert "Traceback" not in said
    assert SECRET not in said
    assert not CountChange.objects.exists()  # compacted, too


def test_told_to_stop_within_a_roll_it_ends_after_the_batch_in_hand(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roll, "BATCH", 10)
    stock(40, as_of=now - timedelta(days=20), age_days=165)
    make = roll._create_records

    def make_and_be_told(*args: object) -> int:
        made: int = make(*args)  # type: ignore[arg-type]
        if InventoryRecord.objects.filter(age_bucket="MONTH_6_TO_8").count() == 20:
            os.kill(os.getpid(), signal.SIGTERM)
        return made

    monkeypatch.setattr(roll, "_create_records", make_and_be_told)
    before = signal.getsignal(signal.SIGTERM)
    call_command("run_scheduler", "--every", "0.5")
    assert InventoryRecord.objects.filter(age_bucket="MONTH_6_TO_8").count() == 20
    assert signal.getsignal(signal.SIGTERM) == before
