from django import forms
from django.db.models import Q, QuerySet

from homeshield.audit.actions import AuditAction, Outcome
from homeshield.audit.models import AuditEvent
from homeshield.lib.view_only_admin import as_uuid


def _instant(label: str) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=False,
        widget=forms.DateTimeInput(attrs={"placeholder": "2026-03-14 15:09"}),
        error_messages={"invalid": "Write the instant like 2026-03-14 15:09, in UTC."},
    )


class EventFilterForm(forms.Form):
    """Filters narrow the list by whole values, each with an index."""

    who = forms.CharField(label="Who", required=False, help_text="Email address, user id or the start of a key.")
    what = forms.ChoiceField(label="What", required=False, choices=[("", "Everything"), *AuditAction.choices])
    outcome = forms.ChoiceField(label="Outcome", required=False, choices=[("", "Any"), *Outcome.choices])
    since = _instant("From (UTC)")
    before = _instant("Before (UTC)")
    client = forms.CharField(label="Client", required=False, help_text="The client's id, from its page.")
    object = forms.CharField(label="Object", required=False, help_text="The id of the object.")
    request = forms.CharField(label="Request", required=False, help_text="The request's id, from a header or the log.")

    def clean_client(self) -> str:
        client: str = self.cleaned_data["client"].strip()
        if client and as_uuid(client) is None:
            raise forms.ValidationError("This is not a client's id. Copy it from the client's page.")
        return client

    def events(self) -> QuerySet[AuditEvent]:
        """Returns the matching events; none if a filter is invalid."""
        if not self.is_valid():
            return AuditEvent.objects.none()
        asked = self.cleaned_data
        conditions = {
            "action": asked["what"],
            "outcome": asked["outcome"],
            "occurred_at_utc__gte": asked["since"],
            "occurred_at_utc__lt": asked["before"],
            "client_id": asked["client"],
            "object_id": asked["object"].strip(),
            "request_id": asked["request"].strip(),
        }
        events = AuditEvent.objects.filter(**{name: value for name, value in conditions.items() if value})
        return events.filter(_by(asked["who"].strip())) if asked["who"].strip() else events


def _by(who: str) -> Q:
    """A user id finds the acts under any of the user's addresses."""
    key = as_uuid(who)
    return Q(actor_id=key) if key else Q(actor=who.lower())
