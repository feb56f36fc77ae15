"""What pages and programs are shown of suppression lists."""

from uuid import UUID

from django.db.models import F, Prefetch, Q, QuerySet, Sum

from inventory.suppression.models import ListStatus, SuppressionList, SuppressionUpload, UploadState

SHOWN = Q(state__in=(UploadState.RECEIVED, UploadState.WAITING, UploadState.DONE))


def lists_of(client_id: UUID) -> QuerySet[SuppressionList]:
    """The client's lists that were not removed, the newest first, each with `uploads_shown` and `waiting`: how many
    entries are still to come into effect."""
    uploads = SuppressionUpload.objects.filter(SHOWN).order_by("-received_at_utc", "-id")
    left = Sum(
        F("uploads__valid") - F("uploads__duplicates") - F("uploads__done"),
        filter=Q(uploads__state=UploadState.WAITING), default=0,
    )  # fmt: skip
    return (
        SuppressionList.objects.filter(client_id=client_id)
        .exclude(status=ListStatus.REMOVED)
        .annotate(waiting=left, in_stock=Sum("uploads__matched", default=0))
        .prefetch_related(Prefetch("uploads", uploads, to_attr="uploads_shown"))
        .order_by("-created_at_utc", "-id")
    )
