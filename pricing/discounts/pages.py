"""The admin pages that set, end and withdraw discounts and clients' own prices. Each asks once before it counts."""

from datetime import datetime
from itertools import product
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request
from homeshield.lib.staff_pages import StaffPages
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.change import utc
from pricing.changing.pages import UNKNOWN_PAGE
from pricing.changing.seen import LONGEST
from pricing.discounts.changes import DiscountChange
from pricing.discounts.forms import EndForm, IntervalForm
from pricing.discounts.models import ClientPrice, DiscountRule
from pricing.discounts.prices import Discount, Price, lowest_price
from pricing.discounts.services import dated_end, dated_withdraw
from pricing.errors import ChangedMeanwhile, ChangeNotConfirmed, DiscountRefused
from pricing.selectors import price_book

_NO_ID = UUID(int=0)
_SALT = "pricing.discounts.pages"

type Dated = DiscountRule | ClientPrice


def page_token(opened: datetime, ends: datetime | None = None) -> str:
    """When a page was opened and the end that it showed, signed."""
    return signing.dumps([opened.isoformat(), ends and ends.isoformat()], salt=_SALT)


def read_token(token: str, *, as_of: datetime) -> tuple[datetime, datetime | None] | None:
    """Returns None for a forged token, or one older than a day."""
    try:
        opened, ends = signing.loads(token, salt=_SALT, max_age=LONGEST)
    except signing.BadSignature:
        return None
    shown = datetime.fromisoformat(opened)
    return (shown, ends and datetime.fromisoformat(ends)) if as_of - shown <= LONGEST else None


class DatedPages(StaffPages, admin.ModelAdmin):  # type: ignore[type-arg]
    """For what is in force from an instant until another: added, ended and withdrawn, and never edited."""

    form_class: type[IntervalForm]
    set_service: Any
    add_title: str
    """What the button that adds one says."""

    change_list_template = "admin/pricing/dated/change_list.html"
    change_form_template = "admin/pricing/dated/change_form.html"
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    actions = None

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_end"
        return [
            path("<uuid:row_id>/end/", self.admin_site.admin_view(self.end_view), name=name),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deleting means withdrawing, so only what is ahead."""
        future = obj is not None and obj.status(cast("Request", request).as_of) == "future"
        return future and super().has_delete_permission(request, obj)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return super().has_delete_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"add_title": self.add_title, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        may_end = (
            row is not None
            and row.status(cast("Request", request).as_of) == "in force"
            and self.has_end_permission(request)
        )
        return super().change_view(request, object_id, form_url, {"may_end": may_end, **(extra_context or {})})

    # --- Set ---

    def add_view(self, request: HttpRequest, *_args: Any, **_options: Any) -> HttpResponse:
        """Asks what to set, shows what that means, and sets it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        request = cast("Request", request)
        now = request.as_of
        if request.method != "POST":
            return self._form_page(request, self.form_class(opened=now, as_of=now, initial=_chosen(request)))
        seen = read_token(request.POST.get("seen", ""), as_of=now)
        form = self.form_class(request.POST, opened=seen[0] if seen else now, as_of=now)
        if seen is None:
            return self._form_page(request, form, status=422, notice=UNKNOWN_PAGE)
        if "_edit" in request.POST:
            return self._form_page(request, form)
        if not form.is_valid():
            return self._form_page(request, form, status=422)
        try:
            with transaction.atomic():
                row = self.set_service(
                    **form.change, as_of=now, by=request.user, confirmed=request.POST.get("confirmed", "")
                )
                self.log_addition(request, row, [{"added": {}}])
        except ChangeNotConfirmed as question:
            return self._confirmation_page(request, form, question)
        except DiscountRefused as refusal:
            form.add_error(refusal.field, refusal.message)
            return self._form_page(request, form, status=422)
        self.message_user(request, f"Set: {row}, from {utc(row.effective_from_utc)}.", messages.SUCCESS)
        return redirect(self._address("changelist"))

    def _form_page(self, request: Request, form: IntervalForm, *, status: int = 200, notice: str = "") -> HttpResponse:
        context = {"title": self.add_title, "form": form, "notice": notice, "seen": page_token(form.opened)}
        return self._page(request, "form", context, media=form.media, status=status)

    def _confirmation_page(self, request: Request, form: IntervalForm, question: ChangeNotConfirmed) -> HttpResponse:
        context = {
            "title": "Is this right?",
            "change": question.change,
            "questions": question.questions,
            "prices": _effect(question.change, request.as_of) if isinstance(question.change, DiscountChange) else [],
            "sent": [(name, value) for name, value in form.data.items() if name in _inputs(form)],
            "seen": page_token(form.opened),
        }
        return self._page(request, f"confirm_{self.opts.model_name}", context)

    # --- End and withdraw ---

    def end_view(self, request: HttpRequest, row_id: Any) -> HttpResponse:
        """Ends what is in force, now or later."""
        if not self.has_end_permission(request):
            raise PermissionDenied
        request = cast("Request", request)
        row: Dated = get_object_or_404(self.model, pk=row_id)
        if request.method != "POST":
            return self._end_page(request, row, EndForm(opened=request.as_of, as_of=request.as_of))
        seen = read_token(request.POST.get("seen", ""), as_of=request.as_of)
        form = EndForm(request.POST, opened=seen[0] if seen else request.as_of, as_of=request.as_of)
        if seen is None or not form.is_valid():
            return self._end_page(request, row, form, status=422, notice="" if seen else UNKNOWN_PAGE)
        try:
            with transaction.atomic():
                ends = form.cleaned_data["effective_from"]
                dated_end(row, ends=ends, seen=seen[1], as_of=request.as_of, by=request.user)
                self.log_change(request, row, [{"changed": {"fields": ["until (UTC)"]}}])
        except DiscountRefused as refusal:
            form.add_error("effective_from", refusal.message)
            return self._end_page(request, row, form, status=422)
        except ChangedMeanwhile as meanwhile:
            return self._end_page(request, row, form, status=409, notice=meanwhile.message)
        self.message_user(request, f"{row}: ends {utc(ends) if ends else 'now'}.", messages.SUCCESS)
        return redirect(self._address("changelist"))

    def _end_page(
        self, request: Request, row: Dated, form: EndForm, *, status: int = 200, notice: str = ""
    ) -> HttpResponse:
        context = {
            "title": f"End {self.opts.verbose_name}", "object": row, "form": form, "notice": notice,
            "seen": page_token(form.opened, row.effective_until_utc),
        }  # fmt: skip
        return self._page(request, "end", context, media=form.media, status=status)

    def delete_view(self, request: HttpRequest, object_id: str, *_args: Any, **_options: Any) -> HttpResponse:
        """Withdraws what has not begun."""
        if not super().has_delete_permission(request):
            raise PermissionDenied
        request = cast("Request", request)
        row: Dated | None = self.get_object(request, unquote(object_id))
        if row is None:
            self.message_user(request, "It has been withdrawn already.", messages.WARNING)
            return redirect(self._address("changelist"))
        if request.method != "POST":
            return self._page(request, "withdraw", {"title": f"Withdraw {self.opts.verbose_name}", "object": row})
        try:
            with transaction.atomic():
                self.log_deletions(request, self.model._default_manager.filter(pk=row.pk))
                dated_withdraw(row, as_of=request.as_of, by=request.user)
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, f"Withdrawn: {row}.", messages.SUCCESS)
        return redirect(self._address("changelist"))

    def _address(self, name: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}"

    def _page(
        self,
        request: Request,
        name: str,
        context: dict[str, Any],
        *,
        media: forms.Media | None = None,
        status: int = 200,
    ) -> HttpResponse:
        here = {"opts": self.opts, "list": self._address("changelist"), "media": self.media + (media or forms.Media())}
        context = self.admin_site.each_context(request) | here | context
        return TemplateResponse(request, f"admin/pricing/dated/{name}.html", context, status=status)


def _inputs(form: forms.Form) -> set[str]:
    """The names of the inputs; a date and time has two."""
    return {name for field in form.fields for name in (field, f"{field}_0", f"{field}_1")}


def _effect(change: DiscountChange, as_of: datetime) -> list[tuple[Classification, AgeBucket, Price]]:
    """What one lead costs with the discount, at the prices in force when it begins."""
    at = change.interval.begins or as_of
    book = price_book(client_id=change.client.id if change.client else None, as_of=at)
    discount = Discount(_NO_ID, change.name, change.percentage, change.least_leads)
    return [
        (row, bucket, lowest_price(book.general[row, bucket], book.own.get((row, bucket)), discount))
        for row, bucket in product(Classification, AgeBucket)
        if (row, bucket) in book.general
    ]


def _chosen(request: HttpRequest) -> dict[str, str]:
    """Reads the client from a link of its page."""
    return {"client": request.GET["client"]} if "client" in request.GET else {}
