"""Whatever happens in whatever order, the ledger adds up and each balance is what a model says (contract, "Money")."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homeshield.accounts.models import Client
from homeshield.billing.ledger.errors import NotReversible
from homeshield.billing.ledger.kinds import REVERSIBLE, SHAPES, Account, Kind
from homeshield.billing.ledger.models import ClientAccount, LedgerLeg
from homeshield.billing.ledger.proofs import PROOFS
from homeshield.billing.ledger.services import ledger_record, ledger_reverse
from tests.factories import ClientFactory
from tests.homeshield.billing.ledger.money import NOON, commit, history
from tests.homeshield.billing.ledger.proving import faults

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("money_alone")]


@dataclass
class Model:
    """A client as a clerk would keep it: what counted, once for each source, and a sum."""

    client: Client
    limit: Decimal | None
    balance: Decimal = Decimal(0)
    sources: set[tuple[Kind, int]] = field(default_factory=set)
    entries: list[tuple[UUID, Kind, Decimal]] = field(default_factory=list)
    reversed: set[UUID] = field(default_factory=set)


AMOUNTS = st.decimals(min_value="0.01", max_value="500.00", places=2)
EVENTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("happens"), st.integers(0, 1), st.sampled_from([*SHAPES]), st.integers(0, 3), AMOUNTS, st.booleans()
        ),
        st.tuples(
            st.just("reverse"), st.integers(0, 1), st.just(Kind.REVERSAL), st.integers(0, 9), AMOUNTS, st.booleans()
        ),
    ),
    max_size=40,
)
"""What, of which client, its kind, its source out of four (so that reports come twice), how much, and which way."""


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, st.sampled_from([None, Decimal(0), Decimal(200)]))
def test_any_history_adds_up(events: list[tuple[str, int, Kind, int, Decimal, bool]], limit: Decimal | None) -> None:
    models = [Model(ClientFactory(credit_limit=limit), limit) for _ in range(2)]
    sources: dict[tuple[Kind, int, UUID], UUID] = {}
    for what, who, kind, number, amount, upwards in events:
        model = models[who]
        if what == "reverse":
            _reverse(model, number)
        else:
            signed = amount if upwards or kind is not Kind.ADJUSTMENT else -amount
            source = sources.setdefault((kind, number, model.client.id), uuid4())
            _happen(model, kind, number, source, signed)
        assert _balance(model) == model.balance
    commit()
    for model in models:
        told = [(kind, amount) for _, kind, amount, _ in history(model.client)]
        assert told == [(kind, amount) for _, kind, amount in model.entries]
    assert LedgerLeg.objects.aggregate(sum=Sum("amount"))["sum"] in (None, 0)
    assert faults(PROOFS) == []


def _balance(model: Model) -> Decimal:
    found: Decimal = ClientAccount.objects.get(client=model.client).balance
    return found


def _refused(act: Callable[[], UUID]) -> UUID | None:
    try:
        return act()
    except (DatabaseError, NotReversible):
        return None


def _happen(model: Model, kind: Kind, number: int, source: UUID, amount: Decimal) -> None:
    moves = amount * SHAPES[kind].sign
    repeated = (kind, number) in model.sources
    uncovered = kind is Kind.ORDER and model.limit is not None and model.balance + moves < -model.limit
    made = _refused(
        lambda: ledger_record(
            kind=kind, client_id=model.client.id, source_id=source, amount=amount, as_of=NOON, reference="x"
        )
    )
    assert (made is None) == (repeated or uncovered), (kind, number, amount, model)
    if made:
        model.sources.add((kind, number))
        model.balance += moves
        model.entries.append((made, kind, moves))


def _reverse(model: Model, number: int) -> None:
    if not model.entries:
        return
    mistake, kind, moved = model.entries[number % len(model.entries)]
    made = _refused(lambda: ledger_reverse(transaction_id=mistake, reason="A mistake.", by=None, as_of=NOON))
    assert (made is not None) == (kind in REVERSIBLE and mistake not in model.reversed)
    if made:
        model.reversed.add(mistake)
        model.balance -= moved
        model.entries.append((made, Kind.REVERSAL, -moved))


def test_the_accounts_of_the_house_mirror_those_of_the_clients() -> None:
    client = ClientFactory()
    for kind in SHAPES:
        ledger_record(kind=kind, client_id=client.id, source_id=uuid4(), amount=Decimal("7.00"), as_of=NOON)
    sums = dict(LedgerLeg.objects.values_list("account").annotate(sum=Sum("amount")).order_by())
    assert sums == {
        Account.CLIENT: Decimal("7.00"),
        Account.CASH: Decimal("0.00"),
        Account.REVENUE: Decimal("7.00"),
        Account.CREDITS: Decimal("-7.00"),
        Account.ADJUSTMENTS: Decimal("-7.00"),
    }
