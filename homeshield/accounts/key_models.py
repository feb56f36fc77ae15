import pgtrigger
from django.conf import settings
from django.db import models

from homeshield.lib.ids import new_id
from homeshield.lib.table_rules import TableRules


class ApiKey(models.Model):
    """A secret for a client's systems to call the API. Only its digest is stored (keys.py)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey("accounts.Client", on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=100, help_text="What uses the key, such as “Nightly import”.")
    prefix = models.CharField("begins with", max_length=24, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    created_at_utc = models.DateTimeField("made (UTC)", editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    last_used_at_utc = models.DateTimeField("last used (UTC)", null=True, editable=False)
    revoked_at_utc = models.DateTimeField("revoked (UTC)", null=True, editable=False)

    not_personal = ("name", "prefix", "digest")

    table_rules = TableRules(web_may=("SELECT", "INSERT", "UPDATE (last_used_at_utc)", "UPDATE (revoked_at_utc)"))

    class Meta:
        db_table = "api_keys"
        verbose_name = "API key"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="api_key_name_not_blank",
                condition=~models.Q(name__regex=r"^\s*$"),
                violation_error_message="Give the key a name, so that you know later what uses it.",
            ),
            # For composite foreign keys: an order's or export's key must be its client's.
            models.UniqueConstraint(fields=["id", "client"], name="api_key_of_one_client"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="api_key_of_an_active_client",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (SELECT FROM clients WHERE id = NEW.client_id AND status = 'active') THEN
                        RAISE EXCEPTION 'client % is not active, so it gets no API key', NEW.client_id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'api_key_of_an_active_client';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(
                name="api_key_facts_are_fixed",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("id", "client", "prefix", "digest", "created_at_utc", "created_by"),
            ),
            pgtrigger.Protect(
                name="api_key_stays_revoked",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__revoked_at_utc__isnull=False)
                & pgtrigger.Q(old__revoked_at_utc__df=pgtrigger.F("new__revoked_at_utc")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"
