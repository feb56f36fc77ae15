from typing import Any

from django.utils import timezone

from homeshield.audit.sealing import audit_head, audit_seal
from homeshield.lib.commands import DatabaseCommand


class Command(DatabaseCommand):
    help = (
        "Seals the committed audit events and prints the chain's head. The scheduler does this too: run it by hand "
        "only if no scheduler runs."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        sealed = audit_seal(as_of=timezone.now())
        self.stdout.write(f"{sealed:,} events sealed.\nHead: {audit_head()}")
