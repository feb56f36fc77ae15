from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from homeshield.accounts.errors import AccountRefused
from homeshield.accounts.models import User
from homeshield.accounts.staff import Powers, powers_of, staff_set
from homeshield.lib.commands import DatabaseCommand, write_json

_OPTION = {"email": "EMAIL", "groups": "--group"}


class Command(DatabaseCommand):
    help = (
        "Without an address: lists the staff. With one: gives its user exactly the powers you name, at once. No page "
        "can do this, nor can the web process. Exit code 2: something is wrong, and nothing changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", nargs="?", metavar="EMAIL", help="the address that the user signs in with")
        parser.add_argument(
            "--group",
            action="append",
            default=[],
            metavar="NAME",
            help="pricing, support, operations or auditor; repeat it for several",
        )
        parser.add_argument("--superuser", action="store_true", help="every permission")
        parser.add_argument("--none", action="store_true", help="take all powers: the user is no longer staff")
        parser.add_argument(
            "--create",
            action="store_true",
            help='create the user if nobody has the address; "Forgot your password?" sets the password',
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(
        self,
        *args: Any,
        email: str | None,
        group: list[str],
        superuser: bool,
        none: bool,
        create: bool,
        json: bool,
        **options: Any,
    ) -> None:
        if email is None:
            if group or superuser or none or create:
                raise CommandError("Name the address of the user first.", returncode=2)
            self._list(json=json)
            return
        if bool(group or superuser) == none:
            raise CommandError("Name what the user may do: --group NAME, --superuser, or --none.", returncode=2)
        powers = Powers(groups=frozenset(group), superuser=superuser)
        try:
            user, before = staff_set(email=email, powers=powers, create=create, as_of=timezone.now())
        except AccountRefused as refusal:
            option = _OPTION.get(refusal.field, refusal.field)
            raise CommandError(f"{option}: {refusal.message} Nothing was changed.", returncode=2) from None
        if json:
            write_json(self, _as_json(user, powers) | {"before": _powers_as_json(before)})
        else:
            self.stdout.write(f"{user.email}: {_words(powers)} (before: {_words(before)})")

    def _list(self, *, json: bool) -> None:
        staff = User.objects.filter(is_staff=True).order_by("email")
        if json:
            write_json(self, {"staff": [_as_json(user, powers_of(user)) for user in staff]})
            return
        for user in staff:
            inactive = "" if user.is_active else " (switched off)"
            self.stdout.write(f"{user.email}: {_words(powers_of(user))}{inactive}")
        if not staff:
            self.stdout.write("Nobody is staff yet. Begin with: manage.py createsuperuser")


def _words(powers: Powers) -> str:
    named = [*(["superuser"] if powers.superuser else []), *sorted(powers.groups)]
    return ", ".join(named) or "no powers"


def _as_json(user: User, powers: Powers) -> dict[str, Any]:
    return {"user_id": str(user.id), "email": user.email, "active": user.is_active, **_powers_as_json(powers)}


def _powers_as_json(powers: Powers) -> dict[str, Any]:
    return {"superuser": powers.superuser, "groups": sorted(powers.groups)}
