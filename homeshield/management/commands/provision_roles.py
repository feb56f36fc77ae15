from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from homeshield.database_roles.provisioning import Provisioned, RoleRefused, TableWithoutRule, roles_provision
from homeshield.lib.commands import DatabaseCommand, write_json

EMBEDDED_ROLE = "homeshield_web"
"""Without WEB_DATABASE_URL: a local server needs no password."""


class Command(DatabaseCommand):
    help = (
        "Creates the role in WEB_DATABASE_URL. It cannot alter tables or change what is final. Brings grants, "
        "policies, triggers and owner's functions to what the models declare, and names what was missing, changed or "
        "too wide. Run it as the owner of the tables after every migrate. A second run changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; exit code 1 if something should change"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, check: bool, json: bool, **options: Any) -> None:
        web = settings.WEB_DATABASE or {}
        try:
            found = roles_provision(
                role=web.get("USER", EMBEDDED_ROLE), password=web.get("PASSWORD", ""), dry_run=check
            )
        except (RoleRefused, TableWithoutRule) as refusal:
            raise CommandError(refusal.message, returncode=2) from None
        if json:
            self._write_json(found, check)
        else:
            self._write(found, check)
        if check and found.changes:
            raise CommandError("The database is not as declared: run manage.py provision_roles.", returncode=1)

    def _write(self, found: Provisioned, check: bool) -> None:
        for statement in found.changes:
            self.stdout.write(f"{'to do' if check else 'done'}  {statement}")
        if not found.changes:
            self.stdout.write("Nothing to change.")
        self.stdout.write(f"\nThe web process as {found.role} may:\n")
        for grant in found.grants:
            rows = "  (rows by policy)" if grant.row_security and grant.privileges else ""
            self.stdout.write(f"  {grant.table:<28}{', '.join(grant.privileges) or 'nothing'}{rows}")
        self.stdout.write(f"\nEverything else is for the owner of the tables, {found.owner}, alone.")
        if found.owner_is_superuser:
            self.stdout.write("That is a superuser: fine on a machine of your own, but a shop's owner should be none.")

    def _write_json(self, found: Provisioned, check: bool) -> None:
        answer = {
            "role": found.role,
            "owner": found.owner,
            "owner_is_superuser": found.owner_is_superuser,
            "to_do" if check else "done": found.changes,
            "tables": {
                grant.table: {"privileges": grant.privileges, "row_security": grant.row_security}
                for grant in found.grants
            },
        }
        write_json(self, answer)
