from datetime import date
from typing import Annotated
from uuid import UUID

from django.db import transaction
from ninja import Path, Router
from ninja.errors import ValidationError
from pydantic import Field

from homeshield.accounts.api import ApiKeyAuth, ApiRequest, maker_of_key
from homeshield.accounts.permissions import Act
from homeshield.lib.api_schemas import EVERYWHERE, NO_NUL, WITH_BODY, Answer, Body, Instant, example, refused_by
from inventory.suppression.cells import Fault, read_cell
from inventory.suppression.errors import ListFull, ListNameTaken, ListNotFound, ListOver, TooManyLists
from inventory.suppression.models import LONGEST_NAME, SuppressionList
from inventory.suppression.recognition import Recognised
from inventory.suppression.selectors import lists_of
from inventory.suppression.services import list_create, list_remove, upload_confirm, upload_receive

router = Router(tags=["Suppression lists"])

MOST_IN_A_CALL = 100_000
MOST_FAULTS = 100
"""How many wrong entries a refusal names."""

_ID = "0190d3c7-2d40-7061-b388-8c405e6f7092"
_ENTRIES = [["318-155-0101", "6cf7941df37d5b58c27c1ebc3d8ff34f6fc4bb5a0bfd1a1d2a4f7cf3f7f8f2a1"]]

type ListId = Annotated[UUID, Field(description="The list's id.", examples=[_ID])]
type Entries = Annotated[
    list[Annotated[str, Field(max_length=100, pattern=NO_NUL)]],
    Field(
        min_length=1,
        max_length=MOST_IN_A_CALL,
        description="US phone numbers, or the SHA-256 of their ten digits in hexadecimal or Base64. We keep keys of "
        "them, never numbers. One that is wrong refuses the call, and its place is named.",
        examples=_ENTRIES,
    ),
]
ListInPath = Annotated[UUID, Path(description="The list's id.", example=_ID)]

_LIST = {
    "list_id": _ID, "name": "Customers", "status": "active", "entries": 41_250, "waiting": 1_000,
    "ends_on": None, "created_at": "2026-06-01T12:00:00Z",
}  # fmt: skip


class SuppressionListAnswer(Answer):
    """People whom the client is never sold."""

    model_config = example(_LIST)

    list_id: ListId
    name: str = Field(description="As your company calls it.", examples=["Customers"])
    status: str = Field(
        description="active, ending, ended or removing. More may come: ignore what you do not know.",
        examples=["active"],
    )
    entries: int = Field(description="How many entries count now.", examples=[41_250])
    waiting: int = Field(description="How many are still to come into effect, within minutes.", examples=[1_000])
    ends_on: date | None = Field(
        description="The last day on which the list counts (UTC); null: no end.", examples=["2026-12-31"]
    )
    created_at: Instant

    @classmethod
    def of(cls, found: SuppressionList) -> "SuppressionListAnswer":
        """Of a list of `lists_of`."""
        return cls(
            list_id=found.id, name=found.name, status=found.status, entries=found.entries,
            waiting=found.waiting, ends_on=found.ends_on, created_at=found.created_at_utc,  # type: ignore[attr-defined]
        )  # fmt: skip


class SuppressionLists(Answer):
    model_config = example({"lists": [_LIST]})

    lists: list[SuppressionListAnswer] = Field(description="The newest first.", examples=[[_LIST]])


class NewSuppressionList(Body):
    model_config = Body.model_config | example({"name": "Customers", "entries": _ENTRIES[0]})

    name: str = Field(
        min_length=1, max_length=LONGEST_NAME, pattern=NO_NUL, description="Its name.", examples=["Customers"]
    )
    entries: Entries


class MoreEntries(Body):
    model_config = Body.model_config | example({"entries": _ENTRIES[0]})

    entries: Entries


@router.get(
    "/suppression-lists",
    auth=ApiKeyAuth(Act.LISTS),
    response={200: SuppressionLists, **EVERYWHERE},
    operation_id="list_suppression_lists",
    summary="Your suppression lists",
)
def suppression_lists(request: ApiRequest) -> SuppressionLists:
    """Your lists, from the API and from the pages, the newest first."""
    return SuppressionLists(lists=[SuppressionListAnswer.of(one) for one in lists_of(request.auth.client_id)])


@router.post(
    "/suppression-lists",
    auth=ApiKeyAuth(Act.LISTS),
    response={200: SuppressionListAnswer, **refused_by(ListNameTaken, TooManyLists), **EVERYWHERE, **WITH_BODY},
    operation_id="create_suppression_list",
    summary="Start a suppression list",
)
def suppression_list_create(request: ApiRequest, body: NewSuppressionList) -> SuppressionListAnswer:
    """A list with these entries. They come into effect within minutes, and no later one is sold to you: `waiting` says
    how many are left."""
    recognised = _recognised(body.entries)
    with transaction.atomic():
        made = list_create(
            client_id=request.auth.client_id, name=body.name, user=maker_of_key(request), as_of=request.as_of,
            api_key_id=request.auth.id,
        )  # fmt: skip
        return _added(request, made, recognised)


@router.post(
    "/suppression-lists/{list_id}/entries",
    auth=ApiKeyAuth(Act.LISTS),
    response={200: SuppressionListAnswer, **refused_by(ListNotFound, ListOver, ListFull), **EVERYWHERE, **WITH_BODY},
    operation_id="add_suppression_entries",
    summary="Add to a suppression list",
)
def suppression_entries_add(request: ApiRequest, list_id: ListInPath, body: MoreEntries) -> SuppressionListAnswer:
    """Adds these entries. Those that are on the list already change nothing, so a repeat does no harm."""
    recognised = _recognised(body.entries)
    return _added(request, _found(request, list_id), recognised)


@router.delete(
    "/suppression-lists/{list_id}",
    auth=ApiKeyAuth(Act.LISTS),
    response={200: SuppressionListAnswer, **refused_by(ListNotFound), **EVERYWHERE},
    operation_id="remove_suppression_list",
    summary="Remove a suppression list",
)
def suppression_list_remove(request: ApiRequest, list_id: ListInPath) -> SuppressionListAnswer:
    """Takes the list away within minutes: its status is `removing` until it is gone. What you own stays excluded."""
    list_remove(client_id=request.auth.client_id, list_id=list_id, as_of=request.as_of)
    return SuppressionListAnswer.of(_found(request, list_id))


def _recognised(entries: list[str]) -> Recognised:
    """Raises ninja's ValidationError with the places of the wrong entries. It does not repeat what they say."""
    found, faults = Recognised(source="Sent by a program"), []
    for place, entry in enumerate(entries):
        held = read_cell(entry)
        if isinstance(held, Fault):
            faults.append({"loc": ("body", "entries", place), "msg": _told(held), "type": "no_entry"})
            if len(faults) == MOST_FAULTS:
                break
        else:
            found.keys.add(held[1])
    if faults:
        raise ValidationError(faults)
    return found


def _told(fault: Fault) -> str:
    said = "an empty text" if fault is Fault.EMPTY else fault.value
    return (
        f"Neither a person’s phone number nor a SHA-256 digest: {said}."
        if fault is not Fault.NEITHER
        else ("Neither a phone number nor a SHA-256 digest.")
    )


def _added(request: ApiRequest, of: SuppressionList, recognised: Recognised) -> SuppressionListAnswer:
    with transaction.atomic():
        upload = upload_receive(
            of=of, recognised=recognised, replaces=False, user=maker_of_key(request), as_of=request.as_of
        )
        upload_confirm(client_id=of.client_id, upload_id=upload.id, as_of=request.as_of)
        return SuppressionListAnswer.of(_found(request, of.id))


def _found(request: ApiRequest, list_id: UUID) -> SuppressionList:
    found = lists_of(request.auth.client_id).filter(id=list_id).first()
    if found is None:
        raise ListNotFound
    return found
