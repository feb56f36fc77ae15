"""What a client has used up of an allowance of its own."""

from django.db import models


class PreviewAllowance(models.Model):
    """How many leads a client was shown before purchase on a day (previews.py). One row for each client.

    The table is unlogged (see the migration): every page of the list writes to it, and after a crash it may be empty.
    """

    client = models.OneToOneField("accounts.Client", on_delete=models.PROTECT, primary_key=True, related_name="+")
    day = models.DateField("day (UTC)")
    shown = models.PositiveIntegerField("leads shown that day")
    granted = models.PositiveIntegerField("of them by the last page", help_text="How the page learns what it may show.")

    class Meta:
        db_table = "preview_allowances"

    def __str__(self) -> str:
        return f"Previews of {self.client_id}"
