"""`manage.py verify_certificate`: whether a certificate of an order is as this shop signed it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from homeshield.lib.commands import write_json
from homeshield.lib.signing import NotCertified, public_key, verified


class Command(BaseCommand):
    help = (
        "Proves that a certificate of an order is as this shop signed it, byte for byte. Needs no database. "
        "Exit code 0, 1 where it is not, 2 where the file cannot be read."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the certificate")
        parser.add_argument(
            "--public-key", metavar="BASE64", help="the key to prove it with, such as an earlier one (this shop's)"
        )
        parser.add_argument("--json", action="store_true", help="print the certificate as one JSON object")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        if not (key := options["public_key"] or public_key()):
            raise CommandError("This shop has no CERTIFICATE_KEY. Name the key with --public-key.", returncode=2)
        try:
            text = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"Cannot read {options['file']}: {error.strerror}.", returncode=2) from None
        try:
            document = verified(text, key)
        except NotCertified as refusal:
            raise CommandError(f"Not certified. {refusal}", returncode=1) from None
        if json:
            write_json(self, document)
            return
        order = document["order"]
        self.stdout.write(
            f"Certified: order {order['order_id']} of {order['placed_at']}, {order['quantity']:,} leads for "
            f"{order['company']}. Issued {document['issued_at']}."
        )
