"""The register of opt-outs (contract, "Opt-out"): keys of people who must not be sold. It holds no number.

It stands beside leads because each batch of a load asks it. What an opt-out does to leads and buyers: sales/privacy.
"""

import pgtrigger
from django.db import models
from django.db.models import Q

from homeshield.lib.ids import new_id
from homeshield.lib.table_rules import CHANGE, READ, TableRules


class OptOutKind(models.TextChoices):
    """How an opt-out came."""

    DROP = "drop", "California's DROP"
    DNC = "dnc", "Do-Not-Call list"
    LITIGATOR = "litigator", "Litigator list"
    LIST = "list", "Other list"
    PAGE = "page", "Public page"
    STAFF = "staff", "Staff"


OF_LISTS = (OptOutKind.DROP, OptOutKind.DNC, OptOutKind.LITIGATOR, OptOutKind.LIST)


class OptOutState(models.TextChoices):
    """Where an opt-out stands. Only one in force stops rows of a load."""

    UNCONFIRMED = "unconfirmed", "Waits for its code"
    WAITING = "waiting", "Waits for staff"
    IN_FORCE = "in_force", "Done"
    DECLINED = "declined", "Declined by staff"


DECIDED = (OptOutState.IN_FORCE, OptOutState.DECLINED)


class OptOutList(models.Model):
    """One list that was worked through: a file of DROP, of a Do-Not-Call register, of known litigators, or another.

    `done_at_utc` is empty while the list is under way, and stays empty where it broke off: run the import again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=9, choices=OptOutKind)
    file_name = models.TextField("file")
    sha256 = models.CharField("SHA-256 of the file", max_length=64)
    received_at_utc = models.DateTimeField("received (UTC)")
    due_on = models.DateField("due (UTC)")
    done_at_utc = models.DateTimeField("done (UTC)", null=True)
    entries = models.PositiveIntegerField(default=0, help_text="Lines that hold a number or a digest.")
    invalid = models.PositiveIntegerField(default=0, help_text="Lines that hold neither.")
    known = models.PositiveIntegerField("known before", default=0)
    leads = models.PositiveIntegerField("leads withdrawn", default=0)
    waiting = models.PositiveIntegerField("waiting for staff", default=0)

    not_personal = ("file_name", "sha256")

    table_rules = TableRules(web_may=READ)

    class Meta:
        db_table = "opt_out_lists"
        verbose_name = "opt-out list"
        ordering = ["-received_at_utc", "-id"]
        constraints = [
            models.CheckConstraint(name="opt_out_list_kind_known", condition=Q(kind__in=OF_LISTS)),
            models.CheckConstraint(name="opt_out_list_digest_whole", condition=Q(sha256__regex="^[0-9a-f]{64}$")),
        ]
        indexes = [models.Index("kind", "received_at_utc", name="opt_out_list_by_kind")]
        triggers = [pgtrigger.Protect(name="opt_out_list_stays", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.received_at_utc:%Y-%m-%d}"


class OptOutQuerySet(models.QuerySet["OptOut"]):
    def open(self) -> "OptOutQuerySet":
        """Those that wait for staff. One without its code is nobody's work: anybody can begin it."""
        return self.filter(state=OptOutState.WAITING)

    def still_to_erase(self) -> "OptOutQuerySet":
        """Those in force whose leads were never erased yet."""
        return self.filter(state=OptOutState.IN_FORCE, wants_erasure=True, erased_at_utc=None)

    def with_leads_to_erase(self) -> "OptOutQuerySet":
        """The same, and those whose person has a lead that came after the erasure."""
        never_or_late = Q(erased_at_utc=None) | Q(erase_again=True)
        return self.filter(never_or_late, state=OptOutState.IN_FORCE, wants_erasure=True)


class OptOut(models.Model):
    """One person's wish not to be sold, or also to be erased. The person is a key; the number is never kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.UUIDField(editable=False)
    kind = models.CharField(max_length=9, choices=OptOutKind)
    state = models.CharField(max_length=11, choices=OptOutState)
    list = models.ForeignKey(
        OptOutList, on_delete=models.PROTECT, null=True, blank=True, related_name="opt_outs", db_index=False
    )
    wants_erasure = models.BooleanField("erase too", default=False)
    received_at_utc = models.DateTimeField("received (UTC)")
    due_on = models.DateField("due (UTC)", help_text="The last day by which it must be done.")
    done_at_utc = models.DateTimeField("done (UTC)", null=True, blank=True, help_text="Or declined.")
    leads = models.PositiveIntegerField("leads with the number", null=True, blank=True, help_text="When it was done.")
    erased_at_utc = models.DateTimeField("erased (UTC)", null=True, blank=True)
    erase_again = models.BooleanField(
        db_default=False, help_text="A load brought leads of the person in after they were erased."
    )

    objects = OptOutQuerySet.as_manager()

    table_rules = TableRules(web_may=CHANGE)

    class Meta:
        db_table = "opt_outs"
        verbose_name = "opt-out"
        ordering = ["due_on", "id"]
        constraints = [
            # It also answers each batch of a load: the key comes first, and one in force is not declined. Who asks not
            # to be sold may ask to be erased later, so that is a request of its own.
            models.UniqueConstraint(
                fields=["key", "kind", "wants_erasure"],
                name="opt_out_once_per_key_and_kind",
                condition=~Q(state=OptOutState.DECLINED),
                include=["state"],
                violation_error_message="This number is opted out in this way already.",
            ),
            models.CheckConstraint(name="opt_out_kind_known", condition=Q(kind__in=OptOutKind.values)),
            models.CheckConstraint(name="opt_out_state_known", condition=Q(state__in=OptOutState.values)),
            models.CheckConstraint(
                name="opt_out_done_when_decided",
                condition=Q(state__in=DECIDED, done_at_utc__isnull=False)
                | Q(~Q(state__in=DECIDED), done_at_utc__isnull=True),
            ),
            models.CheckConstraint(
                name="opt_out_of_a_list_names_it",
                condition=Q(kind__in=OF_LISTS, list__isnull=False) | Q(~Q(kind__in=OF_LISTS), list__isnull=True),
            ),
            models.CheckConstraint(
                name="opt_out_erased_again_after_the_first_time",
                condition=Q(erase_again=False) | Q(erased_at_utc__isnull=False),
            ),
            models.CheckConstraint(
                name="opt_out_erased_only_where_wanted",
                condition=Q(erased_at_utc__isnull=True) | Q(wants_erasure=True, state=OptOutState.IN_FORCE),
            ),
        ]
        indexes = [
            models.Index(
                "due_on", "id", name="opt_out_still_to_do",
                condition=Q(state__in=[OptOutState.UNCONFIRMED, OptOutState.WAITING]),
            ),
            models.Index(
                "id", name="opt_out_with_leads_to_erase",
                condition=Q(Q(erased_at_utc__isnull=True) | Q(erase_again=True), wants_erasure=True,
                            state=OptOutState.IN_FORCE),
            ),
            models.Index("received_at_utc", "id", name="opt_out_by_instant"),
            models.Index("key", name="opt_out_declined", condition=Q(state=OptOutState.DECLINED)),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Trigger(
                name="opt_out_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF TG_OP = 'DELETE' THEN
                        IF OLD.state <> 'unconfirmed' THEN
                            RAISE EXCEPTION 'opt-out % stays in the register', OLD.id
                                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'opt_out_stays';
                        END IF;
                        RETURN OLD;
                    END IF;
                    IF (NEW.id, NEW.key, NEW.kind, NEW.list_id)
                           IS DISTINCT FROM (OLD.id, OLD.key, OLD.kind, OLD.list_id)
                       OR OLD.state IN ('in_force', 'declined')
                              AND (NEW.state, NEW.done_at_utc) IS DISTINCT FROM (OLD.state, OLD.done_at_utc)
                       OR OLD.wants_erasure AND NOT NEW.wants_erasure
                       OR OLD.erased_at_utc IS NOT NULL AND NEW.erased_at_utc IS DISTINCT FROM OLD.erased_at_utc THEN
                        RAISE EXCEPTION 'opt-out % is decided, or is another person''s', OLD.id
                            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'opt_out_stays';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Opt-out {self.id}"
