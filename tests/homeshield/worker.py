"""Runs what was enqueued, as `manage.py db_worker` does, within a test's own process."""

from unittest.mock import patch

from django.db import connection
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult


def tasks_run() -> list[tuple[str, str]]:
    """Runs all tasks that are ready, also those that they enqueue. Returns each one's name and how it ended."""
    ready = set(DBTaskResult.objects.ready().values_list("id", flat=True))
    worker = db_worker.Worker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=f"test {connection.settings_dict['NAME']}"[:64],
        excluded_queue_names=[],
    )
    before = set(DBTaskResult.objects.finished().values_list("id", flat=True))
    with patch.object(db_worker, "close_old_connections"):  # a test's transaction stays open
        worker.run()
    ended = DBTaskResult.objects.finished().exclude(id__in=before).order_by("enqueued_at")
    assert ready <= {one.id for one in ended}
    return [(one.task_path.rpartition(".")[2], one.status) for one in ended]
