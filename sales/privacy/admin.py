"""Opt-outs in the admin: the register with its deadlines, the person behind a number, and who was told."""

from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import DateTimeField, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters

from homeshield.lib.http import Request
from homeshield.lib.view_only_admin import ViewOnlyAdmin
from leads.contact_keys import key_of_digits
from leads.models import OptOut, OptOutList
from leads.opt_outs.models import DECIDED, OptOutKind, OptOutState
from sales.privacy.deadlines import SHORT, days_left, deadlines
from sales.privacy.forms import StaffOptOutForm, StaffPhoneForm
from sales.privacy.models import Notice
from sales.privacy.person import person_show
from sales.privacy.services import opt_out, opt_out_decide

SIGNED_FOR = 3600
"""Seconds for which the page of a person can be acted on."""


def days_shown(due: date, *, as_of: datetime) -> SafeString:
    """The days left, in red once they are few."""
    left = days_left(due, as_of=as_of)
    return format_html('<span class="{}">{}</span>', "days-short" if left <= SHORT else "days", left)


class WithDaysLeft(ViewOnlyAdmin):
    """A list of what is due on a day."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each row carries the request's instant: all threads share this object."""
        as_of = Value(cast("Request", request).as_of, output_field=DateTimeField())
        rows: QuerySet[Any] = super().get_queryset(request).annotate(as_of=as_of)
        return rows

    @admin.display(description="days left", empty_value="-")
    def days_left(self, row: Any) -> SafeString | None:
        return None if row.done_at_utc else days_shown(row.due_on, as_of=row.as_of)


@admin.register(OptOut)
class OptOutAdmin(WithDaysLeft):
    """The register. It holds no number; staff find a person by a number on a page of its own."""

    change_list_template = "admin/privacy/opt_outs.html"
    change_form_template = "admin/privacy/opt_out.html"
    list_display = ("id", "kind", "state", "received_at_utc", "due_on", "days_left", "done_at_utc", "many")
    list_filter = ("state", "kind")
    exact_search_fields = ("id",)
    search_help_text = "Search by the exact id of the opt-out."
    fields = (
        "id", "kind", "list", "state", "received_at_utc", "due_on", "days_left", "done_at_utc", "leads",
        "wants_erasure", "erased_at_utc",
    )  # fmt: skip
    readonly_fields = ("id", "days_left")

    def get_urls(self) -> list[URLPattern]:
        person, decide = self.admin_site.admin_view(self.person_view), self.admin_site.admin_view(self.decide_view)
        return [
            path("person/", person, name="leads_optout_person"),
            path("<uuid:opt_out_id>/decide/", decide, name="leads_optout_decide"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "deadlines": deadlines(as_of=cast("Request", request).as_of),
            "may_find": self.may_find(request),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        one = context.get("original")
        context["may_decide"] = self.may_decide(request) and one is not None and one.state not in DECIDED
        return super().render_change_form(request, context, *args, **options)

    @admin.display(description="leads", empty_value="-")
    def many(self, row: OptOut) -> int | None:
        return row.leads

    def may_find(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["leads.add_optout", "leads.view_lead"])

    def may_decide(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["leads.change_optout", "leads.view_lead"])

    @method_decorator(sensitive_post_parameters("phone"))
    def person_view(self, request: HttpRequest) -> HttpResponse:
        """Begins with a phone number, shows the person, and opts them out. The number is in no address."""
        if not self.may_find(request):
            raise PermissionDenied
        if "person" in request.POST:
            return self._opt_out(cast("Request", request))
        form = StaffPhoneForm(request.POST or None)
        if not form.is_valid():
            return self._page(request, "Opt out a person", form, status=422 if form.is_bound else 200)
        key = key_of_digits(form.cleaned_data["phone"])
        return self._person_page(cast("Request", request), key)

    def decide_view(self, request: HttpRequest, opt_out_id: UUID) -> HttpResponse:
        """Carries out an opt-out that waits, or declines it."""
        if not self.may_decide(request):
            raise PermissionDenied
        one = get_object_or_404(OptOut, id=opt_out_id)
        request = cast("Request", request)
        if request.method == "POST" and (decision := request.POST.get("decision")) in {"accept", "decline"}:
            done = opt_out_decide(
                opt_out_id=one.id, accept=decision == "accept", by_id=request.user.id, as_of=request.as_of
            )
            self.message_user(request, f"{done.get_state_display()}.", messages.SUCCESS)
            return redirect("admin:leads_optout_change", one.id)
        person = person_show(key=one.key, as_of=request.as_of)
        return self._page(request, "Decide on an opt-out", None, person=person, opt_out=one)

    def _opt_out(self, request: Request) -> HttpResponse:
        form = StaffOptOutForm(request.POST)
        try:
            key = UUID(signing.loads(request.POST.get("person", ""), salt="opt-out", max_age=SIGNED_FOR))
        except (signing.BadSignature, ValueError):
            return self._page(request, "Opt out a person", StaffPhoneForm(), status=422)
        if not form.is_valid():
            return self._person_page(request, key)
        one = opt_out(
            key=key, kind=OptOutKind.STAFF, wants_erasure=form.cleaned_data["wants_erasure"], by_id=request.user.id,
            as_of=request.as_of,
        )  # fmt: skip
        if one.state == OptOutState.WAITING:
            said = "Many leads bear this number, so nothing is done yet. Look at them, then decide."
            self.message_user(request, said, messages.WARNING)
        else:
            self.message_user(request, "Opted out. The buyers are told.", messages.SUCCESS)
        return redirect("admin:leads_optout_change", one.id)

    def _person_page(self, request: Request, key: UUID) -> HttpResponse:
        form = StaffOptOutForm(initial={"person": signing.dumps(str(key), salt="opt-out")})
        person = person_show(key=key, as_of=request.as_of)
        return self._page(request, "Opt out a person", form, person=person)

    def _page(self, request: HttpRequest, title: str, form: Any, *, status: int = 200, **shown: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "form": form, **shown}
        if form is None:
            del context["form"]
        return TemplateResponse(request, "admin/privacy/person.html", context, status=status)


@admin.register(OptOutList)
class OptOutListAdmin(WithDaysLeft):
    list_display = (
        "id", "kind", "file_name", "received_at_utc", "due_on", "days_left", "done_at_utc", "entries", "leads",
        "waiting",
    )  # fmt: skip
    list_filter = ("kind",)
    search_help_text = "Search by the exact id of the list."
    fields = (
        "id", "kind", "file_name", "sha256", "received_at_utc", "due_on", "days_left", "done_at_utc", "entries",
        "invalid", "known", "leads", "waiting",
    )  # fmt: skip
    readonly_fields = ("id", "days_left")


@admin.register(Notice)
class NoticeAdmin(ViewOnlyAdmin):
    """Who was told, and whether and when each has confirmed."""

    list_display = ("id", "client", "asks", "told_at_utc", "mailed_at_utc", "confirmed_at_utc", "sale_id")
    list_select_related = ("client",)
    exact_search_fields = ("id", "client_id", "sale_id")
    search_help_text = "Search by the exact id of the notice, of the client or of the sale."
    fields = (
        "id", "client", "sale", "opt_out", "asks", "told_at_utc", "mailed_at_utc", "confirmed_at_utc", "confirmed_by",
        "confirmed_with",
    )  # fmt: skip
    readonly_fields = ("id",)
