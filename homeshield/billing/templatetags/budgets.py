"""Budgets on the pages of the team and of the keys."""

from collections.abc import Mapping
from uuid import UUID

from django import template
from django.template import Context

from homeshield.accounts.models import User
from homeshield.billing.budgets.selectors import Spending, budgets_of

register = template.Library()


@register.simple_tag(takes_context=True)
def company_budgets(context: Context) -> Mapping[UUID, Spending]:
    """Those of the company of the user who looks at the page, by user and key."""
    user = context.get("user")
    if not isinstance(user, User) or user.client_id is None:
        return {}
    return budgets_of(user.client_id, as_of=context["request"].as_of)


@register.simple_tag
def budget_of(budgets: Mapping[UUID, Spending], whose: UUID) -> Spending | None:
    return budgets.get(whose)
