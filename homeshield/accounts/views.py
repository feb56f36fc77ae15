from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from homeshield.accounts.access import requires
from homeshield.accounts.errors import KeyRefused, TooManyKeys
from homeshield.accounts.forms import KeyForm
from homeshield.accounts.keys import key_create, key_revoke, keys_of
from homeshield.accounts.permissions import Act, require
from homeshield.lib.http import Request


@requires(Act.KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def key_list(request: Request) -> HttpResponse:
    """Lists and creates keys. Only the POST's response shows the token: a URL could be reopened."""
    user = request.user
    assert user.client is not None
    if request.method == "POST":
        require(Act.KEY_MAKE, granted=user.granted, status=user.client.status)
    form = KeyForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        try:
            context["made"] = key_create(
                client_id=user.client.id,
                name=form.cleaned_data["name"],
                created_by=user,
                as_of=request.as_of,
            )
            context["form"] = KeyForm()
        except (KeyRefused, TooManyKeys) as refusal:
            form.add_error("name", refusal.message)
    context["keys"] = keys_of(user.client.id)
    return render(request, "accounts/key_list.html", context, status=422 if form.errors else 200)


@requires(Act.KEYS)
@require_POST
def key_revoke_now(request: Request, key_id: UUID) -> HttpResponse:
    """Revokes a key."""
    assert request.user.client_id is not None
    key = key_revoke(client_id=request.user.client_id, key_id=key_id, as_of=request.as_of)
    messages.success(request, f"Key “{key.name}” revoked. It no longer works.")
    return redirect("accounts:key-list")
