"""The two pages of the administration that write prices: one to set a price, one to withdraw a price set ahead.

Each carries, signed, what it showed (pricing/seen.py). What has changed meanwhile is told, and nothing is written
before the page that tells it is sent once more.
"""

from datetime import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminErrorList, AdminForm
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from homeshield.accounts.models import User
from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request
from homeshield.lib.money import dollars
from homeshield.lib.staff_pages import StaffPages
from inventory.availability import available_count
from inventory.buyer import Buyer
from inventory.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.change import PriceChange
from pricing.errors import PriceChangedMeanwhile, PriceNotConfirmed, PriceRefused, PriceRuleIsGone
from pricing.forms import AT, PriceChangeForm
from pricing.instants import utc
from pricing.models import PriceRule
from pricing.price_table import price_table, rules_not_over
from pricing.seen import SeenPrices
from pricing.services import price_set, price_withdraw

UNKNOWN_PAGE = "This page was more than a day old, or was altered, so nothing was changed. Check it, and send it again."
INPUTS = ("classification", "age_bucket", "amount", "when", "effective_from_0", "effective_from_1")
"""The names of what the form sends: the date and the time are one field."""

LIST = "admin:pricing_pricerule_changelist"


class ChangePages(StaffPages, admin.ModelAdmin):  # type: ignore[type-arg]
    # --- Set a price ---

    def add_view(self, request: HttpRequest, *_args: Any, **_options: Any) -> HttpResponse:
        """Changes a price, now or from an instant ahead."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        as_of = cast("Request", request).as_of
        if request.method != "POST":
            form = PriceChangeForm(opened=as_of, as_of=as_of, initial=_chosen(request.GET))
            return self._form_page(request, form)
        seen = SeenPrices.of_token(request.POST.get("seen", ""), as_of=as_of)
        form = PriceChangeForm(request.POST, opened=seen.opened if seen else as_of, as_of=as_of)
        if seen is None:
            return self._form_page(request, form, status=422, notice=UNKNOWN_PAGE)
        if "_edit" in request.POST:
            return self._form_page(request, form, seen=seen)
        if not form.is_valid():
            return self._form_page(request, form, seen=seen, status=422)
        return self._set_price(request, form, seen)

    def _set_price(self, request: HttpRequest, form: PriceChangeForm, seen: SeenPrices) -> HttpResponse:
        confirmed = PriceChange.of_token(request.POST.get("confirmed", ""))
        as_of, user = cast("Request", request).as_of, cast("User", request.user)
        try:
            with transaction.atomic():
                rule = price_set(**form.change, as_of=as_of, by=user, seen=seen, confirmed=confirmed)
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
        request: HttpRequest,
        form: PriceChangeForm,
        *,
        seen: SeenPrices | None = None,
        status: int = 200,
        notice: str = "",
    ) -> HttpResponse:
        """The form beside the prices as they are. Without `seen` it carries that they were seen just so."""
        as_of = cast("Request", request).as_of
        rules = rules_not_over(form.opened)
        seen = seen or SeenPrices.of(rules, opened=form.opened)
        context = {
            **self.admin_site.each_context(request),
            "title": "Change a price",
            "prices": price_table(rules, as_of),
            "notice": notice,
            "seen": seen.token(),
            "adminform": AdminForm(form, [(None, {"fields": list(form.fields)})], {}, model_admin=self),  # type: ignore[arg-type]
            "errors": AdminErrorList(form, []) if status == 422 and not notice else [],  # type: ignore[arg-type]
            "media": self.media + form.media,
            "inline_admin_formsets": [],
        }
        response = self.render_change_form(request, context, add=True)
        response.status_code = status
        return response

    def _confirmation_page(
        self, request: HttpRequest, form: PriceChangeForm, seen: SeenPrices, question: PriceNotConfirmed
    ) -> HttpResponse:
        """What an unusual change does, and the form once more, hidden, to be sent by who means it."""
        change, as_of = question.change, cast("Request", request).as_of
        context = {
            **self.admin_site.each_context(request),
            "title": "Confirm the price change",
            "opts": self.opts,
            "change": change,
            "questions": question.questions,
            "as_of": as_of,
            "records": records_for_sale(change.classification, change.age_bucket, as_of),
            "sent": [(name, form.data.get(name, "")) for name in INPUTS],
            "seen": seen.token(),
            "confirmed": change.token(),
        }
        return TemplateResponse(request, "admin/pricing/pricerule/confirm.html", context)

    # --- Withdraw a price that was set ahead ---

    def delete_view(self, request: HttpRequest, object_id: str, *_args: Any, **_options: Any) -> HttpResponse:
        """Withdraws a price that is not in force yet."""
        rule: PriceRule | None = self.get_object(request, unquote(object_id))
        if not super().has_delete_permission(request, rule):
            raise PermissionDenied
        if rule is None:
            self.message_user(request, PriceRuleIsGone().message, messages.WARNING)
            return redirect(LIST)
        as_of = cast("Request", request).as_of
        if request.method != "POST":
            return self._withdrawal_page(request, rule, opened=as_of)
        seen = SeenPrices.of_token(request.POST.get("seen", ""), as_of=as_of)
        if seen is None:
            return self._withdrawal_page(request, rule, opened=as_of, status=422, notice=UNKNOWN_PAGE)
        return self._withdraw(request, rule, seen)

    def _withdraw(self, request: HttpRequest, rule: PriceRule, seen: SeenPrices) -> HttpResponse:
        try:
            with transaction.atomic():  # the log's entry describes the row, so it is written while there is one
                self.log_deletions(request, PriceRule.objects.filter(pk=rule.pk))
                as_of, user = cast("Request", request).as_of, cast("User", request.user)
                price_withdraw(rule=rule, as_of=as_of, by=user, seen=seen)
        except PriceChangedMeanwhile as meanwhile:
            return self._withdrawal_page(request, rule, opened=seen.opened, status=409, notice=_told(meanwhile))
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            self.message_user(request, f"Withdrawn: {rule}.", messages.SUCCESS)
        return redirect(LIST)

    def _withdrawal_page(
        self, request: HttpRequest, rule: PriceRule, *, opened: datetime, status: int = 200, notice: str = ""
    ) -> HttpResponse:
        as_of = cast("Request", request).as_of
        classification, age_bucket = Classification(rule.classification), AgeBucket(rule.age_bucket)
        rules = rules_not_over(opened)
        before = next(
            (
                other
                for other in rules
                if (other.classification, other.age_bucket) == (rule.classification, rule.age_bucket)
                and other.effective_until_utc == rule.effective_from_utc
            ),
            None,
        )
        context = {
            **self.admin_site.each_context(request),
            "title": "Withdraw a price",
            "object": rule,
            "before": before,
            "records": records_for_sale(classification, age_bucket, as_of),
            "notice": notice,
            "seen": SeenPrices.of(rules, opened=opened).token(),
            "opts": self.opts,
            "app_label": self.opts.app_label,
            "media": self.media,
        }
        response = self.render_delete_form(request, context)
        response.status_code = status
        return response


def records_for_sale(classification: Classification, age_bucket: AgeBucket, as_of: datetime) -> int:
    """How many records of a class and bucket anybody may buy at this instant, exactly."""
    criteria = Criteria(classification=classification, age_bucket=age_bucket)
    return available_count(criteria=criteria, buyer=Buyer(), as_of=as_of)


def _chosen(query: QueryDict) -> dict[str, str]:
    """The class and bucket that the table's links choose. Anything else in an address is passed over."""
    choices = {"classification": Classification.values, "age_bucket": AgeBucket.values}
    sent = query.dict()
    return {name: str(sent[name]) for name, values in choices.items() if sent.get(name) in values}


def _told(meanwhile: PriceChangedMeanwhile) -> str:
    return f"Since you opened this page: {meanwhile.message} If you still mean it, send it again."


def _changed(rule: PriceRule, form: PriceChangeForm) -> str:
    """What the change does, so that an end which another change has set comes as no surprise."""
    until = rule.effective_until_utc
    was_now = form.cleaned_data["when"] == AT and form.cleaned_data["effective_from"] is None
    return (
        f"{rule.get_classification_display()}, {rule.get_age_bucket_display()}: {dollars(rule.amount)} "
        f"from {utc(rule.effective_from_utc)}"
        + (f" until {utc(until)}, when the price follows that had been set for then." if until else " on.")
        + (" The instant that you gave had come, so the price changed at once." if was_now else "")
    )
