"""Suppression lists for tests: made, filled and worked through as pages and workers do it."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from homeshield.accounts.models import Client
from inventory.models import Exclusion, SuppressionEntry, SuppressionList, SuppressionUpload
from inventory.suppression.pieces import list_step
from inventory.suppression.recognition import recognise
from inventory.suppression.services import list_create, upload_confirm, upload_receive


def number(n: int) -> str:
    """The n-th number of an exchange that nobody has: as a lead's `borrower_phone`."""
    return f"3181{150_000 + n}"


def digest(n: int) -> str:
    return sha256(number(n).encode()).hexdigest()


def upload(
    of: SuppressionList, entries: Sequence[str], *, as_of: datetime, replaces: bool = False
) -> SuppressionUpload:
    """Sends the entries, one on each line, and confirms them. Nothing is in effect yet."""
    recognised = recognise("\n".join(entries).encode())
    received = upload_receive(of=of, recognised=recognised, replaces=replaces, user=None, as_of=as_of)
    return upload_confirm(client_id=of.client_id, upload_id=received.id, as_of=as_of)


def work(of: SuppressionList, *, as_of: datetime) -> int:
    """Does all that is to be done for a list. Returns in how many steps."""
    steps = 1
    while list_step(list_id=of.id, as_of=as_of):
        steps += 1
    of.refresh_from_db()
    return steps


def listed(client: Client, entries: Sequence[str], *, as_of: datetime, name: str = "Ours") -> SuppressionList:
    """A list of the client's that is in effect."""
    made = list_create(client_id=client.id, name=name, user=None, as_of=as_of)
    upload(made, entries, as_of=as_of)
    work(made, as_of=as_of)
    return made


def pairs(client: Client) -> dict[str, tuple[bool, bool]]:
    """Of each excluded lead's phone number: whether it is owned, and whether it is listed."""
    found = Exclusion.objects.filter(client=client).select_related("lead")
    return {str(one.lead.borrower_phone): (one.owned, one.listed) for one in found}


def entries_of(of: SuppressionList) -> int:
    return SuppressionEntry.objects.filter(list=of).count()
