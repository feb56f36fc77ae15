"""What must not be sold for now, and why: withdrawals, and persons (contract, "Withdrawal", "Person").

`withheld_leads` is the one truth. It follows from withdrawals and from the links between leads of one person; triggers
copy it to the open records of inventory (decisions/0022).
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from homeshield.lib.ids import new_id
from homeshield.lib.table_rules import APPEND, READ, STAFF_LOOKS, Policy, TableRules
from inventory.withholding.triggers import taken_back_trigger, withdrawn_trigger, withheld_triggers
from leads.models import Lead, Load

MANY_BEARERS = 5
"""A key that more leads bear than this is nobody's (contract, "Person")."""

LONGEST_NOTE = 500

STAFF_WRITE = Policy("staff_write", "INSERT", check="(SELECT current_setting('homeshield.staff', true) = 'on')")


class Reason(models.TextChoices):
    """Why a lead is withdrawn. The values stand in rows that never change."""

    OPT_OUT = "opt_out", "Asked not to be sold"
    ERASED = "erased", "Asked to be erased"
    DEAD_NUMBER = "dead_number", "Dead number"
    WRONG_PERSON = "wrong_person", "Wrong person"
    BAD_LOAD = "bad_load", "Bad load"
    OTHER = "other", "Other"

    @property
    def lies_in_the_person(self) -> bool:
        """Whether all leads of the number are withdrawn with the one."""
        return self in {Reason.OPT_OUT, Reason.ERASED, Reason.DEAD_NUMBER, Reason.WRONG_PERSON}

    @property
    def is_for_ever(self) -> bool:
        """Whether nobody may take the withdrawal back."""
        return self in FOR_EVER


FOR_EVER = (Reason.OPT_OUT, Reason.ERASED)
BY_HAND = tuple(reason for reason in Reason if reason not in FOR_EVER)
"""Staff and commands withdraw for these. An opt-out also stops later loads and tells buyers (sales/privacy)."""


class Withdrawal(models.Model):
    """An act that took leads out of sale: its reason, and the word of whoever did it. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reason = models.CharField(max_length=12, choices=Reason)
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    withdrawn_at_utc = models.DateTimeField("withdrawn (UTC)")
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    load = models.ForeignKey(
        Load, on_delete=models.PROTECT, null=True, related_name="withdrawals", db_index=False,
        help_text="The load that was withdrawn as a whole.",
    )  # fmt: skip

    not_personal = ("note",)

    table_rules = TableRules(web_may=APPEND, policies=(STAFF_LOOKS, STAFF_WRITE))

    class Meta:
        db_table = "withdrawals"
        ordering = ["-id"]
        indexes = [models.Index("load", name="withdrawals_of_a_load", condition=Q(load__isnull=False))]
        constraints = [
            models.CheckConstraint(
                name="withdrawal_of_a_load_is_of_a_bad_one",
                condition=Q(load__isnull=True) | Q(reason=Reason.BAD_LOAD),
                violation_error_message="A load is withdrawn as a whole because it is bad.",
            ),
            models.CheckConstraint(
                name="withdrawal_reason_known",
                condition=Q(reason__in=Reason.values),
                violation_error_message="A lead is withdrawn for one of the known reasons.",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="withdrawal_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"Withdrawal {self.id}"

    @property
    def if_taken_back(self) -> "WithdrawalTakenBack | None":
        return getattr(self, "taken_back", None)

    @property
    def may_be_taken_back(self) -> bool:
        return not Reason(self.reason).is_for_ever and self.if_taken_back is None


class WithdrawnLead(models.Model):
    """A lead that a withdrawal took out of sale. It is withdrawn while one of its withdrawals is not taken back."""

    pk = models.CompositePrimaryKey("lead", "withdrawal")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="withdrawn", db_index=False)
    withdrawal = models.ForeignKey(Withdrawal, on_delete=models.PROTECT, related_name="leads")

    table_rules = TableRules(web_may=APPEND, policies=(STAFF_LOOKS, STAFF_WRITE))

    class Meta:
        db_table = "withdrawn_leads"
        ordering = ["withdrawal", "lead"]
        triggers = [
            pgtrigger.Protect(name="withdrawn_lead_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
            withdrawn_trigger(),
        ]

    def __str__(self) -> str:
        return f"Lead {self.lead_id} in withdrawal {self.withdrawal_id}"


class WithdrawalTakenBack(models.Model):
    """That a withdrawal does not hold any more. Its leads are on sale again, unless another one holds."""

    withdrawal = models.OneToOneField(Withdrawal, on_delete=models.PROTECT, primary_key=True, related_name="taken_back")
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    taken_back_at_utc = models.DateTimeField("taken back (UTC)")
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    not_personal = ("note",)

    table_rules = TableRules(web_may=APPEND, policies=(STAFF_LOOKS, STAFF_WRITE))

    class Meta:
        db_table = "withdrawals_taken_back"
        ordering = ["-withdrawal"]
        triggers = [
            pgtrigger.Protect(name="withdrawal_taken_back_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="withdrawal_can_be_taken_back",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"""
                    IF EXISTS (SELECT FROM withdrawals
                               WHERE id = NEW.withdrawal_id
                                 AND reason IN ({", ".join(f"'{reason.value}'" for reason in FOR_EVER)})) THEN
                        RAISE EXCEPTION 'withdrawal %: what a person asked for is not taken back', NEW.withdrawal_id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'withdrawal_can_be_taken_back';
                    END IF;
                    RETURN NEW;
                """,
            ),
            taken_back_trigger(),
        ]

    def __str__(self) -> str:
        return f"Withdrawal {self.withdrawal_id}, taken back"


class CommonKey(models.Model):
    """A key that more than MANY_BEARERS leads bear, such as a call center's own line. It joins no leads."""

    key = models.UUIDField(primary_key=True, editable=False)

    table_rules = TableRules(web_may=READ)

    class Meta:
        db_table = "common_keys"
        ordering = ["key"]

    def __str__(self) -> str:
        return "Common key"


class PersonLink(models.Model):
    """Two leads that share a key which is not common. Each pair stands here twice, once from each side.

    A lead has eight links at most: two keys, each borne by five leads. Without foreign keys: a load would pay for two
    look-ups per row, leads are never removed, and `check_inventory_status --verify` compares.
    """

    pk = models.CompositePrimaryKey("lead", "other")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="links", db_index=False, db_constraint=False)
    other = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)

    table_rules = TableRules(web_may=READ)

    class Meta:
        db_table = "person_links"
        ordering = ["lead", "other"]
        constraints = [models.CheckConstraint(name="person_link_of_two_leads", condition=~Q(lead=F("other")))]

    def __str__(self) -> str:
        return f"Lead {self.lead_id} and lead {self.other_id}"


class WithheldLead(models.Model):
    """A lead that must not be sold for now: it is withdrawn, or a later inquiry of the person stands, or both."""

    lead = models.OneToOneField(Lead, on_delete=models.PROTECT, primary_key=True, related_name="withheld")
    withdrawn = models.BooleanField()
    superseded = models.BooleanField()

    table_rules = TableRules(web_may=READ)  # triggers write, which act as the owner

    class Meta:
        db_table = "withheld_leads"
        ordering = ["lead"]
        constraints = [
            models.CheckConstraint(name="withheld_for_a_reason", condition=Q(withdrawn=True) | Q(superseded=True)),
        ]
        triggers = withheld_triggers()

    def __str__(self) -> str:
        return f"Withheld lead {self.lead_id}"
