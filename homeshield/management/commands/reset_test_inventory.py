from argparse import ArgumentParser
from typing import Any

import pgtrigger
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection, transaction

from exports.models import Export, ExportCompletion, SanitisedCell
from homeshield.billing.documents.models import Document, DocumentMail
from homeshield.billing.ledger.rebuilding import ledger_rebuild_without_orders
from homeshield.lib.commands import DatabaseCommand
from inventory.counting.compaction import counts_rebuild
from inventory.exclusion.upkeep import exclusions_rebuild
from inventory.models import InventoryRecord
from sales.models import Notice, Order, OrderLine, PurchasedLead, Return, Sale


class Command(DatabaseCommand):
    help = (
        "Development only: makes sold records available again and removes all orders, sales, exports and documents, "
        "and what orders cost. Other money stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="required: without it nothing changes")

    def before_database(self, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Refused: DEBUG is off, so this may be a shop whose sales are final.", returncode=2)

    def handle(self, *args: Any, yes: bool, **options: Any) -> None:
        orders, sold = Order.objects.count(), InventoryRecord.objects.filter(sold_at_utc__isnull=False).count()
        if not yes:
            raise CommandError(
                f"This would remove all orders ({orders:,}) and make all sold records ({sold:,}) available again. "
                "Say --yes to go through with it.",
                returncode=2,
            )
        self._reset()
        self.stdout.write(
            f"Orders removed: {orders:,}. Records available again, where their lead's age allows: {sold:,}."
        )

    def _reset(self) -> None:
        """TRUNCATE, because triggers keep a sale's rows from being deleted."""
        final = (
            SanitisedCell, ExportCompletion, Export, Notice, DocumentMail, Document, Return, PurchasedLead, Sale,
            OrderLine, Order,
        )  # fmt: skip
        tables = [model._meta.db_table for model in final]
        with pgtrigger.ignore("inventory.InventoryRecord:inventory_sold_stays_sold"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"TRUNCATE {', '.join(map(connection.ops.quote_name, tables))}")
                ledger_rebuild_without_orders(cursor)
            InventoryRecord.objects.filter(sold_at_utc__isnull=False).update(sold_at_utc=None)
            exclusions_rebuild()
            counts_rebuild()  # TRUNCATE fires no row triggers
