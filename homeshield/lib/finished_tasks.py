from datetime import datetime, timedelta

from django.tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

KEPT = timedelta(days=14)
"""For troubleshooting."""


def finished_tasks_remove(*, as_of: datetime) -> int:
    """Deletes tasks that ended before `as_of` - KEPT; returns how many."""
    removed, _ = DBTaskResult.objects.filter(
        status__in=(TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED), finished_at__lt=as_of - KEPT
    ).delete()
    return removed
