"""`manage.py record_transfer`: credits a client with a transfer that has arrived at the bank."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from homeshield.billing.ledger.selectors import balance_of
from homeshield.billing.payments.errors import PaymentRefused
from homeshield.billing.payments.services import client_of_code, transfer_record
from homeshield.lib.commands import DatabaseCommand, write_json
from homeshield.lib.money import dollars
from homeshield.lib.numbers import NotANumber, read_number

_ARGUMENT = {"client": "CLIENT_ID", "amount": "AMOUNT", "reference": "--reference"}


class Command(DatabaseCommand):
    help = (
        "Records a transfer that has arrived, so that the client can spend it at once. Each reference counts once, "
        "whatever its case: the same transfer cannot be recorded twice. Exit code 2: something is wrong, and nothing "
        "was recorded."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("client", metavar="CLIENT_ID", help="the client's ID, or its code (HS-...)")
        parser.add_argument("amount", metavar="AMOUNT", help="in US dollars, such as 5000.00")
        parser.add_argument(
            "--reference", metavar="TEXT", required=True, help="what the bank statement calls the transfer"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, client: str, amount: str, reference: str, json: bool, **options: Any) -> None:
        try:
            payment = transfer_record(
                client_id=client_of_code(client).id, amount=read_number(amount.strip().removeprefix("$")),
                reference=reference, by=None, as_of=timezone.now(),
            )  # fmt: skip
        except NotANumber as error:
            raise CommandError(f"AMOUNT: {error} Nothing was recorded.", returncode=2) from None
        except PaymentRefused as refusal:
            raise CommandError(
                f"{_ARGUMENT[refusal.field]}: {refusal.message} Nothing was recorded.", returncode=2
            ) from None
        balance = balance_of(payment.client_id).balance
        if json:
            facts = {
                "payment_id": str(payment.id),
                "client_id": str(payment.client_id),
                "amount": str(payment.amount),
                "currency": payment.currency,
                "reference": payment.reference,
                "balance": str(balance),
            }
            write_json(self, facts)
        else:
            self.stdout.write(f"Recorded {dollars(payment.amount)}. The client's balance is {dollars(balance)}.")
