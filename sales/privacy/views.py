"""A client's notices: what people ask of it who have opted out."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from homeshield.accounts.access import requires
from homeshield.accounts.permissions import Act
from homeshield.lib.http import Request
from sales.privacy.errors import NoticeNotFound
from sales.privacy.notices import notice_confirm, notices_confirm, notices_page, unconfirmed_count


@requires(Act.NOTICES)
@require_safe
def notice_list(request: Request) -> HttpResponse:
    """The company's notices, the newest first, each with a button that confirms it."""
    client_id = _client_id(request)
    context = {
        "page": notices_page(client_id=client_id, cursor=request.GET.get("cursor")),
        "unconfirmed": unconfirmed_count(client_id),
        "until": request.as_of.isoformat(),
    }
    return render(request, "privacy/notice_list.html", context)


@requires(Act.NOTICES)
@require_POST
def notice_confirm_one(request: Request, notice_id: UUID) -> HttpResponse:
    """Confirms one notice. 404 for another company's."""
    notice_confirm(client_id=_client_id(request), notice_id=notice_id, user_id=request.user.id, as_of=request.as_of)
    messages.success(request, "Confirmed.")
    return redirect("sales:notice-list")


@requires(Act.NOTICES)
@require_POST
def notice_confirm_all(request: Request) -> HttpResponse:
    """Confirms all notices that were there when the page was shown."""
    try:
        until = parse_datetime(request.POST.get("until", ""))
    except ValueError:
        until = None
    if until is None or until.tzinfo is None:
        raise NoticeNotFound
    confirmed = notices_confirm(
        client_id=_client_id(request), told_until=until, user_id=request.user.id, as_of=request.as_of
    )
    messages.success(request, f"{confirmed} confirmed.")
    return redirect("sales:notice-list")


def _client_id(request: Request) -> UUID:
    assert request.user.client_id is not None
    return request.user.client_id
