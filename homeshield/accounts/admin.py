"""Clients in the admin, to look at, and users, to be kept: none is ever deleted, a user is made inactive instead."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from homeshield.accounts.forms import UserChangeForm, UserCreationForm
from homeshield.accounts.models import Client, User
from homeshield.accounts.services import sign_in_address_set
from homeshield.lib.view_only_admin import ViewOnly, as_uuid


class UserInline(ViewOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = User
    fields = ("email", "is_active", "last_login")
    show_change_link = True
    verbose_name_plural = "users who buy for this client"


@admin.register(Client)
class ClientAdmin(ViewOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """View-only. Clients are few, so that the usual list in the order of names serves them."""

    list_display = ("name", "status", "id", "created_at_utc")
    list_filter = ("status",)
    list_per_page = 50
    search_fields = ("name", "users__email")
    search_help_text = "Search by company name, by a user's e-mail address, or by the exact client id."
    fields = ("name", "status", "id", "created_at_utc")
    readonly_fields = ("id", "created_at_utc")
    inlines = (UserInline,)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Client], search_term: str
    ) -> tuple[QuerySet[Client], bool]:
        if key := as_uuid(search_term.strip()):
            return queryset.filter(Q(id=key)), False
        return super().get_search_results(request, queryset, search_term)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    list_display = ("email", "client", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active")
    list_select_related = ("client",)
    list_per_page = 50
    search_fields = ("email", "client__name")
    search_help_text = "Search by e-mail address or company name."
    ordering = ("email",)
    raw_id_fields = ("client",)  # a list to choose from would hold every client there is
    readonly_fields = ("last_login", "created_at_utc")
    fieldsets = (
        (None, {"fields": ("email", "password", "client", "is_active")}),
        ("Staff", {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "created_at_utc")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "client", "is_staff", "password1", "password2")}),)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A superuser is changed by superusers alone: whoever sets the password of one becomes one."""
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not above and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """Powers are given by superusers alone: nobody gives themselves more than they have."""
        powers = () if request.user.is_superuser else ("is_staff", "is_superuser", "groups", "user_permissions")
        return (*self.readonly_fields, *powers)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        sign_in_address_set(user=obj)
