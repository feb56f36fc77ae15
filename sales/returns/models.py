"""Returns: what a buyer gives back, why, and what became of it (contract, "Return")."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from homeshield.accounts.models import ApiKey, Client
from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.models import LedgerTransaction
from homeshield.billing.ledger.triggers import source_trigger
from homeshield.lib.ids import new_id
from homeshield.lib.money import MoneyField
from homeshield.lib.personal_data import homeowner
from homeshield.lib.table_rules import OF_OWN, OWN_CLIENT_SEES, STAFF, STAFF_LOOKS, Policy, TableRules
from homeshield.lib.triggers import FirmOwnerTrigger
from inventory.withholding.models import Reason, Withdrawal

LONGEST_NOTE = 500


class ReturnReason(models.TextChoices):
    """Why a buyer returns a lead. The values stand in rows that stay."""

    DISCONNECTED = "disconnected", "Number disconnected"
    WRONG_PERSON = "wrong_person", "Wrong person"
    NEVER_ASKED = "never_asked", "Never asked for information"
    DECEASED = "deceased", "Deceased"
    DUPLICATE = "duplicate", "Duplicate of a lead you own"
    OUTSIDE_CRITERIA = "outside_criteria", "Outside the criteria of the order"

    @property
    def is_proven(self) -> bool:
        """Whether the data decides at once. The other reasons are believed up to a share (rules.py)."""
        return self in PROVEN

    @property
    def withdraws(self) -> Reason | None:
        """Why the lead leaves the stock once the return is accepted; None: it stays."""
        return WITHDRAWS.get(self)


PROVEN = (ReturnReason.DUPLICATE, ReturnReason.OUTSIDE_CRITERIA)

WITHDRAWS = {
    ReturnReason.DISCONNECTED: Reason.DEAD_NUMBER,
    ReturnReason.DECEASED: Reason.DEAD_NUMBER,
    ReturnReason.WRONG_PERSON: Reason.WRONG_PERSON,
    ReturnReason.NEVER_ASKED: Reason.WRONG_PERSON,
}


class ReturnStatus(models.TextChoices):
    ACCEPTED = "accepted", "Accepted"
    WAITING = "waiting", "Waiting for review"
    REFUSED = "refused", "Refused"


_ACCEPTED = Q(status=ReturnStatus.ACCEPTED)
_WAITING = Q(status=ReturnStatus.WAITING)
_BY_STAFF = Q(decided_by__isnull=False)


class Return(models.Model):
    """A sale that its buyer gave back: once, for one reason. Staff decide what waits, also once.

    The sale stays as it is, and exclusive. `amount` is what was paid. `decided_by` is empty where the shop decided by
    itself. An accepted return names the withdrawal of its lead, if its reason withdraws it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    sale = models.ForeignKey("sales.Sale", on_delete=models.PROTECT, related_name="returns", db_index=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="returns", db_index=False)
    reason = models.CharField(max_length=16, choices=ReturnReason)
    note = homeowner(models.CharField("buyer’s note", max_length=LONGEST_NOTE, blank=True))
    amount = MoneyField("amount paid (USD)")
    status = models.CharField(max_length=8, choices=ReturnStatus)
    asked_at_utc = models.DateTimeField("returned (UTC)")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="returned by",
        db_index=False,
    )  # fmt: skip
    asked_with = models.ForeignKey(
        ApiKey, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="API key", db_index=False
    )
    decided_at_utc = models.DateTimeField("decided (UTC)", null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    word = models.CharField("word to the buyer", max_length=LONGEST_NOTE, blank=True)
    withdrawal = models.ForeignKey(
        Withdrawal, on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        help_text="The withdrawal of the lead that an accepted return made.",
    )  # fmt: skip
    mailed_at_utc = models.DateTimeField("mailed (UTC)", null=True)
    read_at_utc = models.DateTimeField("read (UTC)", null=True)

    not_personal = ("word",)

    table_rules = TableRules(
        web_may=(
            "SELECT",
            "INSERT",
            "UPDATE (status)",
            "UPDATE (decided_at_utc)",
            "UPDATE (decided_by_id)",
            "UPDATE (word)",
            "UPDATE (withdrawal_id)",
            "UPDATE (read_at_utc)",
        ),
        policies=(
            OWN_CLIENT_SEES,
            # The service that decides acts for the shop, also where a buyer asked for it (services.py).
            Policy("the_shop_takes_back", "INSERT", check=STAFF),
            Policy("the_shop_decides", "UPDATE", using=STAFF, check=STAFF),
            Policy("own_client_reads", "UPDATE", using=OF_OWN, check=OF_OWN),
            STAFF_LOOKS,
        ),
    )

    class Meta:
        db_table = "returns"
        ordering = ["-asked_at_utc", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sale"],
                name="return_once_per_sale",
                violation_error_message="This lead was returned before.",
            ),
            models.CheckConstraint(name="return_reason_known", condition=Q(reason__in=ReturnReason.values)),
            models.CheckConstraint(name="return_status_known", condition=Q(status__in=ReturnStatus.values)),
            models.CheckConstraint(name="return_amount_not_negative", condition=Q(amount__gte=0)),
            models.CheckConstraint(
                name="return_waits_until_decided",
                condition=(_WAITING & Q(decided_at_utc__isnull=True) & ~_BY_STAFF)
                | (~_WAITING & Q(decided_at_utc__isnull=False)),
                violation_error_message="A return is decided at an instant, or waits.",
            ),
            models.CheckConstraint(
                name="return_refused_by_staff_with_a_word",
                condition=~Q(status=ReturnStatus.REFUSED) | (_BY_STAFF & ~Q(word="")),
                violation_error_message="Staff refuse a return, and tell the buyer why.",
            ),
            models.CheckConstraint(
                name="return_proven_does_not_wait",
                condition=_ACCEPTED | ~Q(reason__in=PROVEN),
                violation_error_message="The data decides on such a return at once.",
            ),
            models.CheckConstraint(
                name="return_accepted_withdraws_its_lead",
                condition=Q(withdrawal__isnull=False, status=ReturnStatus.ACCEPTED, reason__in=[*WITHDRAWS])
                | (Q(withdrawal__isnull=True) & (~_ACCEPTED | Q(reason__in=PROVEN))),
                violation_error_message="An accepted return names the withdrawal of its lead.",
            ),
            models.CheckConstraint(
                name="return_told_once_decided_by_staff",
                condition=_BY_STAFF | Q(mailed_at_utc__isnull=True, read_at_utc__isnull=True),
                violation_error_message="The buyer is told what staff have decided.",
            ),
        ]
        indexes = [
            models.Index("client", F("asked_at_utc").desc(), F("id").desc(), name="return_by_client"),
            # What the shop has credited by itself, which is added up at every return.
            models.Index(
                "client", "decided_at_utc", name="return_credited", include=["amount"],
                condition=_ACCEPTED & ~_BY_STAFF & ~Q(reason__in=PROVEN),
            ),
            models.Index("asked_at_utc", "id", name="return_waiting", condition=_WAITING),
            models.Index("client", name="return_unread", condition=_BY_STAFF & Q(read_at_utc__isnull=True)),
            models.Index("client", name="return_unmailed", condition=_BY_STAFF & Q(mailed_at_utc__isnull=True)),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(name="return_stays", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="return_of_its_sale",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (SELECT FROM sales
                                   WHERE id = NEW.sale_id
                                     AND (client_id, purchase_price) = (NEW.client_id, NEW.amount)) THEN
                        RAISE EXCEPTION 'return % is of a sale to another client, or of another price', NEW.id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'return_of_its_sale';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="return_is_decided_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                # An erasure empties the note (sales/privacy/carrying_out.py); staff alone decide.
                func="""
                    IF (NEW.id, NEW.sale_id, NEW.client_id, NEW.reason, NEW.amount, NEW.asked_at_utc, NEW.asked_by_id,
                        NEW.asked_with_id)
                           IS DISTINCT FROM
                           (OLD.id, OLD.sale_id, OLD.client_id, OLD.reason, OLD.amount, OLD.asked_at_utc,
                            OLD.asked_by_id, OLD.asked_with_id)
                       OR NEW.note IS DISTINCT FROM OLD.note AND NEW.note <> ''
                       OR (NEW.status, NEW.decided_at_utc, NEW.decided_by_id, NEW.word, NEW.withdrawal_id)
                              IS DISTINCT FROM
                              (OLD.status, OLD.decided_at_utc, OLD.decided_by_id, OLD.word, OLD.withdrawal_id)
                              AND (OLD.status <> 'waiting' OR NEW.status = 'waiting' OR NEW.decided_by_id IS NULL
                                   OR row_security_active('returns')
                                      AND current_setting('homeshield.staff', true) IS DISTINCT FROM 'on')
                       OR OLD.mailed_at_utc IS NOT NULL AND NEW.mailed_at_utc IS DISTINCT FROM OLD.mailed_at_utc
                       OR OLD.read_at_utc IS NOT NULL AND NEW.read_at_utc IS DISTINCT FROM OLD.read_at_utc THEN
                        RAISE EXCEPTION 'return % is final: staff decide it once', OLD.id
                            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'return_is_decided_once';
                    END IF;
                    RETURN NEW;
                """,
            ),
            FirmOwnerTrigger(
                name="return_accepted_is_credited",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__status=ReturnStatus.ACCEPTED) & pgtrigger.Q(new__amount__gt=0),
                func="""
                    IF NOT EXISTS (SELECT FROM ledger_transactions moved
                                   JOIN ledger_legs leg ON leg.transaction_id = moved.id
                                   WHERE (moved.kind, moved.source_id) = ('return', NEW.id)
                                     AND (leg.account, leg.client_id, leg.amount)
                                         = ('client', NEW.client_id, NEW.amount)) THEN
                        RAISE EXCEPTION 'return % is accepted, and not credited', NEW.id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'return_accepted_is_credited';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Return {self.id}"


class CreditOfReturn(LedgerTransaction):
    """Carries the trigger that finds the return of each such transaction, with its client and amount."""

    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [
            source_trigger(
                kind=Kind.RETURN,
                source="""SELECT FROM returns
                          WHERE id = NEW.source_id AND status = 'accepted'
                            AND (client_id, amount) = (NEW.client_id, of_client)""",
            ),
        ]
