"""Works through a list of opt-outs: DROP, Do-Not-Call, litigators or another (contract, "Opt-out").

In pieces: each is one transaction that reads its keys from the register, adds what is new, withdraws, tells and erases.
A list that broke off is run again from its beginning; what the register has already costs one look-up.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched, chain, islice
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.ids import new_id
from homeshield.lib.sql_arrays import array_text
from inventory.withholding.locking import persons_lock
from leads.contact_key_check import contact_key_confirm
from leads.contact_keys import digits, key_of_digest, key_of_digits
from leads.models import OptOut, OptOutList
from leads.opt_outs.drop import DropStatus, drop_read
from leads.opt_outs.models import OptOutKind, OptOutState
from leads.opt_outs.number_lists import ColumnUnclear, list_read
from sales.privacy.carrying_out import common_among, leads_erase, leads_of, opt_outs_carry_out
from sales.privacy.deadlines import due_on
from sales.privacy.errors import ListUnreadable
from sales.privacy.services import tasks_enqueue

PIECE = 20_000
"""Lines of one transaction: some 0.3 s, for which orders go on and other changes of persons wait."""

LOOK_AHEAD = 1_000

INVALID_SHOWN = 10
"""How many lines that hold no number and no digest are named."""


class Entry(NamedTuple):
    """One line of a list: the key that it comes to, and the id that DROP gave it."""

    line: int
    key: UUID | None
    id: str = ""


@dataclass(slots=True)
class ListReport:
    """What became of a list."""

    kind: OptOutKind
    list_id: UUID
    entries: int = 0
    invalid: int = 0
    invalid_lines: list[int] = field(default_factory=list)
    new: int = 0
    known: int = 0
    own: int = 0
    """Of the known ones, those that an earlier run of this list brought."""
    waiting: int = 0
    leads: int = 0
    erased: int = 0
    notices: int = 0
    clients: set[UUID] = field(default_factory=set)
    unanswered: int = 0


type Answer = Callable[[Iterable[tuple[str, DropStatus]]], None]


def opt_out_list_import(
    *, path: Path, kind: OptOutKind, as_of: datetime, progress: Callable[[ListReport], None], answer: Answer | None
) -> ListReport:
    """Opts out everybody on the list, and hands DROP's answers on, piece by piece, to `answer`.

    Raises ListUnreadable where the file cannot be read, or where none of its first lines is of such a list; and
    ContactKeyChanged.
    """
    contact_key_confirm()
    digest, entries = _digest(path), _checked(path, kind)
    one = _list_of(path, kind, digest, as_of=as_of)
    report = ListReport(kind=kind, list_id=one.id)
    for piece in batched(entries, PIECE):
        with transaction.atomic(durable=True):
            states = _piece(piece, one, report, as_of=as_of)
            _keep_counts(one, report)
        if answer:
            answer(_answers(piece, states, report))
        progress(report)
    with transaction.atomic():
        OptOutList.objects.filter(id=one.id, done_at_utc=None).update(done_at_utc=as_of)
        audit_record(action=AuditAction.OPT_OUT_LIST, obj=one, details=_facts(report), as_of=as_of)
    return report


class _State(NamedTuple):
    """What the register has of a key."""

    state: str
    leads: int
    erased: bool
    is_own: bool = False
    """Whether this list brought it, in a run before."""

    @property
    def answer(self) -> DropStatus | None:
        """What DROP is told; None while staff have not decided."""
        match self.state:
            case OptOutState.DECLINED:
                return DropStatus.EXEMPT
            case OptOutState.IN_FORCE if self.erased and self.leads:
                return DropStatus.DELETED
            case OptOutState.IN_FORCE:
                return DropStatus.OPTED_OUT if self.leads else DropStatus.NOT_FOUND
        return None


def _piece(piece: tuple[Entry, ...], one: OptOutList, report: ListReport, *, as_of: datetime) -> dict[UUID, _State]:
    keys = dict.fromkeys(entry.key for entry in piece if entry.key)
    for entry in piece:
        report.entries += entry.key is not None
        if entry.key is None:
            report.invalid += 1
            report.invalid_lines += [entry.line][: INVALID_SHOWN - len(report.invalid_lines)]
    if not keys:
        return {}
    persons_lock()
    states = _known(keys, one)
    report.known += len(states)
    report.own += sum(state.is_own for state in states.values())
    erases = one.kind == OptOutKind.DROP
    fresh = {key: new_id() for key in keys if key not in states}
    common = common_among(fresh)
    waiting = {key: fresh[key] for key in fresh if key in common}
    at_once = {key: fresh[key] for key in fresh if key not in common}
    found = leads_of(at_once)
    counts = Counter(key for _, key in found)
    # In force with the erasure done where there is no lead to erase: most keys of a list are nobody's of ours.
    _register(waiting, {}, one, state=OptOutState.WAITING, erases=False, as_of=as_of)
    _register(at_once, counts, one, state=OptOutState.IN_FORCE, erases=erases, as_of=as_of)
    done = opt_outs_carry_out(found, at_once, wants_erasure=erases, note=f"List {one.id}", as_of=as_of)
    if done.withdrawn:
        if erases:
            report.erased += leads_erase(done.withdrawn, as_of=as_of)
            OptOut.objects.filter(id__in=[at_once[key] for key in counts]).update(erased_at_utc=as_of)
        tasks_enqueue(done)
    report.new += len(fresh)
    report.waiting += len(waiting)
    report.leads += len(done.withdrawn)
    report.notices += done.told.total()
    report.clients |= done.told.keys()
    states |= {key: _State(OptOutState.WAITING, 0, erased=False) for key in waiting}
    states |= {key: _State(OptOutState.IN_FORCE, counts[key], erased=erases) for key in at_once}
    return states


def _answers(
    piece: Iterable[Entry], states: dict[UUID, _State], report: ListReport
) -> Iterator[tuple[str, DropStatus]]:
    for entry in piece:
        if entry.key is None:
            continue
        if status := states[entry.key].answer:
            yield entry.id, status
        else:
            report.unanswered += 1


# --- The register ---

_KNOWN = """
    SELECT DISTINCT ON (entry.key) entry.key, entry.state, coalesce(entry.leads, 0), entry.erased_at_utc IS NOT NULL,
           entry.list_id IS NOT DISTINCT FROM %(list)s
    FROM unnest(%(keys)s::uuid[]) AS given (key)
    CROSS JOIN LATERAL (
        SELECT * FROM opt_outs
        WHERE opt_outs.key = given.key AND opt_outs.kind = %(kind)s AND opt_outs.state <> 'declined'
        UNION ALL
        SELECT * FROM opt_outs
        WHERE opt_outs.key = given.key AND opt_outs.kind = %(kind)s AND opt_outs.state = 'declined'
        OFFSET 0
    ) AS entry
    ORDER BY entry.key, entry.state = 'declined', entry.received_at_utc DESC
"""
"""Two halves, because each has a partial index of its own. As one condition, each key would read the whole register."""

_REGISTER = """
    INSERT INTO opt_outs (id, key, kind, state, list_id, wants_erasure, received_at_utc, due_on, done_at_utc, leads,
                          erased_at_utc)
    SELECT given.id, given.key, %(kind)s, %(state)s, %(list)s, %(erases)s, %(as_of)s, %(due_on)s, %(done_at)s,
           given.leads, CASE WHEN %(erases)s AND given.leads = 0 THEN %(as_of)s END
    FROM unnest(%(ids)s::uuid[], %(keys)s::uuid[], %(leads)s::integer[]) AS given (id, key, leads)
"""


def _known(keys: Iterable[UUID], one: OptOutList) -> dict[UUID, _State]:
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"keys": array_text(keys), "kind": one.kind, "list": one.id})
        return {key: _State(*state) for key, *state in cursor.fetchall()}


def _register(
    rows: dict[UUID, UUID],
    leads: Mapping[UUID, int],
    one: OptOutList,
    *,
    state: OptOutState,
    erases: bool,
    as_of: datetime,
) -> None:
    in_force = state == OptOutState.IN_FORCE
    with connection.cursor() as cursor:
        cursor.execute(
            _REGISTER,
            {
                "ids": array_text(rows.values()), "keys": array_text(rows),
                "leads": array_text((leads.get(key, 0) if in_force else "NULL") for key in rows),
                "kind": one.kind, "state": state.value, "list": one.id, "erases": erases, "as_of": as_of,
                "due_on": one.due_on, "done_at": as_of if in_force else None,
            },
        )  # fmt: skip


def _list_of(path: Path, kind: OptOutKind, digest: str, *, as_of: datetime) -> OptOutList:
    """The row of a list. One that is run again keeps its row, and so the day on which it came: one that broke off, or
    one whose answer is wanted again, such as after staff have decided."""
    same = OptOutList.objects.filter(kind=kind, sha256=digest)
    # A list that is fetched anew without a change has the same bytes and another name. It is another request.
    known = same.filter(Q(done_at_utc=None) | Q(file_name=path.name)).order_by(F("done_at_utc").asc(nulls_first=True))
    return known.first() or OptOutList.objects.create(
        kind=kind, file_name=path.name, sha256=digest, received_at_utc=as_of, due_on=due_on(kind, received_at=as_of)
    )


def _keep_counts(one: OptOutList, report: ListReport) -> None:
    """`one` is the row as this run found it: what an earlier run did still counts."""
    OptOutList.objects.filter(id=one.id).update(
        entries=max(one.entries, report.entries),
        invalid=max(one.invalid, report.invalid),
        known=max(one.known, report.known - report.own),
        leads=one.leads + report.leads,
        waiting=one.waiting + report.waiting,
    )


def _facts(report: ListReport) -> dict[str, int | str]:
    return {
        "kind": report.kind.value, "entries": report.entries, "invalid": report.invalid, "new": report.new,
        "leads": report.leads, "erased": report.erased, "waiting": report.waiting, "notices": report.notices,
        "clients_told": len(report.clients),
    }  # fmt: skip


# --- The file ---


def _entries(path: Path, kind: OptOutKind) -> Iterator[Entry]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        if kind == OptOutKind.DROP:
            for request in drop_read(lines):
                yield Entry(request.line, key_of_digest(request.digest) if request.digest else None, request.id)
            return
        for line in list_read(lines):
            if line.digest:
                yield Entry(line.line, key_of_digest(line.digest))
            else:
                number = digits(line.number)
                yield Entry(line.line, key_of_digits(number) if number else None)


def _checked(path: Path, kind: OptOutKind) -> Iterator[Entry]:
    """The entries. Raises ListUnreadable if the first LOOK_AHEAD lines hold none, or if they do not
    tell which column holds the numbers."""
    entries = _entries(path, kind)
    try:
        first = list(islice(entries, LOOK_AHEAD))
    except ColumnUnclear as error:
        raise ListUnreadable(
            reason=f"Several columns of {path.name} can be phone numbers. Name the right one `phone` in a first line."
        ) from error
    if first and not any(entry.key for entry in first):
        holds = "an ID and a hash" if kind == OptOutKind.DROP else "a phone number or its SHA-256"
        raise ListUnreadable(reason=f"No line at the beginning of {path.name} holds {holds}.")
    return chain(first, entries)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ListUnreadable(reason=f"{path} cannot be read: {error.strerror}.") from error
