"""`manage.py load_starting_prices`: prices for what has never had one."""

from typing import Any

from django.utils import timezone

from homeshield.lib.commands import DatabaseCommand
from pricing.services import STARTING_PRICES, starting_prices_load


class Command(DatabaseCommand):
    help = (
        f"Puts the starting prices (fixtures/{STARTING_PRICES.name}) in force from now on, for each class and bucket "
        "that has never had a price. Safe to run again: prices that staff have set stay as they are."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = starting_prices_load(as_of=timezone.now())
        self.stdout.write(
            f"{count} starting prices are in force from now on."
            if count
            else "Every class and bucket has had a price already: nothing to do."
        )
