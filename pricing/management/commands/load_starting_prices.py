from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from homeshield.lib.commands import DatabaseCommand
from pricing.errors import StartingPricesRefused
from pricing.starting_prices import STARTING_PRICES, starting_prices_load


class Command(DatabaseCommand):
    help = (
        f"Sets the starting prices (fixtures/{STARTING_PRICES.name}) from now on, for each class and bucket that never "
        "had a price. Safe to run again: prices that staff set stay as they are."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = starting_prices_load(as_of=timezone.now())
        except StartingPricesRefused as refusal:
            raise CommandError(f"{refusal.message} Nothing was changed.", returncode=2) from None
        self.stdout.write(
            f"{count} starting prices are in force from now on."
            if count
            else "Every class and bucket has had a price already: nothing to do."
        )
