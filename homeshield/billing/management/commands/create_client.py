import json
import sys
from argparse import ArgumentParser
from contextlib import redirect_stdout
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from homeshield.accounts.errors import AccountRefused
from homeshield.accounts.keys import key_create
from homeshield.accounts.models import ClientStatus
from homeshield.accounts.services import client_create, password_generate
from homeshield.billing.ledger.errors import BadAmount
from homeshield.billing.ledger.services import MOST, credit_limit_set
from homeshield.lib.commands import DatabaseCommand
from homeshield.lib.numbers import decimal_number

_OPTION = {"company": "--company", "email": "--email", "password": "the password on standard input"}


class Command(DatabaseCommand):
    help = (
        "Creates an active client (a buying company) and a user who buys for it. Without --password-stdin it makes a "
        "password and prints it once. With --api-key it does the same for an API key. The client is on account: its "
        "orders need no money, unless --credit-limit says otherwise. Exit code 2: something is wrong, and nothing was "
        "created."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", required=True, help="The company's name.")
        parser.add_argument("--email", required=True, help="The email address to sign in with.")
        parser.add_argument(
            "--password-stdin", action="store_true", help="Take the password from the first line of standard input."
        )
        parser.add_argument("--api-key", action="store_true", help="Make a key for the API as well.")
        parser.add_argument(
            "--credit-limit",
            type=decimal_number(Decimal(0), MOST),
            metavar="AMOUNT",
            help="How far its orders may take the balance below zero, in dollars; 0 makes it prepaid.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object instead of sentences.")

    def handle(self, *args: Any, **options: Any) -> None:
        given = _first_line_of_stdin() if options["password_stdin"] else None
        password = password_generate() if given is None else given
        key, now, limit = None, timezone.now(), options["credit_limit"]
        try:
            # Without a mail server, mails go to stdout, which is for the facts.
            with redirect_stdout(sys.stderr), transaction.atomic():
                client, user = client_create(
                    company=options["company"], email=options["email"], password=password, status=ClientStatus.ACTIVE
                )
                credit_limit_set(
                    client_id=client.id,
                    credit_limit=options["credit_limit"],
                    reason="create_client",
                    by=None,
                    as_of=now,
                )
                if options["api_key"]:
                    key = key_create(client_id=client.id, name="create_client", created_by=user, as_of=now)
        except BadAmount as error:
            raise CommandError(f"--credit-limit: {error.message} Nothing was created.", returncode=2) from error
        except AccountRefused as error:
            field = _OPTION.get(error.field, error.field)
            raise CommandError(f"{field}: {error.message} Nothing was created.", returncode=2) from error
        facts = {
            "client_id": str(client.id),
            "user_id": str(user.id),
            "email": user.email,
            "company": client.name,
            "status": str(client.status),
        }
        if limit is not None:
            facts["credit_limit"] = f"{limit:.2f}"
        if given is None:
            facts["password"] = password
        if key is not None:
            facts["api_key"] = key.token
        self.stdout.write(json.dumps(facts) if options["json"] else _sentences(facts))


def _first_line_of_stdin() -> str:
    try:
        line = sys.stdin.readline().rstrip("\r\n")
        line.encode()  # fails on surrogates that the locale let through
    except UnicodeError:
        raise CommandError(f"{_OPTION['password']}: It is not UTF-8 text. Nothing was created.", returncode=2) from None
    return line


def _sentences(facts: dict[str, str]) -> str:
    width = max(map(len, facts))
    lines = [f"{name:<{width}}  {value}" for name, value in facts.items()]
    once = [shown for name, shown in (("password", "password"), ("api_key", "API key")) if name in facts]
    if once:
        lines.append(f"The {' and the '.join(once)} {'are' if len(once) > 1 else 'is'} shown this once.")
    return "\n".join(["Created an active client.", *lines])
