"""Prices in the admin: the table of what is in force, the history, and the one way to change it."""

from datetime import datetime
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminErrorList, AdminForm
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Case, DateTimeField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from homeshield.accounts.models import User
from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request
from homeshield.lib.money import dollars
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.errors import PriceRefused, PriceRuleIsGone
from pricing.forms import PriceChangeForm
from pricing.models import PriceRule
from pricing.services import price_set, price_withdraw, utc

YOUNGEST_FIRST = Case(*(When(age_bucket=str(bucket), then=number) for number, bucket in enumerate(AgeBucket)))
"""The order of the buckets, which is not that of their names."""


class Price(NamedTuple):
    """One cell of the table at the top: what is in force, what follows, and where to change it."""

    classification: Classification
    rule: PriceRule | None
    next: PriceRule | None
    change_url: str


class StateFilter(admin.SimpleListFilter):
    """Past, in force or future, at the instant of the request."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("in-force", "In force"), ("future", "Future"), ("past", "Past")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PriceRule]) -> QuerySet[PriceRule]:
        as_of = cast("Request", request).as_of
        match self.value():
            case "in-force":
                return queryset.filter(pk__in=PriceRule.objects.in_force(as_of))
            case "future":
                return queryset.filter(effective_from_utc__gt=as_of)
            case "past":
                return queryset.filter(effective_until_utc__lte=as_of)
        return queryset


@admin.register(PriceRule)
class PriceRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    change_list_template = "admin/pricing/pricerule/change_list.html"
    delete_confirmation_template = "admin/pricing/pricerule/withdraw.html"
    list_display = (
        "classification",
        "age_bucket",
        "amount",
        "state",
        "effective_from_utc",
        "effective_until_utc",
        "created_by",
    )
    list_display_links = ("amount",)
    list_filter = (StateFilter, "classification", "age_bucket")
    list_select_related = ("created_by",)
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER
    ordering = ("classification", YOUNGEST_FIRST, "-effective_from_utc")
    search_fields = ("classification", "age_bucket", "amount__exact", "created_by__email")
    search_help_text = "Search by class, bucket (MONTH_3_TO_5), exact amount, or the e-mail address of who entered it."
    fields = (*list_display, "created_at_utc")
    readonly_fields = fields
    actions = None
    actions_on_top = True

    def has_change_permission(self, request: HttpRequest, obj: PriceRule | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PriceRule | None = None) -> bool:
        """Only for a rule that is not in force yet: deleting one means withdrawing it."""
        future = obj is not None and obj.effective_from_utc > cast("Request", request).as_of
        return future and super().has_delete_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceRule]:
        rules: QuerySet[PriceRule] = super().get_queryset(request)
        return rules.annotate(as_of=Value(cast("Request", request).as_of, output_field=DateTimeField()))

    @admin.display(description="state")
    def state(self, rule: PriceRule) -> str:
        as_of: datetime = rule.as_of  # type: ignore[attr-defined]
        if rule.effective_from_utc > as_of:
            return "future"
        return "past" if rule.effective_until_utc and rule.effective_until_utc <= as_of else "in force"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        prices = price_table(cast("Request", request).as_of)
        return super().changelist_view(request, {"title": "Prices", "prices": prices, **(extra_context or {})})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Changes a price, now or from an instant ahead."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = PriceChangeForm(request.POST or None, initial=request.GET.dict())
        if form.is_valid() and (rule := self._change_price(request, form)):
            self.log_addition(request, rule, [{"added": {}}])
            self.message_user(request, _changed(rule), messages.SUCCESS)
            return redirect("admin:pricing_pricerule_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": "Change a price",
            "prices": price_table(cast("Request", request).as_of),
            "adminform": AdminForm(form, [(None, {"fields": list(form.fields)})], {}, model_admin=self),  # type: ignore[arg-type]
            "errors": AdminErrorList(form, []),  # type: ignore[arg-type]
            "media": self.media + form.media,
            "inline_admin_formsets": [],
            **(extra_context or {}),
        }
        return self.render_change_form(request, context, add=True, form_url=form_url)

    def _change_price(self, request: HttpRequest, form: PriceChangeForm) -> PriceRule | None:
        """The new rule; None where the change is refused, with the reason at the form's field."""
        as_of = cast("Request", request).as_of
        change = {**form.cleaned_data, "effective_from": form.cleaned_data["effective_from"] or as_of}
        try:
            return price_set(**change, as_of=as_of, by=cast("User", request.user))
        except PriceRefused as refusal:
            form.add_error(refusal.field, refusal.message)
            return None

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Withdraws a price that is not in force yet."""
        rule: PriceRule | None = self.get_object(request, unquote(object_id))
        if not super().has_delete_permission(request, rule):
            raise PermissionDenied
        if rule is None:
            self.message_user(request, PriceRuleIsGone().message, messages.WARNING)
            return redirect("admin:pricing_pricerule_changelist")
        if request.method == "POST":
            return self._withdraw(request, rule)
        context = {
            **self.admin_site.each_context(request),
            "title": "Withdraw a price",
            "object": rule,
            "opts": self.opts,
            "app_label": self.opts.app_label,
            "media": self.media,
            **(extra_context or {}),
        }
        return self.render_delete_form(request, context)

    def _withdraw(self, request: HttpRequest, rule: PriceRule) -> HttpResponse:
        try:
            with transaction.atomic():  # the log's entry describes the row, so it is written while there is one
                self.log_deletions(request, PriceRule.objects.filter(pk=rule.pk))
                price_withdraw(rule=rule, as_of=cast("Request", request).as_of, by=cast("User", request.user))
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, f"Withdrawn: {rule}.", messages.SUCCESS)
        return redirect("admin:pricing_pricerule_changelist")


def price_table(as_of: datetime) -> list[tuple[AgeBucket, list[Price]]]:
    """By bucket, youngest first: each class's rule in force and the next one that is set, in one query."""
    cells: dict[tuple[str, str], list[PriceRule]] = {}
    for rule in PriceRule.objects.not_over(as_of).order_by("effective_from_utc"):
        cells.setdefault((rule.classification, rule.age_bucket), []).append(rule)
    return [(bucket, [_price(name, bucket, cells.get((name, bucket), []), as_of) for name in Classification])
            for bucket in AgeBucket]  # fmt: skip


def _price(classification: Classification, bucket: AgeBucket, rules: list[PriceRule], as_of: datetime) -> Price:
    query = urlencode({"classification": classification, "age_bucket": bucket})
    return Price(
        classification=classification,
        rule=next((rule for rule in rules if rule.effective_from_utc <= as_of), None),
        next=next((rule for rule in rules if rule.effective_from_utc > as_of), None),
        change_url=f"{reverse('admin:pricing_pricerule_add')}?{query}",
    )


def _changed(rule: PriceRule) -> str:
    """What the change does, so that an end which another change has set comes as no surprise."""
    until = rule.effective_until_utc
    return (
        f"{rule.get_classification_display()}, {rule.get_age_bucket_display()}: {dollars(rule.amount)} "
        f"from {utc(rule.effective_from_utc)}"
        + (f" until {utc(until)}, when the price follows that had been set for then." if until else " on.")
    )
