"""Background tasks: enqueued with what they belong to, run by a worker's process, and silent about persons."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django_tasks_db.models import DBTaskResult

from homeshield.lib.finished_tasks import KEPT, finished_tasks_remove
from tests.homeshield.some_tasks import SECRET, session_make, sessions_collide, speak
from tests.homeshield.worker import tasks_run


@contextmanager
def worker(log: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker on the test's database."""
    command = [sys.executable, "-m", "tests.homeshield.worker_process", str(connection.settings_dict["NAME"])]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--interval", "0.1"], stdout=output, stderr=output, text=True, env=os.environ.copy()
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(timeout=10)


@pytest.mark.django_db(transaction=True)
def test_a_worker_runs_what_is_enqueued_and_ends_when_told_to(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with worker(log) as process:
        session_make.enqueue("one")
        for _ in range(600):  # a busy machine may take half of this to start a process
            if DBTaskResult.objects.successful().exists():
                break
            time.sleep(0.1)
        assert Session.objects.get(session_key="one").session_data == "task session_make"
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert "Traceback" not in log.read_text()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_enqueues_nothing() -> None:
    with transaction.atomic():
        session_make.enqueue("one")
        transaction.set_rollback(True)
    assert tasks_run() == []
    assert not Session.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_task_that_fails_holds_up_no_other_and_repeats_nobodys_data(caplog: pytest.LogCaptureFixture) -> None:
    sessions_collide.enqueue("two")
    speak.enqueue(SECRET)
    session_make.enqueue("one")
    with caplog.at_level(logging.ERROR):
        ended = tasks_run()
    assert ended == [("sessions_collide", "FAILED"), ("speak", "FAILED"), ("session_make", "SUCCESSFUL")]
    collided, spoken = DBTaskResult.objects.failed().order_by("enqueued_at")
    assert collided.exception_class_path == spoken.exception_class_path == "homeshield.lib.tasks.TaskFailed"
    assert "django.db.utils.IntegrityError, SQLSTATE 23505" in collided.traceback
    assert "ValueError" in spoken.traceback
    assert SECRET not in collided.traceback + spoken.traceback
    assert "The task speak failed." in [record.getMessage() for record in caplog.records]


@pytest.mark.django_db
def test_rows_of_finished_tasks_go_after_two_weeks_and_those_of_others_stay(now: datetime) -> None:
    session_make.enqueue("old")
    speak.enqueue("old")
    tasks_run()
    session_make.enqueue("waits")
    assert finished_tasks_remove(as_of=now + KEPT - timedelta(minutes=1)) == 0
    assert finished_tasks_remove(as_of=now + KEPT + timedelta(minutes=1)) == 2
    assert [one.status for one in DBTaskResult.objects.all()] == ["READY"]
