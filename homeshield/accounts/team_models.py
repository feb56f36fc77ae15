import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from homeshield.accounts.permissions import ClientRole
from homeshield.lib.ids import new_id
from homeshield.lib.personal_data import account
from homeshield.lib.table_rules import TableRules


class Invitation(models.Model):
    """An offer to join a client."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey("accounts.Client", on_delete=models.PROTECT, related_name="invitations")
    email = account(models.EmailField("email address"))
    role = models.CharField(max_length=6, choices=ClientRole)
    invited_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at_utc = models.DateTimeField()
    expires_at_utc = models.DateTimeField()
    accepted_at_utc = models.DateTimeField(null=True)
    withdrawn_at_utc = models.DateTimeField(null=True)

    table_rules = TableRules(web_may=("SELECT", "INSERT", "UPDATE (accepted_at_utc)", "UPDATE (withdrawn_at_utc)"))

    class Meta:
        db_table = "invitations"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "email"],
                condition=Q(accepted_at_utc__isnull=True, withdrawn_at_utc__isnull=True),
                name="invitation_open_once_per_address",
            ),
            models.CheckConstraint(name="invitation_role_known", condition=Q(role__in=ClientRole.values)),
            models.CheckConstraint(name="invitation_email_in_lower_case", condition=Q(email=Lower("email"))),
            models.CheckConstraint(
                name="invitation_runs_out_later", condition=Q(expires_at_utc__gt=F("created_at_utc"))
            ),
            models.CheckConstraint(
                name="invitation_accepted_in_time",
                condition=Q(accepted_at_utc__isnull=True)
                | Q(accepted_at_utc__lt=F("expires_at_utc"), withdrawn_at_utc__isnull=True),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="invitation_of_an_active_client",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (SELECT FROM clients WHERE id = NEW.client_id AND status = 'active') THEN
                        RAISE EXCEPTION 'client % is not active, and invites nobody', NEW.client_id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'invitation_of_an_active_client';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(
                name="invitation_facts_are_fixed",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "id", "client", "email", "role", "invited_by", "created_at_utc", "expires_at_utc"
                ),
            ),
            pgtrigger.Protect(
                name="invitation_ends_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__accepted_at_utc__isnull=False)
                | pgtrigger.Q(old__withdrawn_at_utc__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Invitation {self.id}"
