"""Searches of users who have left the company for which they saved them."""

from datetime import datetime

from django.db.models import F, Q, QuerySet

from homeshield.lib.retention import Kept
from sales.saved.models import SavedSearch


def _left_behind(before: datetime) -> QuerySet[SavedSearch]:
    elsewhere = Q(user__client_id=None) | ~Q(user__client_id=F("client_id"))
    return SavedSearch.objects.filter(elsewhere, opened_at_utc__lt=before)


KEPT = (
    Kept(what="Saved searches of users who left", days=30, count=lambda before: _left_behind(before).count(),
         remove=lambda before: _left_behind(before).delete()[0]),
)  # fmt: skip
