from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from homeshield.accounts.access import requires
from homeshield.accounts.errors import AccountRefused, KeysNotShown, LastOwner, MailNotSent, SecondFactorMissing
from homeshield.accounts.forms import InvitationForm, NewPasswordForm, RoleForm
from homeshield.accounts.keys import keys_made_by
from homeshield.accounts.limits import limited
from homeshield.accounts.models import User
from homeshield.accounts.permissions import Act, ClientRole
from homeshield.accounts.second_factor import company_second_factor_set, with_second_factor
from homeshield.accounts.team import (
    has_account,
    invitation_accept,
    invitation_find,
    invitation_join,
    invitation_send,
    invitation_withdraw,
    invitations_of,
    may_join,
    member_find,
    member_remove,
    member_role_change,
    team_of,
)
from homeshield.lib.http import Request


@requires(Act.TEAM)
@require_safe
def team_show(request: Request) -> HttpResponse:
    """The company's users and open invitations."""
    return _team_page(request, status=200)


@requires(Act.INVITE)
@require_POST
@limited("invite")
def invitation_send_now(request: Request) -> HttpResponse:
    """Invites an address."""
    assert request.user.client_id is not None
    form = InvitationForm(request.POST)
    if form.is_valid():
        try:
            invitation = invitation_send(
                client_id=request.user.client_id,
                **form.cleaned_data,
                by=request.user,
                link_of=lambda token: request.build_absolute_uri(reverse("accounts:invitation-show", args=[token])),
                as_of=request.as_of,
            )
        except AccountRefused as refusal:
            form.add_error(refusal.field, refusal.message)
        except MailNotSent as failure:
            messages.error(request, failure.message)
            return redirect("accounts:team-show")
        else:
            messages.success(request, f"Invitation sent to {invitation.email}.")
            return redirect("accounts:team-show")
    return _team_page(request, form=form, status=422)


@requires(Act.TEAM)
@require_POST
def second_factor_require(request: Request) -> HttpResponse:
    """Makes a second factor mandatory or optional."""
    assert request.user.client_id is not None
    required = request.POST.get("required") == "yes"
    try:
        company_second_factor_set(
            client_id=request.user.client_id, required=required, by=request.user, as_of=request.as_of
        )
    except SecondFactorMissing as refusal:
        return _team_page(request, refusal=refusal, status=refusal.status)
    said = "Everyone on your team now needs two-step verification."
    messages.success(request, said if required else "Two-step verification is now optional.")
    return redirect("accounts:team-show")


def _team_page(request: Request, *, status: int, **context: Any) -> HttpResponse:
    assert request.user.client_id is not None
    context = {
        "form": InvitationForm(),
        "team": team_of(request.user.client_id),
        "may_invite": Act.INVITE in request.user.acts,
        "with_second_factor": with_second_factor(request.user.client_id),
        "invitations": invitations_of(request.user.client_id, as_of=request.as_of),
        "roles": ClientRole,
    } | context
    return render(request, "accounts/team.html", context, status=status)


@requires(Act.TEAM)
@require_POST
def member_role(request: Request, user_id: UUID) -> HttpResponse:
    """Changes a user's role."""
    assert request.user.client_id is not None
    form = RoleForm(request.POST)
    if not form.is_valid():
        return redirect("accounts:team-show")
    try:
        user = member_role_change(
            client_id=request.user.client_id, user_id=user_id, role=form.cleaned_data["role"], as_of=request.as_of
        )
    except LastOwner as refusal:
        return _team_page(request, refusal=refusal, status=refusal.status)
    messages.success(request, f"{user.email} now has the role {user.get_role_display()}.")
    if user.role != ClientRole.OWNER and keys_made_by(user):
        messages.warning(request, f"API keys that {user.email} created still work. Revoke them under API keys.")
    return _to_team(request, user)


@requires(Act.TEAM)
@require_http_methods(["GET", "HEAD", "POST"])
def member_remove_confirm(request: Request, user_id: UUID) -> HttpResponse:
    """Confirms, offers to revoke the user's API keys, then removes."""
    client_id = request.user.client_id
    assert client_id is not None
    member = member_find(client_id=client_id, user_id=user_id)
    refusal = None
    if request.method == "POST":
        try:
            user, revoked = member_remove(
                client_id=client_id, user_id=user_id, as_of=request.as_of, keys_shown=_ids(request, "shown"),
                keys_revoked=_ids(request, "revoke"),
            )  # fmt: skip
        except LastOwner as error:
            return _team_page(request, refusal=error, status=error.status)
        except KeysNotShown as error:
            refusal = error
        else:
            messages.success(request, _removed(user, revoked))
            return _to_team(request, user)
    context = {"member": member, "keys": keys_made_by(member), "refusal": refusal}
    return render(request, "accounts/member_remove.html", context, status=refusal.status if refusal else 200)


def _ids(request: Request, name: str) -> set[UUID]:
    """Skips malformed ids."""
    found = set()
    for text in request.POST.getlist(name):
        with suppress(ValueError):
            found.add(UUID(text))
    return found


def _removed(user: User, revoked: int) -> str:
    keys = f" {revoked} API key{'s' if revoked > 1 else ''} revoked." if revoked else ""
    return f"{user.email} was removed from your team.{keys}"


def _to_team(request: Request, changed: User) -> HttpResponse:
    """Owners who demoted themselves may not see the team."""
    return redirect("home" if changed == request.user else "accounts:team-show")


@requires(Act.TEAM)
@require_POST
def invitation_withdraw_now(request: Request, invitation_id: UUID) -> HttpResponse:
    """Withdraws an invitation."""
    assert request.user.client_id is not None
    invitation_withdraw(client_id=request.user.client_id, invitation_id=invitation_id, as_of=request.as_of)
    messages.success(request, "Invitation withdrawn.")
    return redirect("accounts:team-show")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_show(request: Request, token: str) -> HttpResponse:
    """A visitor sets a password; a user without a company joins."""
    invitation = invitation_find(token, as_of=request.as_of)
    joins = may_join(invitation, request.user)
    if joins and request.method == "POST":
        invitation_join(token=token, user=request.user, as_of=request.as_of)
        messages.success(request, f"Welcome to {invitation.client.name}.")
        return redirect("home")
    form, known = NewPasswordForm(request.POST or None), has_account(invitation)
    is_visitor = request.user.pk is None
    if not known and is_visitor and form.is_valid():
        try:
            invitation_accept(token=token, password=form.cleaned_data["password"], as_of=request.as_of)
        except AccountRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, f"Your account at {invitation.client.name} is ready. Sign in with your password.")
            return redirect("account_login")
    context = {"invitation": invitation, "form": form, "joins": joins, "known": known}
    return render(request, "accounts/invitation.html", context, status=422 if form.errors else 200)
