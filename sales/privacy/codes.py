"""The code that proves that a request came from who answers the number. Neither code nor number is kept."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from leads.models import OptOut
from leads.opt_outs.models import OptOutKind
from sales.privacy.errors import CodeWrong
from sales.privacy.models import OptOutCode
from sales.privacy.services import opt_out

CODE_DIGITS = 6
VALID_FOR = timedelta(minutes=15)
ATTEMPTS = 5
"""How often a code may be tried. A million codes and five tries: one guess in 200,000 is right."""


def code_make(*, opt_out_id: UUID, as_of: datetime) -> str:
    """A new code for a request; the one before, if there was one, is worth nothing any more."""
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    OptOutCode.objects.update_or_create(
        opt_out_id=opt_out_id,
        defaults={"digest": _digest(opt_out_id, code), "expires_at_utc": as_of + VALID_FOR, "attempts": 0},
    )
    return code


def code_redeem(*, opt_out_id: UUID, code: str, as_of: datetime) -> OptOut:
    """Opts the person out whose request it is. Raises CodeWrong, also for a code that is too old or tried too often.

    The try is counted first, in a transaction of its own, so guesses at the same time count as well.
    """
    live = OptOutCode.objects.filter(opt_out_id=opt_out_id, expires_at_utc__gt=as_of, attempts__lt=ATTEMPTS)
    if not live.update(attempts=F("attempts") + 1):
        raise CodeWrong
    one = OptOutCode.objects.filter(opt_out_id=opt_out_id).select_related("opt_out").first()
    if one is None or not constant_time_compare(one.digest, _digest(opt_out_id, "".join(code.split()))):
        raise CodeWrong
    request = one.opt_out
    with transaction.atomic():
        one.delete()
        return opt_out(key=request.key, kind=OptOutKind.PAGE, wants_erasure=request.wants_erasure, as_of=as_of)


def _digest(opt_out_id: UUID, code: str) -> str:
    return salted_hmac("homeshield.opt-out-code", f"{opt_out_id}:{code}", algorithm="sha256").hexdigest()
