"""Finished tasks go after a while."""

from datetime import datetime, timedelta

from django.tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

KEPT = timedelta(days=14)
"""How long a finished task's row stays, for whoever looks for a cause."""


def finished_tasks_remove(*, as_of: datetime) -> int:
    """Removes the rows of tasks that finished or failed longer ago than KEPT. Returns how many."""
    removed, _ = DBTaskResult.objects.filter(
        status__in=(TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED), finished_at__lt=as_of - KEPT
    ).delete()
    return removed
