"""Which fields hold personal data: the one registry that previews, lists, logs and exports go by.

Every text field of every model is in one of these; a test walks the models, so that a new field without a mark fails.
Keys are Django's labels of models.
"""

from collections.abc import Mapping

HOMEOWNERS: Mapping[str, frozenset[str]] = {
    "leads.Lead": frozenset(
        {
            "zip", "address", "full_name", "first_name", "last_name", "co_borrower_name", "borrower_phone",
            "call_in_phone_number", "borrower_age", "borrower_medical_issues", "borrower_tobacco_use", "co_borrower",
            "mortgage_id", "mortgage_amount", "lender", "sale_date", "call_in_date", "city",
        }
    ),
}  # fmt: skip
"""About the people whose inquiries are sold. For their buyer, and for staff on the lead's own page; in no list, log,
message or address."""

ACCOUNTS: Mapping[str, frozenset[str]] = {
    "accounts.User": frozenset({"email", "password"}),
    "accounts.Invitation": frozenset({"email"}),
    "account.EmailAddress": frozenset({"email"}),
    "account.EmailConfirmation": frozenset({"key"}),
    "audit.AuditEvent": frozenset({"actor", "address"}),
    "mfa.Authenticator": frozenset({"data"}),
    "sessions.Session": frozenset({"session_key", "session_data"}),
    "usersessions.UserSession": frozenset({"ip", "session_key", "user_agent", "data"}),
    "accounts.ApiAllowance": frozenset({"subject"}),
    "admin.LogEntry": frozenset({"object_repr"}),
    "socialaccount.SocialAccount": frozenset({"uid", "extra_data"}),
    "socialaccount.SocialToken": frozenset({"token", "token_secret"}),
}
"""About the shop's own users. For themselves, their company's owners and staff; in no log, message or address."""

OTHER: Mapping[str, frozenset[str]] = {
    "leads.Lead": frozenset({"state", "county", "source", "campaign_id", "type", "status", "agent_id"}),
    "accounts.Client": frozenset({"name"}),
    "accounts.ClientChange": frozenset({"reason"}),
    "accounts.ApiKey": frozenset({"name", "prefix", "digest"}),
    "audit.AuditEvent": frozenset({"source", "request_id", "object_type", "object_id", "details"}),
    "audit.AuditSeal": frozenset({"previous_hash", "hash"}),
    "inventory.StateCount": frozenset({"state", "classification", "age_bucket"}),
    "inventory.CountyCount": frozenset({"state", "county", "classification", "age_bucket"}),
    "inventory.CountChange": frozenset({"state", "county", "classification", "age_bucket"}),
    "inventory.InventoryRecord": frozenset({"state", "county"}),
    "pricing.Quote": frozenset({"currency"}),
    "sales.DraftLine": frozenset({"state", "county"}),
    "sales.Order": frozenset({"currency", "idempotency_key", "request_digest"}),
    "sales.OrderLine": frozenset({"state", "county"}),
    "sales.Sale": frozenset({"currency"}),
    "exports.ExportCompletion": frozenset({"sha256"}),
    "exports.SanitisedCell": frozenset({"column", "removed"}),
    "admin.LogEntry": frozenset({"object_id", "change_message"}),
    "auth.Permission": frozenset({"name", "codename"}),
    "auth.Group": frozenset({"name"}),
    "contenttypes.ContentType": frozenset({"app_label", "model"}),
    "socialaccount.SocialAccount": frozenset({"provider"}),
    "socialaccount.SocialApp": frozenset({"provider", "provider_id", "name", "client_id", "secret", "key", "settings"}),
}
"""Looked at, and found to say nothing about a person."""


def homeowner_fields() -> frozenset[str]:
    """The names of the fields that describe a homeowner."""
    return frozenset().union(*HOMEOWNERS.values())
