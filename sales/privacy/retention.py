"""Requests of the public page that nobody confirmed, and codes that are over."""

from datetime import datetime

from django.db.models import QuerySet

from homeshield.lib.retention import Kept
from leads.models import OptOut
from leads.opt_outs.models import OptOutState
from sales.privacy.models import OptOutCode


def _unconfirmed(before: datetime) -> QuerySet[OptOut]:
    return OptOut.objects.filter(state=OptOutState.UNCONFIRMED, received_at_utc__lt=before)


def _codes(before: datetime) -> QuerySet[OptOutCode]:
    return OptOutCode.objects.filter(expires_at_utc__lt=before)


KEPT = (
    Kept(what="Codes of opt-outs, expired", days=1, count=lambda before: _codes(before).count(),
         remove=lambda before: _codes(before).delete()[0]),
    Kept(what="Opt-outs that nobody confirmed", days=30, count=lambda before: _unconfirmed(before).count(),
         remove=lambda before: _unconfirmed(before).delete()[1].get("leads.OptOut", 0)),
)  # fmt: skip
