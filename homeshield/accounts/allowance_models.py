from django.db import models

from homeshield.lib.personal_data import account
from homeshield.lib.table_rules import CHANGE, KEEP, OWN_CLIENT, STAFF_LOOKS, TableRules


class ApiAllowance(models.Model):
    """When an allowance is full again (allowances.py).

    `subject` is `key:` plus a key's id, or `address:` or `password:` plus a network address. Unlogged, because every
    call writes; a crash may empty it.
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
    """A client's lead previews of a day (previews.py).

    Unlogged, because every list page writes; a crash may empty it.
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
