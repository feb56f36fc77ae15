"""The public page on which a person opts out. Nothing on it tells whether we know the number."""

import logging
from typing import Any, cast
from uuid import UUID

from allauth.core.internal import ratelimit
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from homeshield.accounts.errors import TooOften
from homeshield.lib.http import Request
from homeshield.lib.text_messages import Sender, text_message_sender
from leads.contact_keys import key_of_digits
from sales.privacy.codes import code_make, code_redeem
from sales.privacy.errors import CodeWrong
from sales.privacy.forms import CodeForm, OptOutForm
from sales.privacy.services import opt_out_request, opt_out_unsent

logger = logging.getLogger(__name__)

IN_SESSION = "opt_out_request"


@sensitive_post_parameters("phone")
@require_http_methods(["GET", "HEAD", "POST"])
def opt_out_page(request: HttpRequest) -> HttpResponse:
    """Asks for the number, then sends a code to it; where no sender is configured, staff confirm the request."""
    form = OptOutForm(request.POST or None)
    if not form.is_valid():
        return render(request, "privacy/opt_out.html", {"form": form}, status=422 if form.is_bound else 200)
    number, sender = form.cleaned_data["phone"], text_message_sender()
    key = key_of_digits(number)
    _spend(request, "opt_out", key=key.hex)
    as_of = cast("Request", request).as_of
    with transaction.atomic():
        one = opt_out_request(
            key=key, wants_erasure=form.cleaned_data["wants_erasure"], needs_code=sender is not None, as_of=as_of
        )
        code = code_make(opt_out_id=one.id, as_of=as_of) if sender else ""
    if sender and _sent(sender, number, code):
        request.session[IN_SESSION] = str(one.id)
        return redirect("sales:opt-out-code")
    if sender:
        opt_out_unsent(opt_out_id=one.id, as_of=as_of)
    return redirect("sales:opt-out-done")


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def opt_out_code_page(request: HttpRequest) -> HttpResponse:
    """Asks for the code, and opts the person out."""
    if not (opt_out_id := request.session.get(IN_SESSION)):
        return redirect("sales:opt-out")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        _spend(request, "opt_out_code")
        try:
            code_redeem(
                opt_out_id=UUID(opt_out_id), code=form.cleaned_data["code"], as_of=cast("Request", request).as_of
            )
        except CodeWrong as refusal:
            form.add_error("code", refusal.message)
        else:
            del request.session[IN_SESSION]
            return redirect("sales:opt-out-done")
    return render(request, "privacy/opt_out_code.html", {"form": form}, status=422 if form.is_bound else 200)


@require_safe
def opt_out_done(request: HttpRequest) -> HttpResponse:
    """Says what happens next; the same to everybody."""
    return render(request, "privacy/opt_out_done.html", {"by_code": text_message_sender() is not None})


def _sent(sender: Sender, number: str, code: str) -> bool:
    try:
        sender(number, f"HomeShield: your code to opt out is {code}. It works for 15 minutes.")
    except OSError:
        logger.exception("A text message could not be sent.")
        return False
    return True


def _spend(request: HttpRequest, action: str, **key: Any) -> None:
    """Raises TooOften beyond `settings.VISITOR_RATE_LIMITS[action]`."""
    rates = settings.VISITOR_RATE_LIMITS
    usage = ratelimit.consume(request, app="homeshield", action=action, config=rates, limit_get=True, **key)
    if usage is None:
        raise TooOften
