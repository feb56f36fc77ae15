"""Clients' suppression lists (contract, "Exclusion"): keys of people whom a client does not want to buy, never numbers.

A row of `suppression_entries` counts, whoever looks. Nothing else does: what was uploaded waits in pieces until it is
confirmed and a worker brings one piece after the other into effect. What lists exclude stands in `exclusions`.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from homeshield.accounts.models import ApiKey, Client
from homeshield.lib.ids import new_id
from homeshield.lib.table_rules import OWN_CLIENT, READ, STAFF_LOOKS, TableRules

MOST_ENTRIES = 1_000_000
"""Of one list, and of one upload."""

PIECE = 10_000
"""How many keys a worker brings into effect, or takes out of it, in one transaction."""

LONGEST_NAME = 100


class ListStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    ENDING = "ending", "Ending"
    ENDED = "ended", "Ended"
    REMOVING = "removing", "Removing"
    REMOVED = "removed", "Removed"


LEAVING = (ListStatus.ENDING, ListStatus.REMOVING)
"""Its entries are being taken away, piece by piece."""
OVER = (ListStatus.ENDED, ListStatus.REMOVED)


class UploadState(models.TextChoices):
    RECEIVED = "received", "Waiting for you"
    WAITING = "waiting", "In progress"
    DONE = "done", "Done"
    DISCARDED = "discarded", "Discarded"


def none_yet() -> list[object]:
    """Of lines that are neither."""
    return []


class SuppressionList(models.Model):
    """One list of a client. A list that was removed stays as a row without entries."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="suppression_lists", db_index=False)
    name = models.CharField(max_length=LONGEST_NAME)
    status = models.CharField(max_length=8, choices=ListStatus, default=ListStatus.ACTIVE)
    ends_on = models.DateField("ends on", null=True, blank=True, help_text="The last day on which it counts (UTC).")
    generation = models.PositiveIntegerField(default=0, help_text="How often its entries were replaced.")
    entries = models.PositiveIntegerField(default=0, help_text="Entries that count now.")
    swept_through = models.UUIDField(null=True, editable=False, help_text="Where taking entries away goes on.")
    created_at_utc = models.DateTimeField("created (UTC)")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    # The migration's foreign key covers key and client together: the key is the client's own.
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    progressed_at_utc = models.DateTimeField("last piece (UTC)", db_default=Now())
    over_at_utc = models.DateTimeField("ended or removed (UTC)", null=True)

    not_personal = ("name",)

    table_rules = TableRules(
        web_may=(
            *("SELECT", "INSERT", "UPDATE (name)", "UPDATE (status)", "UPDATE (ends_on)", "UPDATE (generation)"),
            *("UPDATE (swept_through)", "UPDATE (progressed_at_utc)"),
        ),
        policies=(OWN_CLIENT, STAFF_LOOKS),
    )

    class Meta:
        db_table = "suppression_lists"
        ordering = ["-created_at_utc", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["id", "client"], name="suppression_list_of_its_client"),
            models.UniqueConstraint(
                "client",
                Lower("name"),
                name="suppression_list_name_once",
                condition=~Q(status__in=(ListStatus.REMOVING, ListStatus.REMOVED)),
                violation_error_message="Your company has a list of this name.",
            ),
            models.CheckConstraint(name="suppression_list_status_known", condition=Q(status__in=ListStatus.values)),
            models.CheckConstraint(name="suppression_list_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="suppression_list_over_without_entries", condition=~Q(status__in=OVER) | Q(entries=0)
            ),
            models.CheckConstraint(
                name="suppression_list_over_since",
                condition=~Q(status__in=OVER) | Q(over_at_utc__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["client", "-created_at_utc", "-id"], name="suppression_list_by_client"),
            models.Index("ends_on", name="suppression_list_due", condition=Q(status=ListStatus.ACTIVE)),
            models.Index("progressed_at_utc", name="suppression_list_leaving", condition=Q(status__in=LEAVING)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Suppression list {self.id}"

    @property
    def is_leaving(self) -> bool:
        return self.status in LEAVING


class SuppressionUpload(models.Model):
    """What was sent for a list at once, by a page or a program: what was recognised in it, and how far it is.

    Once confirmed it waits, then its pieces come into effect one after the other.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The migration's foreign key covers list and client together.
    list = models.ForeignKey(
        SuppressionList, on_delete=models.PROTECT, related_name="uploads", db_constraint=False, db_index=False
    )
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    replaces = models.BooleanField(help_text="Whether the list's other entries go, once these count.")
    generation = models.PositiveIntegerField(null=True, help_text="Of the list, from the confirmation on.")
    state = models.CharField(max_length=9, choices=UploadState, default=UploadState.RECEIVED)
    layout = models.CharField(max_length=200, blank=True, help_text="Where the entries were found, for people.")
    valid = models.PositiveIntegerField(help_text="Numbers and digests, repeated ones included.")
    invalid = models.PositiveIntegerField(help_text="Lines that hold neither.")
    duplicates = models.PositiveIntegerField(help_text="Repetitions within the upload.")
    invalid_lines = models.JSONField(
        default=none_yet, help_text="The first of them: the line's number and what is wrong with it."
    )
    done = models.PositiveIntegerField(default=0, help_text="Entries that have come into effect.")
    added = models.PositiveIntegerField(default=0, help_text="Entries that were new to the list.")
    matched = models.PositiveIntegerField(
        default=0, help_text="Leads on sale, when they were added, that the new entries exclude."
    )
    received_at_utc = models.DateTimeField("received (UTC)")
    confirmed_at_utc = models.DateTimeField("confirmed (UTC)", null=True)
    finished_at_utc = models.DateTimeField("finished (UTC)", null=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    not_personal = ("layout", "invalid_lines")

    table_rules = TableRules(
        web_may=(
            *("SELECT", "INSERT", "UPDATE (state)", "UPDATE (generation)", "UPDATE (confirmed_at_utc)"),
            "UPDATE (finished_at_utc)",
        ),
        policies=(OWN_CLIENT, STAFF_LOOKS),
    )

    class Meta:
        db_table = "suppression_uploads"
        ordering = ["-received_at_utc", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["id", "client"], name="suppression_upload_of_its_client"),
            models.CheckConstraint(name="suppression_upload_state_known", condition=Q(state__in=UploadState.values)),
            models.CheckConstraint(
                name="suppression_upload_counts",
                condition=Q(duplicates__lte=F("valid"), done__lte=F("valid"), added__lte=F("done")),
            ),
            models.CheckConstraint(
                name="suppression_upload_confirmed_before_it_counts",
                condition=Q(state__in=(UploadState.RECEIVED, UploadState.DISCARDED))
                | Q(confirmed_at_utc__isnull=False, generation__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["list", "-received_at_utc"], name="suppression_upload_by_list"),
            models.Index(
                "list", "confirmed_at_utc", name="suppression_upload_waiting", condition=Q(state=UploadState.WAITING)
            ),
            models.Index(
                "received_at_utc", name="suppression_upload_received", condition=Q(state=UploadState.RECEIVED)
            ),
        ]

    def __str__(self) -> str:
        return f"Upload {self.id}"

    @property
    def entries(self) -> int:
        """Everything that was there: what was recognised, and what was not."""
        return self.valid + self.invalid

    @property
    def unique(self) -> int:
        return self.valid - self.duplicates


class SuppressionPiece(models.Model):
    """Keys of an upload that do not count yet. Each upload's are different, and in order from piece to piece."""

    pk = models.CompositePrimaryKey("upload", "number")
    upload = models.ForeignKey(
        SuppressionUpload, on_delete=models.PROTECT, related_name="pieces", db_constraint=False, db_index=False
    )
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    number = models.PositiveIntegerField()
    keys = ArrayField(models.UUIDField(), editable=False)

    table_rules = TableRules(web_may=("SELECT", "INSERT", "DELETE"), policies=(OWN_CLIENT, STAFF_LOOKS))

    class Meta:
        db_table = "suppression_pieces"
        ordering = ["upload", "number"]

    def __str__(self) -> str:
        return f"Piece {self.number} of upload {self.upload_id}"


class SuppressionEntry(models.Model):
    """A key on a list, in effect. Loads ask by key, a list's own upkeep by list."""

    pk = models.CompositePrimaryKey("list", "key")
    # No foreign keys: a million rows would pay for the check of each. Pieces write with the list's row locked.
    list = models.ForeignKey(
        SuppressionList, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    key = models.UUIDField(editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    generation = models.PositiveIntegerField()

    table_rules = TableRules(web_may=READ, policies=(OWN_CLIENT, STAFF_LOOKS))  # workers write, as the owner

    class Meta:
        db_table = "suppression_entries"
        ordering = ["list", "key"]
        indexes = [models.Index("key", "client", name="suppression_entry_by_key")]

    def __str__(self) -> str:
        return f"Entry of list {self.list_id}"
