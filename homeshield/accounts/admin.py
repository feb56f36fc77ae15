"""Users are deactivated, never deleted."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from homeshield.accounts.errors import AccountRefused
from homeshield.accounts.forms import StandingForm, UserChangeForm, UserCreationForm
from homeshield.accounts.keys import key_revoke
from homeshield.accounts.models import ApiKey, Client, ClientChange, User
from homeshield.accounts.services import second_factor_remove, sign_in_address_set
from homeshield.accounts.sessions import other_sessions_end
from homeshield.accounts.standing import client_standing_change
from homeshield.audit.recorded_edits import RecordedEdits
from homeshield.audit.recorded_views import RecordedViews
from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request
from homeshield.lib.staff_pages import StaffPages
from homeshield.lib.view_only_admin import ViewOnly, as_uuid


class ChangeInline(ViewOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = ClientChange
    fields = ("changed_at_utc", "changed_by", "status", "licensed_states", "reason")
    verbose_name_plural = "changes of its standing, the latest first"

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return request.user.has_perm("accounts.view_client")


class UserInline(ViewOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = User
    fields = ("email", "role", "is_active", "last_login")
    show_change_link = True
    verbose_name_plural = "users of this client"


@admin.register(Client)
class ClientAdmin(RecordedViews, ViewOnly, StaffPages, admin.ModelAdmin):  # type: ignore[type-arg]
    """View-only, except for changes of standing."""

    change_form_template = "admin/accounts/client/change_form.html"

    list_display = ("name", "status", "id", "created_at_utc")
    list_filter = ("status",)
    list_per_page = 50
    search_fields = ("name", "users__email")
    search_help_text = "Search by company name, by a user's email address or the exact client id."
    fields = ("name", "status", "licensed_states", "id", "created_at_utc")
    readonly_fields = ("id", "created_at_utc")
    inlines = (UserInline, ChangeInline)

    def get_urls(self) -> list[URLPattern]:
        standing = self.admin_site.admin_view(self.standing_view)
        return [path("<uuid:client_id>/standing/", standing, name="accounts_client_standing"), *super().get_urls()]

    def has_standing_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_client")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        context["has_standing_permission"] = self.has_standing_permission(request)
        return super().render_change_form(request, context, *args, **options)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        client = self.get_object(request, unquote(object_id))
        changes = client.changes.select_related("changed_by") if client else ()
        return super().history_view(request, object_id, {"changes": changes, **(extra_context or {})})

    def standing_view(self, request: HttpRequest, client_id: UUID) -> HttpResponse:
        """Changes a client's status and licensed states."""
        if not self.has_standing_permission(request):
            raise PermissionDenied
        client = get_object_or_404(Client, id=client_id)
        initial = {"status": client.status, "licensed_states": ", ".join(client.licensed_states)}
        form = StandingForm(request.POST or None, initial=initial)
        if form.is_valid() and self._change_standing(cast("Request", request), client, form):
            return redirect("admin:accounts_client_change", client.id)
        context = {
            **self.admin_site.each_context(request),
            "title": "Change status and licensed states",
            "subtitle": str(client),
            "client": client,
            "form": form,
            "opts": self.opts,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/accounts/client/standing.html", context, status=status)

    def _change_standing(self, request: Request, client: Client, form: StandingForm) -> bool:
        try:
            change = client_standing_change(
                client_id=client.id, **form.cleaned_data, by=request.user, as_of=request.as_of
            )
        except AccountRefused as refusal:
            form.add_error(refusal.field, refusal.message)
            return False
        said = f"{client} is now {change.get_status_display().lower()}." if change else "Nothing was changed."
        self.message_user(request, said, messages.SUCCESS if change else messages.INFO)
        return True

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Client], search_term: str
    ) -> tuple[QuerySet[Client], bool]:
        if key := as_uuid(search_term.strip()):
            return queryset.filter(Q(id=key)), False
        return super().get_search_results(request, queryset, search_term)


@admin.register(User)
class UserAdmin(StaffPages, RecordedViews, RecordedEdits, DjangoUserAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    list_display = ("email", "client", "role", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active")
    list_select_related = ("client",)
    list_per_page = 50
    search_fields = ("email", "client__name")
    search_help_text = "Search by email address or company name."
    ordering = ("email",)
    raw_id_fields = ("client",)  # a select would list every client
    readonly_fields = ("is_staff", "is_superuser", "groups", "last_login", "created_at_utc")
    fieldsets = (
        (None, {"fields": ("email", "password", "client", "role", "is_active")}),
        (
            "Staff",
            {
                "fields": ("is_staff", "is_superuser", "groups"),
                "description": "Operators decide this at the command line: manage.py staff EMAIL --group NAME",
            },
        ),
        ("Dates", {"fields": ("last_login", "created_at_utc")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "client", "role", "password1", "password2")}),)

    actions = ("remove_second_factors",)

    def has_second_factors_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    @admin.action(description="Remove two-step verification of the selected users", permissions=["second_factors"])
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For users who lost their phone. Verify who is asking first."""
        as_of = cast("Request", request).as_of
        removed = sum(second_factor_remove(user=user, as_of=as_of) for user in queryset)
        self.message_user(request, f"{removed} removed.", messages.SUCCESS)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only superusers change staff: whoever sets a password can become that user."""
        above = obj is not None and (obj.is_staff or obj.is_superuser) and not request.user.is_superuser
        return not above and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        sign_in_address_set(user=obj)
        if "email" in form.changed_data:
            if obj == request.user:
                update_session_auth_hash(request, obj)
            other_sessions_end(user=obj, request=request)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(ViewOnly, StaffPages, DjangoGroupAdmin):
    """View-only: migrations set a group's permissions, operators its members (manage.py staff)."""


@admin.register(ApiKey)
class ApiKeyAdmin(ViewOnly, StaffPages, admin.ModelAdmin):  # type: ignore[type-arg]
    """No adding: the creator of a key sees its secret."""

    list_display = ("prefix", "name", "client", "created_at_utc", "last_used_at_utc", "revoked_at_utc")
    list_select_related = ("client",)
    list_per_page = 50
    search_fields = ("prefix", "name", "client__name")
    search_help_text = "Search by the key's start, its name or the company's name."
    ordering = ("-id",)
    fields = ("client", "name", "prefix", "created_at_utc", "created_by", "last_used_at_utc", "revoked_at_utc")
    readonly_fields = ("created_at_utc",)
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_apikey")

    @admin.action(description="Revoke the selected keys permanently", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        revoked = 0
        for key in queryset:
            try:
                key_revoke(client_id=key.client_id, key_id=key.id, as_of=cast("Request", request).as_of)
            except DomainError:
                continue
            self.log_change(request, key, "Revoked.")
            revoked += 1
        self.message_user(request, f"{revoked} revoked.", messages.SUCCESS)
