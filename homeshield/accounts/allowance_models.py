"""What a client, a key or an address has used up of an allowance."""

from django.db import models

from homeshield.lib.personal_data import account
from homeshield.lib.table_rules import CHANGE, KEEP, OWN_CLIENT, STAFF_LOOKS, TableRules


class ApiAllowance(models.Model):
    """The instant at which an allowance is full again (allowances.py).

    Its subject is `key:` with a key's id, or `address:` or `password:` with a network address. The table is unlogged
    (see the migration): every call writes to it, and after a crash it may be empty.
    """

    subject = account(models.CharField(primary_key=True, max_length=60))
    full_at_utc = models.DateTimeField()

    table_rules = TableRules(web_may=KEEP)

    class Meta:
        db_table = "api_allowances"
        indexes = [models.Index(fields=["full_at_utc"], name="api_allowance_by_full_at")]

    def __str__(self) -> str:
        return f"Allowance of {self.subject}"


class PreviewAllowance(models.Model):
    """How many leads a client was shown before purchase on a day (previews.py). One row for each client.

    The table is unlogged (see the migration): every page of the list writes to it, and after a crash it may be empty.
    """

    client = models.OneToOneField("accounts.Client", on_delete=models.PROTECT, primary_key=True, related_name="+")
    day = models.DateField("day (UTC)")
    shown = models.PositiveIntegerField("leads shown that day")
    granted = models.PositiveIntegerField("of them by the last page", help_text="How the page learns what it may show.")

    table_rules = TableRules(web_may=CHANGE, policies=(OWN_CLIENT, STAFF_LOOKS))

    class Meta:
        db_table = "preview_allowances"

    def __str__(self) -> str:
        return f"Previews of {self.client_id}"
