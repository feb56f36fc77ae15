"""What the commands that withdraw leads have in common: how they tell what they did, or would do."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from homeshield.lib.commands import write_json
from homeshield.lib.errors import DomainError
from inventory.withholding.errors import WithdrawalRefused
from inventory.withholding.services import Withdrawn
from sales.withdrawing.selectors import Effect


def withdrawal_tell(command: BaseCommand, effect: Effect, done: Withdrawn | None, *, json: bool) -> None:
    """Prints the effect of a withdrawal that was `done`, or that was only asked about (None: a dry run)."""
    if json:
        write_json(command, _as_json(effect, done))
        return
    leads = "One lead" if effect.leads == 1 else f"{effect.leads:,} leads"
    would = "" if done else "would be "
    command.stdout.write(f"{leads} {would}withdrawn; {effect.on_sale:,} records {would}taken off sale.")
    if effect.withdrawn_before:
        command.stdout.write(f"{effect.withdrawn_before:,} of them were withdrawn before.")
    if effect.buyers:
        command.stdout.write("Sold before; these sales stay:")
        Console(file=command.stdout).print(_buyers(effect))  # type: ignore[arg-type]
    else:
        command.stdout.write("None of them was ever sold.")
    if done:
        command.stdout.write(
            f"This is withdrawal {done.withdrawal_id}. Take it back with manage.py take_back_withdrawal."
        )


def refused(refusal: DomainError) -> CommandError:
    """What a command says of a refusal. It names the option that the refusal is about."""
    is_about_the_note = isinstance(refusal, WithdrawalRefused) and refusal.field == "note"
    return CommandError(f"--note: {refusal.message}" if is_about_the_note else refusal.message, returncode=2)


def _buyers(effect: Effect) -> Table:
    table = Table("Client", "Id", "Leads", "From (UTC)", "To (UTC)")
    table.columns[2].justify = "right"
    table.columns[1].overflow = "fold"
    for buyer in effect.buyers:
        days = (f"{buyer.first_sold_at_utc:%Y-%m-%d}", f"{buyer.last_sold_at_utc:%Y-%m-%d}")
        table.add_row(buyer.name, str(buyer.client_id), f"{buyer.leads:,}", *days)
    return table


def _as_json(effect: Effect, done: Withdrawn | None) -> dict[str, Any]:
    return {
        "dry_run": done is None,
        "withdrawal_id": str(done.withdrawal_id) if done else None,
        "leads": done.leads if done else effect.leads,
        "withdrawn_before": effect.withdrawn_before,
        "on_sale": effect.on_sale,
        "sold_to": [asdict(buyer) for buyer in effect.buyers],
    }
