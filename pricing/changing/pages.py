"""The admin pages that set and withdraw prices.

Each carries a signed copy of what it showed (seen.py). If prices have changed since, it must be sent again.
"""

from datetime import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminErrorList, AdminForm
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request
from homeshield.lib.money import dollars
from homeshield.lib.staff_pages import StaffPages
from inventory.buyer import Buyer
from inventory.counting.reading import available_count
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.change import utc
from pricing.changing.forms import AT, PriceChangeForm
from pricing.changing.seen import SeenPrices
from pricing.changing.services import price_set, price_withdraw
from pricing.errors import PriceChangedMeanwhile, PriceNotConfirmed, PriceRefused, PriceRuleIsGone
from pricing.models import PriceRule
from pricing.selectors import price_table, rules_not_over

UNKNOWN_PAGE = "This page was more than a day old or was altered. Nothing was changed. Check it and send it again."
INPUTS = ("classification", "age_bucket", "amount", "when", "effective_from_0", "effective_from_1")
"""The form's inputs; date and time are one field."""

LIST = "admin:pricing_pricerule_changelist"


class ChangePages(StaffPages, admin.ModelAdmin):  # type: ignore[type-arg]
    def add_view(self, request: HttpRequest, *_args: Any, **_options: Any) -> HttpResponse:
        """Sets a price, now or later."""
        request = cast("Request", request)
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            form = PriceChangeForm(opened=request.as_of, as_of=request.as_of, initial=_chosen(request))
            return self._form_page(request, form)
        seen = SeenPrices.of_token(request.POST.get("seen", ""), as_of=request.as_of)
        form = PriceChangeForm(request.POST, opened=seen.opened if seen else request.as_of, as_of=request.as_of)
        if seen is None:
            return self._form_page(request, form, status=422, notice=UNKNOWN_PAGE)
        if "_edit" in request.POST:
            return self._form_page(request, form, seen=seen)
        if not form.is_valid():
            return self._form_page(request, form, seen=seen, status=422)
        return self._set_price(request, form, seen)

    def _set_price(self, request: Request, form: PriceChangeForm, seen: SeenPrices) -> HttpResponse:
        confirmed = request.POST.get("confirmed", "")
        try:
            with transaction.atomic():
                rule = price_set(**form.change, as_of=request.as_of, by=request.user, seen=seen, confirmed=confirmed)
                self.log_addition(request, rule, [{"added": {}}])
        except PriceRefused as refusal:
            form.add_error(refusal.field, refusal.message)
            return self._form_page(request, form, seen=seen, status=422)
        except PriceChangedMeanwhile as meanwhile:
            return self._form_page(request, form, status=409, notice=_told(meanwhile))
        except PriceNotConfirmed as question:
            return self._confirmation_page(request, form, seen, question)
        self.message_user(request, _changed(rule, form), messages.SUCCESS)
        return redirect(LIST)

    def _form_page(
        self,
        request: Request,
        form: PriceChangeForm,
        *,
        seen: SeenPrices | None = None,
        status: int = 200,
        notice: str = "",
    ) -> HttpResponse:
        """Current prices count as seen unless `seen` is given."""
        rules = rules_not_over(form.opened)
        seen = seen or SeenPrices.of(rules, opened=form.opened)
        context = {
            "title": "Change a price",
            "prices": price_table(rules, request.as_of),
            "notice": notice,
            "seen": seen.token(),
            "adminform": AdminForm(form, [(None, {"fields": list(form.fields)})], {}, model_admin=self),  # type: ignore[arg-type]
            "errors": AdminErrorList(form, []) if status == 422 and not notice else [],  # type: ignore[arg-type]
            "media": self.media + form.media,
            "inline_admin_formsets": [],
        }
        response = self.render_change_form(request, self.admin_site.each_context(request) | context, add=True)
        response.status_code = status
        return response

    def _confirmation_page(
        self, request: Request, form: PriceChangeForm, seen: SeenPrices, question: PriceNotConfirmed
    ) -> HttpResponse:
        """Shows an unusual change, with the form hidden for confirmation."""
        change = question.change
        context = {
            "title": "Confirm the price change",
            "change": change,
            "questions": question.questions,
            "as_of": request.as_of,
            "records": _for_sale(change.classification, change.age_bucket, request.as_of),
            "sent": [(name, form.data.get(name, "")) for name in INPUTS],
            "seen": seen.token(),
        }
        return self._page(request, "confirm", context)

    def delete_view(self, request: HttpRequest, object_id: str, *_args: Any, **_options: Any) -> HttpResponse:
        """Withdraws a future price."""
        request = cast("Request", request)
        rule: PriceRule | None = self.get_object(request, unquote(object_id))
        if not super().has_delete_permission(request, rule):
            raise PermissionDenied
        if rule is None:
            self.message_user(request, PriceRuleIsGone().message, messages.WARNING)
            return redirect(LIST)
        if request.method != "POST":
            return self._withdrawal_page(request, rule, opened=request.as_of)
        seen = SeenPrices.of_token(request.POST.get("seen", ""), as_of=request.as_of)
        if seen is None:
            return self._withdrawal_page(request, rule, opened=request.as_of, status=422, notice=UNKNOWN_PAGE)
        return self._withdraw(request, rule, seen)

    def _withdraw(self, request: Request, rule: PriceRule, seen: SeenPrices) -> HttpResponse:
        try:
            with transaction.atomic():  # the log entry needs the row
                self.log_deletions(request, PriceRule.objects.filter(pk=rule.pk))
                price_withdraw(rule=rule, as_of=request.as_of, by=request.user, seen=seen)
        except PriceChangedMeanwhile as meanwhile:
            return self._withdrawal_page(request, rule, opened=seen.opened, status=409, notice=_told(meanwhile))
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, f"Withdrawn: {rule}.", messages.SUCCESS)
        return redirect(LIST)

    def _withdrawal_page(
        self, request: Request, rule: PriceRule, *, opened: datetime, status: int = 200, notice: str = ""
    ) -> HttpResponse:
        context = {
            "title": "Withdraw a price",
            "object": rule,
            "before": rule.before().first(),
            "records": _for_sale(Classification(rule.classification), AgeBucket(rule.age_bucket), request.as_of),
            "notice": notice,
            "seen": SeenPrices.of(rules_not_over(opened), opened=opened).token(),
        }
        return self._page(request, "withdraw", context, status=status)

    def _page(self, request: Request, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        template = f"admin/pricing/pricerule/{name}.html"
        context = (
            self.admin_site.each_context(request) | {"opts": self.opts, "list": LIST, "media": self.media} | context
        )
        return TemplateResponse(request, template, context, status=status)


def _for_sale(classification: Classification, age_bucket: AgeBucket, as_of: datetime) -> int:
    """Counts what an unrestricted buyer may buy."""
    criteria = Criteria(classification=classification, age_bucket=age_bucket)
    return available_count(criteria=criteria, buyer=Buyer(), as_of=as_of)


def _chosen(request: HttpRequest) -> dict[str, str]:
    """Reads the preselection from a link of the price table."""
    choices = {"classification": Classification.values, "age_bucket": AgeBucket.values}
    sent = request.GET.dict()
    return {name: str(sent[name]) for name, values in choices.items() if sent.get(name) in values}


def _told(meanwhile: PriceChangedMeanwhile) -> str:
    return f"Since you opened this page: {meanwhile.message} To make your change anyway, send it again."


def _changed(rule: PriceRule, form: PriceChangeForm) -> str:
    """Says when the price ends, if another is planned."""
    until = rule.effective_until_utc
    was_now = form.cleaned_data["when"] == AT and form.cleaned_data["effective_from"] is None
    return (
        f"{rule.get_classification_display()}, {rule.get_age_bucket_display()}: {dollars(rule.amount)} "
        f"from {utc(rule.effective_from_utc)}"
        + (f" until {utc(until)}, when the next planned price starts." if until else " on.")
        + (" The instant that you gave had come, so the price changed at once." if was_now else "")
    )
