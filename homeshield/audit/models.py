"""Each act writes its event in its own transaction; a sealer chains the events later.

Two tables, because a chain has one order and purchases run in parallel (docs/decisions/0017). Neither references
others: an event outlives its object. Triggers that no session can disable keep both append-only.
"""

from datetime import UTC, datetime

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast
from django.db.models.lookups import Exact, Regex

from homeshield.audit.actions import AuditAction, Channel, Outcome
from homeshield.lib.ids import new_id
from homeshield.lib.personal_data import account
from homeshield.lib.table_rules import APPEND, READ, TableRules
from homeshield.lib.triggers import FirmTrigger

FIRST_YEAR, LAST_YEAR = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class JsonType(models.Func):
    function = "jsonb_typeof"
    output_field = models.TextField()


class Hour(models.Func):
    template = "date_trunc('hour', %(expressions)s AT TIME ZONE 'UTC')"
    output_field = models.DateTimeField()


REFUSED = """
    RAISE EXCEPTION 'the audit record is final: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'audit_record_is_final';
"""


FORGETTING = """
    IF TG_OP = 'UPDATE' AND OLD.address IS NOT NULL AND NEW.address IS NULL AND OLD.address_digest IS NOT NULL
       AND to_jsonb(NEW) - 'address' = to_jsonb(OLD) - 'address'
       AND OLD.occurred_at_utc < now() - interval '90 days' THEN
        RETURN NEW;
    END IF;
"""
"""The one change that is let through: an old event loses its address, of which it keeps the digest."""


class AuditEvent(models.Model):
    """Who did what, when, from where, and how it ended. Append-only.

    Names only the actor, by account id and email at the time. `details` holds counts, amounts, codes and ids.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    occurred_at_utc = models.DateTimeField("when (UTC)")
    action = models.CharField("what", max_length=40, choices=AuditAction)
    outcome = models.CharField(max_length=8, choices=Outcome)
    actor_id = models.UUIDField("user", null=True)
    actor = account(models.TextField("who", blank=True))
    channel = models.CharField(max_length=8, choices=Channel)
    source = models.TextField("page or command", blank=True)
    address = account(models.GenericIPAddressField("from where", null=True))
    address_digest = models.CharField(
        "digest of the address", max_length=64, null=True, editable=False, help_text="What the chain covers."
    )
    request_id = models.CharField("request", max_length=64)
    client_id = models.UUIDField("client", null=True)
    object_type = models.CharField("kind of object", max_length=60, blank=True)
    object_id = models.TextField("object", blank=True)
    details = models.JSONField(default=dict, blank=True)

    not_personal = ("source", "address_digest", "request_id", "object_type", "object_id", "details")

    table_rules = TableRules(web_may=APPEND)

    class Meta:
        db_table = "audit_events"
        verbose_name = "audit event"
        ordering = ["-occurred_at_utc", "-id"]
        constraints = [
            models.CheckConstraint(name="audit_event_action_well_formed", condition=Q(action__regex=r"^[a-z_.]+$")),
            models.CheckConstraint(name="audit_event_outcome_known", condition=Q(outcome__in=Outcome.values)),
            models.CheckConstraint(name="audit_event_channel_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(
                name="audit_event_details_are_an_object", condition=Exact(JsonType("details"), models.Value("object"))
            ),
            # Python must read every event: one that it cannot read would stop the chain.
            models.CheckConstraint(
                name="audit_event_instant_readable",
                condition=Q(occurred_at_utc__gte=FIRST_YEAR, occurred_at_utc__lt=LAST_YEAR),
            ),
            models.CheckConstraint(
                name="audit_event_numbers_readable",
                condition=~Q(Regex(Cast("details", models.TextField()), models.Value("[0-9]{200}"))),
            ),
            # Makes a page reload add no event: see `audit_seen`.
            models.UniqueConstraint(
                "actor_id",
                "object_type",
                "object_id",
                Hour("occurred_at_utc"),
                name="audit_event_seen_once_an_hour",
                condition=Q(action=AuditAction.PERSONAL_DATA_SEE),
            ),
        ]
        indexes = [
            # Each ends in the list's order, so a filter reads only one page.
            models.Index("occurred_at_utc", "id", name="audit_event_by_instant"),
            models.Index("actor_id", "occurred_at_utc", "id", name="audit_event_by_actor"),
            models.Index("actor", "occurred_at_utc", "id", name="audit_event_by_name"),
            models.Index("client_id", "occurred_at_utc", "id", name="audit_event_by_client"),
            models.Index("action", "occurred_at_utc", "id", name="audit_event_by_action"),
            models.Index("object_id", "occurred_at_utc", "id", name="audit_event_by_object"),
            models.Index("request_id", name="audit_event_by_request"),
            models.Index("occurred_at_utc", name="audit_event_with_address", condition=Q(address__isnull=False)),
            models.Index("occurred_at_utc", "id", name="audit_event_not_done", condition=~Q(outcome=Outcome.DONE)),
        ]
        triggers = [
            FirmTrigger(
                name="audit_event_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=FORGETTING + REFUSED,
            ),
            FirmTrigger(
                name="audit_events_stay",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func=REFUSED,
            ),
            FirmTrigger(
                name="audit_event_waits_for_its_seal",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="""
                    INSERT INTO audit_unsealed (event_id) VALUES (NEW.id);
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Audit event {self.id}"


class AuditUnsealed(models.Model):
    """The sealer's queue, filled by a trigger. Not part of the record."""

    event_id = models.UUIDField(primary_key=True)

    table_rules = TableRules(web_may=APPEND)  # for the trigger

    class Meta:
        db_table = "audit_unsealed"

    def __str__(self) -> str:
        return f"Unsealed {self.event_id}"


class AuditSeal(models.Model):
    """One link of the chain (chain.py)."""

    sequence = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="seal")
    sealed_at_utc = models.DateTimeField("sealed (UTC)")
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    not_personal = ("previous_hash", "hash")

    table_rules = TableRules(web_may=READ)  # only the sealer writes

    class Meta:
        db_table = "audit_seals"
        ordering = ["sequence"]
        constraints = [
            models.CheckConstraint(name="audit_seals_begin_at_one", condition=Q(sequence__gte=1)),
            models.UniqueConstraint(name="audit_seal_follows_one", fields=["previous_hash"]),
        ]
        triggers = [
            FirmTrigger(
                name="audit_seal_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=REFUSED,
            ),
            FirmTrigger(
                name="audit_seals_stay",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func=REFUSED,
            ),
        ]

    def __str__(self) -> str:
        return f"Seal {self.sequence}"
