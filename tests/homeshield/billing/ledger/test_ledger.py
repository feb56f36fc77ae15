"""The ledger is double entry, adds up, and never changes: kept by the database (contract, "Money")."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from uuid import UUID, uuid4

import pgtrigger
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from homeshield.accounts.models import Client, ClientStatus
from homeshield.audit.models import AuditEvent
from homeshield.billing.ledger.errors import BadAmount, NotReversible, TransactionNotFound
from homeshield.billing.ledger.kinds import SHAPES, Account, Kind
from homeshield.billing.ledger.models import ClientAccount, CreditLimitChange, LedgerLeg, LedgerTransaction
from homeshield.billing.ledger.selectors import Balance, balance_of
from homeshield.billing.ledger.services import credit_limit_set, ledger_adjust, ledger_record, ledger_reverse
from homeshield.lib.viewer import STAFF, Viewer, seen_by
from tests.factories import StaffFactory
from tests.homeshield.billing.ledger.money import NOON, balance, commit, history, pay_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("money_alone")]

type AsWeb = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def prepaid() -> Client:
    """A client as its sign-up leaves it: no money, no credit."""
    return Client.objects.create(name="Bayou Insurance", status=ClientStatus.ACTIVE)


def record(kind: Kind, client: Client, amount: str, source_id: UUID | None = None) -> UUID:
    return ledger_record(
        kind=kind, client_id=client.id, source_id=source_id or uuid4(), amount=Decimal(amount), as_of=NOON
    )


def execute(statement: str, *parameters: UUID | str | int | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def test_every_client_has_an_account_without_money_or_credit(prepaid: Client) -> None:
    assert balance_of(prepaid.id) == Balance(Decimal("0.00"), Decimal("0.00"))
    assert balance_of(prepaid.id).available == 0


def test_a_balance_is_the_sum_of_what_happened_in_its_order(prepaid: Client) -> None:
    pay_in(prepaid, "100.00")
    record(Kind.ORDER, prepaid, "60.50")
    record(Kind.RETURN, prepaid, "8.00")
    record(Kind.REFUND, prepaid, "47.50")
    commit()
    assert [(number, kind, str(amount), str(after)) for number, kind, amount, after in history(prepaid)] == [
        (1, "payment", "100.00", "100.00"),
        (2, "order", "-60.50", "39.50"),
        (3, "return", "8.00", "47.50"),
        (4, "refund", "-47.50", "0.00"),
    ]
    assert balance(prepaid) == 0
    houses = LedgerLeg.objects.exclude(account=Account.CLIENT).order_by("transaction_id")
    assert [(leg.account, leg.amount, leg.client_id) for leg in houses] == [
        ("cash", Decimal("-100.00"), None),
        ("revenue", Decimal("60.50"), None),
        ("credits", Decimal("-8.00"), None),
        ("cash", Decimal("47.50"), None),
    ]


def test_what_is_reported_twice_counts_once(prepaid: Client) -> None:
    payment = uuid4()
    record(Kind.PAYMENT, prepaid, "100.00", payment)
    with pytest.raises(IntegrityError, match="ledger_transaction_once_per_source"):
        record(Kind.PAYMENT, prepaid, "100.00", payment)
    assert balance(prepaid) == 100


def test_an_order_never_takes_the_balance_below_the_credit_limit(prepaid: Client) -> None:
    pay_in(prepaid, "100.00")
    with pytest.raises(IntegrityError, match="does not cover order"):
        record(Kind.ORDER, prepaid, "100.01")
    record(Kind.ORDER, prepaid, "100.00")
    credit_limit_set(
        client_id=prepaid.id, credit_limit=Decimal(50), reason="Paid on time.", by=StaffFactory(), as_of=NOON
    )
    record(Kind.ORDER, prepaid, "50.00")
    with pytest.raises(IntegrityError, match="does not cover order"):
        record(Kind.ORDER, prepaid, "0.01")
    assert balance(prepaid) == -50


def test_a_client_on_account_has_no_limit(prepaid: Client) -> None:
    credit_limit_set(client_id=prepaid.id, credit_limit=None, reason="On account.", by=StaffFactory(), as_of=NOON)
    record(Kind.ORDER, prepaid, "123456.78")
    assert balance_of(prepaid.id) == Balance(Decimal("-123456.78"), None)
    assert balance_of(prepaid.id).available is None


def test_a_dispute_may_take_the_balance_below_zero(prepaid: Client) -> None:
    dispute = uuid4()
    pay_in(prepaid, "100.00")
    record(Kind.ORDER, prepaid, "90.00")
    record(Kind.DISPUTE, prepaid, "100.00", dispute)
    assert balance(prepaid) == -90
    record(Kind.DISPUTE_WON, prepaid, "100.00", dispute)
    assert balance(prepaid) == 10


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("0", "above zero"),
        ("-5.00", "above zero"),
        ("0.001", "two decimals"),
        ("1e12", "at most 9,999,999,999.99"),
        ("NaN", "two decimals"),
        ("Infinity", "two decimals"),
    ],
)
def test_an_amount_that_is_none_is_refused(prepaid: Client, amount: str, reason: str) -> None:
    with pytest.raises(BadAmount, match=reason):
        record(Kind.PAYMENT, prepaid, amount)
    assert not LedgerTransaction.objects.exists()


def test_staff_adjust_both_ways_with_a_reason(prepaid: Client) -> None:
    staff = StaffFactory()
    ledger_adjust(client_id=prepaid.id, amount=Decimal("5.00"), reason="For the trouble.", by=staff, as_of=NOON)
    made = ledger_adjust(client_id=prepaid.id, amount=Decimal("-2.00"), reason="Too much.", by=staff, as_of=NOON)
    commit()
    assert balance(prepaid) == 3
    event = AuditEvent.objects.get(object_id=str(made))
    assert (event.action, event.client_id, event.details) == ("ledger.adjust", prepaid.id, {"amount": "-2.00"})


def test_a_mistake_is_reversed_once_by_a_transaction_that_names_it(prepaid: Client) -> None:
    staff, mistake = StaffFactory(), pay_in(prepaid, "100.00")
    made = ledger_reverse(transaction_id=mistake, reason="It was another client's.", by=staff, as_of=NOON)
    commit()
    assert balance(prepaid) == 0
    assert LedgerTransaction.objects.get(id=made).source_id == mistake
    with pytest.raises(NotReversible, match="reversed before"):
        ledger_reverse(transaction_id=mistake, reason="Again.", by=staff, as_of=NOON)
    with pytest.raises(NotReversible, match="Reversal"):
        ledger_reverse(transaction_id=made, reason="Back.", by=staff, as_of=NOON)
    with pytest.raises(TransactionNotFound):
        ledger_reverse(transaction_id=uuid4(), reason="What?", by=staff, as_of=NOON)
    assert balance(prepaid) == 0


def test_an_order_and_a_return_are_not_reversed(prepaid: Client) -> None:
    pay_in(prepaid, "100.00")
    for kind in (Kind.ORDER, Kind.RETURN):
        made = record(kind, prepaid, "10.00")
        with pytest.raises(NotReversible):
            ledger_reverse(transaction_id=made, reason="No.", by=StaffFactory(), as_of=NOON)
        with pytest.raises(IntegrityError, match="reverses nothing"), transaction.atomic():
            LedgerTransaction.objects.create(kind=Kind.REVERSAL, source_id=made, client=prepaid, happened_at_utc=NOON)
    assert balance(prepaid) == 100


# By hand, as the tables' owner, with pgtrigger's triggers told to look away: the ledger's do not.


LEG = "INSERT INTO ledger_legs (transaction_id, kind, account, client_id, amount) VALUES (%s, %s, %s, %s, %s)"


def by_hand(client: Client, kind: Kind, *legs: tuple[Account, str], source_id: UUID | None = None) -> None:
    with pgtrigger.ignore(), transaction.atomic():
        made = LedgerTransaction.objects.create(
            kind=kind, source_id=source_id or uuid4(), client=client, happened_at_utc=NOON
        )
        for account, amount in legs:
            execute(LEG, made.id, kind.value, account.value, client.id if account is Account.CLIENT else None, amount)
        commit()


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [(Account.CLIENT, "5")],
        [(Account.CASH, "-5")],
        [(Account.CLIENT, "5"), (Account.CASH, "-4.99")],
        [(Account.CLIENT, "-5"), (Account.CASH, "5")],
        [(Account.CLIENT, "5"), (Account.REVENUE, "-5")],
        [(Account.CLIENT, "5"), (Account.CASH, "-5"), (Account.CLIENT, "5")],
        [(Account.CLIENT, "5"), (Account.CASH, "-5"), (Account.CASH, "-5")],
        [(Account.CLIENT, "0"), (Account.CASH, "0")],
    ],
)
def test_a_payment_that_does_not_add_up_is_refused(prepaid: Client, legs: list[tuple[Account, str]]) -> None:
    with pytest.raises(IntegrityError):
        by_hand(prepaid, Kind.PAYMENT, *legs)
    assert (balance(prepaid), LedgerTransaction.objects.count(), LedgerLeg.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("kind", SHAPES)
def test_each_kind_has_its_shape(prepaid: Client, kind: Kind) -> None:
    """In the other direction, or on another account of the house, it is refused."""
    pay_in(prepaid, "100.00")
    shape = SHAPES[kind]
    others = {Account.CASH, Account.REVENUE, Account.CREDITS, Account.ADJUSTMENTS} - {shape.house}
    for house, sign in [(shape.house, -shape.sign), *((other, shape.sign) for other in others)]:
        if house is shape.house and shape.either_way:
            continue
        with pytest.raises(IntegrityError, match=r"ledger_leg_of_the_shape_of_its_kind|is_its_own_source"):
            by_hand(prepaid, kind, (house, str(-5 * sign)), (Account.CLIENT, str(5 * sign)))
    assert balance(prepaid) == 100


def test_a_reversal_mirrors_what_it_reverses(prepaid: Client) -> None:
    mistake = pay_in(prepaid, "5.00")
    for legs in ([(Account.CASH, "4"), (Account.CLIENT, "-4")], [(Account.REVENUE, "5"), (Account.CLIENT, "-5")]):
        with pytest.raises(IntegrityError, match="not one of transaction"):
            by_hand(prepaid, Kind.REVERSAL, *legs, source_id=mistake)
    assert balance(prepaid) == 5


def test_nobody_adds_to_a_transaction_that_is_there(prepaid: Client) -> None:
    made, other = pay_in(prepaid, "5.00"), Client.objects.create(name="Other", status="active")
    for kind, account, client_id, amount in (
        ("payment", "client", prepaid.id, 5), ("payment", "cash", None, -5), ("payment", "credits", None, -5),
        ("adjustment", "adjustments", None, 5), ("payment", "client", other.id, 5),
    ):  # fmt: skip
        with pytest.raises(IntegrityError), pgtrigger.ignore(), transaction.atomic():
            execute(LEG, made, kind, account, client_id, amount)
    assert (balance(prepaid), balance(other)) == (5, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_transactions SET reference = 'other'",
        "DELETE FROM ledger_transactions",
        "UPDATE ledger_legs SET amount = 1 WHERE account = 'client'",
        "DELETE FROM ledger_legs",
        "UPDATE client_accounts SET balance = 1000",
        "UPDATE client_accounts SET credit_limit = NULL",
        "DELETE FROM client_accounts",
        "UPDATE credit_limit_changes SET credit_limit = NULL",
        "DELETE FROM credit_limit_changes",
    ],
)
def test_nothing_is_changed_or_removed_not_even_by_the_owner(prepaid: Client, statement: str) -> None:
    pay_in(prepaid, "5.00")
    credit_limit_set(client_id=prepaid.id, credit_limit=Decimal(1), reason="Good.", by=StaffFactory(), as_of=NOON)
    with pytest.raises(IntegrityError), pgtrigger.ignore(), transaction.atomic():
        execute(statement)
    assert balance_of(prepaid.id) == Balance(Decimal("5.00"), Decimal("1.00"))


# The web's role.


def test_the_web_adds_for_its_own_client_what_clients_do_and_nothing_else(prepaid: Client, as_web: AsWeb) -> None:
    other = Client.objects.create(name="Other", status="active")
    pay_in(prepaid, "100.00")
    pay_in(other, "100.00")
    with as_web(), seen_by(Viewer(prepaid.id)):
        record(Kind.ORDER, prepaid, "10.00")
        for kind in (Kind.PAYMENT, Kind.ADJUSTMENT, Kind.REFUND, Kind.DISPUTE, Kind.DISPUTE_WON):
            with pytest.raises(DatabaseError, match="row-level security"):
                record(kind, prepaid, "10.00")
        with pytest.raises(DatabaseError, match="row-level security"):
            record(Kind.ORDER, other, "10.00")
        for statement in (
            "UPDATE client_accounts SET balance = 1000000", "INSERT INTO client_accounts DEFAULT VALUES",
            "UPDATE ledger_legs SET amount = 1", "DELETE FROM ledger_transactions", "TRUNCATE ledger_legs",
        ):  # fmt: skip
            with pytest.raises(DatabaseError, match="permission denied"), pgtrigger.ignore(), transaction.atomic():
                execute(statement)
        with pytest.raises(DatabaseError), transaction.atomic():
            CreditLimitChange.objects.create(
                client=prepaid, credit_limit=None, changed_at_utc=NOON, reason="I would like that."
            )
    assert (balance(prepaid), balance(other)) == (90, 100)
    assert ClientAccount.objects.filter(credit_limit=0).count() == 2


def test_staff_pages_record_payments_adjust_and_grant_credit(prepaid: Client, as_web: AsWeb) -> None:
    staff = StaffFactory()
    with as_web(), seen_by(STAFF):
        mistake = record(Kind.PAYMENT, prepaid, "100.00")
        ledger_reverse(transaction_id=mistake, reason="It was another client's.", by=staff, as_of=NOON)
        ledger_adjust(client_id=prepaid.id, amount=Decimal("5.00"), reason="For the trouble.", by=staff, as_of=NOON)
        credit_limit_set(client_id=prepaid.id, credit_limit=Decimal(50), reason="Good.", by=staff, as_of=NOON)
        with pytest.raises(DatabaseError, match="row-level security"):
            record(Kind.DISPUTE, prepaid, "10.00")
        commit()
    assert balance_of(prepaid.id) == Balance(Decimal("5.00"), Decimal("50.00"))


def test_what_a_new_client_begins_with_is_said_once_and_before_anything_happens(prepaid: Client, as_web: AsWeb) -> None:
    other = Client.objects.create(name="Other", status="active")
    pay_in(other, "1.00")
    with as_web():
        credit_limit_set(client_id=prepaid.id, credit_limit=Decimal(20), reason="Sign-up.", by=None, as_of=NOON)
        for client in (prepaid, other):
            with pytest.raises(IntegrityError):
                credit_limit_set(client_id=client.id, credit_limit=None, reason="Sign-up.", by=None, as_of=NOON)
    assert balance_of(prepaid.id).credit_limit == 20
    assert balance_of(other.id).credit_limit == 0


@pytest.mark.parametrize("limit", ["-1", "0.001", "1e12"])
def test_a_credit_limit_that_is_none_is_refused(prepaid: Client, limit: str) -> None:
    with pytest.raises(BadAmount):
        credit_limit_set(client_id=prepaid.id, credit_limit=Decimal(limit), reason="Good.", by=None, as_of=NOON)
    assert not CreditLimitChange.objects.exists()


def test_a_balance_and_a_page_of_history_are_read_by_key(prepaid: Client, as_web: AsWeb) -> None:
    """What they cost does not grow with the history."""
    with as_web(), seen_by(Viewer(prepaid.id)), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        for query, index in (
            ("SELECT balance FROM client_accounts WHERE client_id = %s", "client_accounts_pkey"),
            (
                "SELECT * FROM ledger_legs WHERE client_id = %s AND entry < 500 ORDER BY entry DESC LIMIT 50",
                "ledger_leg_of_a_client",
            ),
        ):
            cursor.execute(f"EXPLAIN {query}", [prepaid.id])
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert index in plan
            assert "Seq Scan" not in plan
            assert "Sort" not in plan
