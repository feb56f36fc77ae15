"""The pages of a company's suppression lists."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from homeshield.accounts.access import requires
from homeshield.accounts.limits import limited
from homeshield.accounts.permissions import Act
from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request
from inventory.suppression.errors import EndsInThePast, ListFull, ListNameTaken, ListNotFound, ListOver, TooManyLists
from inventory.suppression.forms import ListForm, MoreForm, NewListForm
from inventory.suppression.models import SuppressionList, UploadState
from inventory.suppression.selectors import lists_of
from inventory.suppression.services import (
    list_change,
    list_create,
    list_remove,
    upload_confirm,
    upload_discard,
    upload_get,
    upload_receive,
)
from inventory.suppression.uploads import takes_a_list


@csrf_exempt
@requires(Act.LISTS)
@limited("upload")
@require_http_methods(["GET", "HEAD", "POST"])
@takes_a_list
def list_list(request: Request) -> HttpResponse:
    """The company's lists, and the form for another one. What it sends is shown before it counts."""
    assert request.user.client_id is not None
    form = NewListForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            made = list_create(
                client_id=request.user.client_id, name=form.cleaned_data["name"], user=request.user,
                as_of=request.as_of,
            )  # fmt: skip
        except (ListNameTaken, TooManyLists) as refusal:
            form.add_error("name", refusal.message)
        else:
            return _received(request, made, form.cleaned_data["recognised"], replaces=False)
    context = {"form": form, "lists": lists_of(request.user.client_id)}
    return render(request, "suppression/list_list.html", context, status=422 if form.errors else 200)


@requires(Act.LISTS)
@require_safe
def list_show(request: Request, list_id: UUID) -> HttpResponse:
    """One list: how far it is, what was sent for it, and the forms to change it. HTMX asks for the progress alone."""
    return _list_page(request, _shown(request, list_id), fragment="#progress" if request.htmx else "")


@csrf_exempt
@requires(Act.LISTS)
@limited("upload")
@require_POST
@takes_a_list
def upload_send(request: Request, list_id: UUID) -> HttpResponse:
    """More entries for a list. They are shown before they count."""
    of = _shown(request, list_id)
    form = MoreForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list_page(request, of, more=form, status=422)
    try:
        return _received(request, of, form.cleaned_data["recognised"], replaces=form.cleaned_data["replaces"])
    except ListOver as refusal:
        return _list_page(request, of, refusal=refusal, status=refusal.status)


@requires(Act.LISTS)
@require_safe
def upload_show(request: Request, upload_id: UUID) -> HttpResponse:
    """What was recognised in an upload, before it counts."""
    assert request.user.client_id is not None
    upload = upload_get(client_id=request.user.client_id, upload_id=upload_id)
    return render(request, "suppression/upload_show.html", {"upload": upload, "list": upload.list})


@requires(Act.LISTS)
@require_POST
def upload_confirm_now(request: Request, upload_id: UUID) -> HttpResponse:
    """From now on the upload counts."""
    assert request.user.client_id is not None
    try:
        upload = upload_confirm(client_id=request.user.client_id, upload_id=upload_id, as_of=request.as_of)
    except (ListFull, ListOver) as refusal:
        upload = upload_get(client_id=request.user.client_id, upload_id=upload_id)
        context = {"upload": upload, "list": upload.list, "refusal": refusal}
        return render(request, "suppression/upload_show.html", context, status=refusal.status)
    return redirect("suppression:list-show", upload.list_id)


@requires(Act.LISTS)
@require_POST
def upload_discard_now(request: Request, upload_id: UUID) -> HttpResponse:
    """Forgets the upload."""
    assert request.user.client_id is not None
    upload = upload_discard(client_id=request.user.client_id, upload_id=upload_id, as_of=request.as_of)
    messages.success(request, "Upload discarded. We kept nothing of it.")
    kept = upload.list.uploads.exclude(state=UploadState.DISCARDED).exists()
    return redirect("suppression:list-show", upload.list_id) if kept else redirect("suppression:list-list")


@requires(Act.LISTS)
@require_POST
def list_change_now(request: Request, list_id: UUID) -> HttpResponse:
    """Another name or last day."""
    of = _shown(request, list_id)
    form = ListForm(request.POST)
    if form.is_valid():
        try:
            list_change(client_id=of.client_id, list_id=of.id, **form.cleaned_data, as_of=request.as_of)
        except (ListNameTaken, EndsInThePast) as refusal:
            form.add_error("name" if isinstance(refusal, ListNameTaken) else "ends_on", refusal.message)
        except ListOver as refusal:
            return _list_page(request, of, refusal=refusal, status=refusal.status)
        else:
            messages.success(request, "Saved.")
            return redirect("suppression:list-show", of.id)
    return _list_page(request, of, form=form, status=422)


@requires(Act.LISTS)
@require_POST
def list_remove_now(request: Request, list_id: UUID) -> HttpResponse:
    """Takes the list away."""
    assert request.user.client_id is not None
    of = list_remove(client_id=request.user.client_id, list_id=list_id, as_of=request.as_of)
    messages.success(request, f"List “{of.name}” is being removed. Its leads become available again.")
    return redirect("suppression:list-list")


def _received(request: Request, of: SuppressionList, recognised: Any, *, replaces: bool) -> HttpResponse:
    upload = upload_receive(
        of=of, recognised=recognised, replaces=replaces, user=request.user, as_of=request.as_of
    )  # fmt: skip
    return redirect("suppression:upload-show", upload.id)


def _shown(request: Request, list_id: UUID) -> SuppressionList:
    """Raises ListNotFound, for the list of another company too."""
    assert request.user.client_id is not None
    found = lists_of(request.user.client_id).filter(id=list_id).first()
    if found is None:
        raise ListNotFound
    return found


def _list_page(
    request: Request, of: SuppressionList, *, status: int = 200, fragment: str = "", **context: "DomainError | Any"
) -> HttpResponse:
    context = {
        "list": of,
        "form": ListForm(initial={"name": of.name, "ends_on": of.ends_on}),
        "more": MoreForm(),
    } | context
    return render(request, f"suppression/list_show.html{fragment}", context, status=status)
