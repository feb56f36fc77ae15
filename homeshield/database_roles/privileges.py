"""What the web process may do with each table: no more than its pages and the API need.

A table or view that is missing here stops `provision_roles`: whoever adds one says so here. Nobody but the owner may
alter a table, truncate it, or switch a trigger off.
"""

from collections.abc import Mapping

type Privileges = tuple[str, ...]
"""Verbs of GRANT, each for the whole table or for some columns: `UPDATE (sold_at_utc)`."""

NONE: Privileges = ()
READ: Privileges = ("SELECT",)
APPEND: Privileges = ("SELECT", "INSERT")
CHANGE: Privileges = ("SELECT", "INSERT", "UPDATE")
KEEP: Privileges = ("SELECT", "INSERT", "UPDATE", "DELETE")

WEB: Mapping[str, Privileges] = {
    # Final once written
    "leads": READ,  # those that its client has bought
    "lead_previews": READ,  # of all leads what may be shown before purchase
    "inventory": ("SELECT", "UPDATE (sold_at_utc)"),
    "inventory_counts_by_state": READ,  # written by triggers, which act as the owner
    "inventory_counts_by_county": READ,
    "inventory_count_changes": READ,
    "young_leads": READ,
    "orders": APPEND,
    "order_lines": APPEND,
    "sales": APPEND,
    "exports": APPEND,
    "export_sanitised_cells": APPEND,
    "export_completions": APPEND,
    "quotes": APPEND,
    "quote_items": APPEND,
    "client_changes": APPEND,
    "django_admin_log": APPEND,
    "audit_events": APPEND,
    "audit_seals": READ,  # by the sealer alone, which is no page
    "audit_unsealed": ("SELECT", "INSERT"),  # a trigger's
    # Changed by pages, within what triggers allow
    "pricing": ("SELECT", "INSERT", "UPDATE (effective_until_utc)", "DELETE"),  # no amount is ever changed
    "drafts": KEEP,
    "draft_lines": KEEP,
    "clients": CHANGE,
    "invitations": ("SELECT", "INSERT", "UPDATE (accepted_at_utc)", "UPDATE (withdrawn_at_utc)"),
    "users": CHANGE,  # a trigger keeps it from making staff
    "users_groups": READ,  # an operator says who is staff: manage.py staff
    "users_user_permissions": READ,
    "account_emailaddress": KEEP,
    "account_emailconfirmation": KEEP,
    "mfa_authenticator": KEEP,
    "usersessions_usersession": KEEP,
    "socialaccount_socialaccount": KEEP,
    "socialaccount_socialapp": READ,
    "socialaccount_socialtoken": KEEP,
    "api_keys": ("SELECT", "INSERT", "UPDATE (last_used_at_utc)", "UPDATE (revoked_at_utc)"),
    "api_allowances": KEEP,
    "preview_allowances": CHANGE,
    # Django's own
    "auth_group": READ,
    "auth_group_permissions": READ,
    "auth_permission": READ,
    "cache": KEEP,
    "django_content_type": READ,
    "django_migrations": READ,
    "django_session": KEEP,
}

NOT_EVERYWHERE = frozenset({"socialaccount_socialaccount", "socialaccount_socialapp", "socialaccount_socialtoken"})
"""Tables that are there only where the settings ask for them."""
