"""What buyers of an opted-out person are told, and the codes that confirm a request of the public page."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from homeshield.accounts.models import ApiKey, Client
from homeshield.lib.ids import new_id
from homeshield.lib.table_rules import KEEP, OF_OWN, OWN_CLIENT_SEES, STAFF_LOOKS, OwnerFunction, Policy, TableRules
from leads.models import OptOut
from sales.privacy.erasure import ERASE, SIGNATURE

BY_STAFF = "(SELECT current_setting('homeshield.staff', true) = 'on')"


class Asked(models.TextChoices):
    """What the person asks of a buyer."""

    STOP = "stop", "Stop calling"
    DELETE = "delete", "Stop calling and delete"


class Notice(models.Model):
    """That the person of a sale has opted out: told to the client that bought the lead, who confirms it once.

    It names the sale, and so holds nothing of the person.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="notices", db_index=False)
    sale = models.ForeignKey("sales.Sale", on_delete=models.PROTECT, related_name="notices", db_index=False)
    opt_out = models.ForeignKey(OptOut, on_delete=models.PROTECT, related_name="notices", db_index=False)
    asks = models.CharField("asked for", max_length=6, choices=Asked)
    told_at_utc = models.DateTimeField("told (UTC)")
    mailed_at_utc = models.DateTimeField("mailed (UTC)", null=True)
    confirmed_at_utc = models.DateTimeField("confirmed (UTC)", null=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    confirmed_with = models.ForeignKey(
        ApiKey, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="API key", db_index=False
    )

    table_rules = TableRules(
        web_may=(
            "SELECT",
            "INSERT",
            "UPDATE (confirmed_at_utc)",
            "UPDATE (confirmed_by_id)",
            "UPDATE (confirmed_with_id)",
        ),
        policies=(
            OWN_CLIENT_SEES,
            Policy("own_client_confirms", "UPDATE", using=OF_OWN, check=OF_OWN),
            Policy("staff_tell", "INSERT", check=BY_STAFF),
            STAFF_LOOKS,
        ),
        functions=(OwnerFunction(SIGNATURE, "SETOF uuid", ERASE, writes=True, owner_alone=True),),
    )

    class Meta:
        db_table = "notices"
        ordering = ["-told_at_utc", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sale", "asks"],
                name="notice_once_for_each_sale",
                violation_error_message="The buyer was told already.",
            ),
            models.CheckConstraint(name="notice_asks_known", condition=Q(asks__in=Asked.values)),
            models.CheckConstraint(
                name="notice_confirmed_by_somebody_at_an_instant",
                condition=Q(confirmed_at_utc__isnull=False) | Q(confirmed_by__isnull=True, confirmed_with__isnull=True),
            ),
        ]
        indexes = [
            models.Index("client", models.F("told_at_utc").desc(), models.F("id").desc(), name="notice_by_client"),
            models.Index("client", name="notice_unconfirmed", condition=Q(confirmed_at_utc__isnull=True)),
            models.Index("client", name="notice_unmailed", condition=Q(mailed_at_utc__isnull=True)),
        ]
        triggers = [
            pgtrigger.Protect(name="notice_stays", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="notice_is_confirmed_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF (NEW.id, NEW.client_id, NEW.sale_id, NEW.opt_out_id, NEW.asks, NEW.told_at_utc)
                           IS DISTINCT FROM
                           (OLD.id, OLD.client_id, OLD.sale_id, OLD.opt_out_id, OLD.asks, OLD.told_at_utc)
                       OR OLD.mailed_at_utc IS NOT NULL AND NEW.mailed_at_utc IS DISTINCT FROM OLD.mailed_at_utc
                       OR OLD.confirmed_at_utc IS NOT NULL
                              AND (NEW.confirmed_at_utc, NEW.confirmed_by_id, NEW.confirmed_with_id)
                                  IS DISTINCT FROM
                                  (OLD.confirmed_at_utc, OLD.confirmed_by_id, OLD.confirmed_with_id) THEN
                        RAISE EXCEPTION 'notice % is final: it is mailed once, and confirmed once', OLD.id
                            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'notice_is_confirmed_once';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="notice_to_the_client_of_its_sale",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (SELECT FROM sales WHERE id = NEW.sale_id AND client_id = NEW.client_id) THEN
                        RAISE EXCEPTION 'notice % is about a sale to another client', NEW.id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_to_the_client_of_its_sale';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Notice {self.id}"


class OptOutCode(models.Model):
    """The code that was sent to the number of a request; of both, only digests are kept, and only for a while."""

    opt_out = models.OneToOneField(OptOut, on_delete=models.CASCADE, primary_key=True, related_name="code")
    digest = models.CharField(max_length=64)
    expires_at_utc = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)

    not_personal = ("digest",)

    table_rules = TableRules(web_may=KEEP)

    class Meta:
        db_table = "opt_out_codes"

    def __str__(self) -> str:
        return f"Code of opt-out {self.opt_out_id}"
