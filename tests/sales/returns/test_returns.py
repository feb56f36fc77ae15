"""Contract, "Return": what a return changes, and what it leaves as it was."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import uuid4

import pgtrigger
import pytest
from django.core import mail
from django.db import IntegrityError, ProgrammingError, transaction
from django.db.models import F
from pytest_django import DjangoAssertNumQueries, Settings

from homeshield.accounts.models import Client
from homeshield.audit.actions import AuditAction
from homeshield.audit.models import AuditEvent
from homeshield.billing.documents.facts import DocumentKind
from homeshield.billing.documents.models import Document
from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.models import LedgerLeg
from homeshield.billing.ledger.services import ledger_record
from homeshield.lib.instants import instant_text
from inventory.counting.compaction import counts_compare
from inventory.withholding.models import PersonLink, Reason, Withdrawal, WithheldLead
from inventory.withholding.services import leads_withdraw
from leads.models import Lead, OptOut
from leads.opt_outs.models import OptOutKind
from sales.models import OrderLine, Return, Sale
from sales.privacy.erasing import opt_out_erase_now
from sales.privacy.services import opt_out
from sales.returns.errors import ReturnDecided, WordMissing
from sales.returns.models import ReturnReason, ReturnStatus
from sales.returns.rules import Refusal
from sales.returns.selectors import allowance_of, record_of
from sales.returns.services import Asked, return_decide, returns_make, returns_preview
from tests.factories import StaffFactory
from tests.homeshield.billing.ledger.money import balance, commit, history
from tests.homeshield.worker import tasks_run
from tests.sales.returns.conftest import Bought, bought

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
ACCEPTED, WAITING, REFUSED = ReturnStatus.ACCEPTED, ReturnStatus.WAITING, ReturnStatus.REFUSED


def everything() -> tuple[object, ...]:
    """What a refusal leaves as it was."""
    return (
        list(Return.objects.order_by("id").values()),
        Withdrawal.objects.count(),
        set(WithheldLead.objects.values_list("lead_id", flat=True)),
        list(LedgerLeg.objects.order_by("transaction_id", "account").values()),
    )


def linked(*sales: Sale) -> None:
    """Makes one person of the leads of these sales, as though their link had come after the sales."""
    ids = [sale.lead_id for sale in sales]
    pairs = [(one, other) for one in ids for other in ids if one != other]
    PersonLink.objects.bulk_create(PersonLink(lead_id=one, other_id=other) for one, other in pairs)


class TestAtOnce:
    @pytest.mark.parametrize("leads", [1, 2])
    def test_many_cost_as_many_statements_as_one(
        self, ten: Bought, leads: int, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        """A call of a thousand holds the lock of persons, for which others wait."""
        sales = ten.sales[:leads]
        with django_assert_max_num_queries(18):
            assert [one.status for one in ten.give_back(*sales)] == [ACCEPTED] * leads

    def test_the_share_is_credited_and_the_rest_waits(self, ten: Bought) -> None:
        answers = ten.give_back(*ten.sales[:4])
        assert [one.status for one in answers] == [ACCEPTED, ACCEPTED, WAITING, WAITING]
        rows = {row.sale_id: row for row in Return.objects.all()}
        assert [rows[sale.id].amount for sale in ten.sales[:4]] == [Decimal("8.00")] * 4
        assert {row.asked_by_id for row in rows.values()} == {ten.user.id}
        assert history(ten.client) == [
            (1, "order", Decimal("-80.00"), Decimal("-80.00")),
            (2, "return", Decimal("8.00"), Decimal("-72.00")),
            (3, "return", Decimal("8.00"), Decimal("-64.00")),
        ]
        notes = Document.objects.filter(kind=DocumentKind.CREDIT_NOTE, source_id__in=[one.id for one in rows.values()])
        assert {(note.client_id, note.total, note.contents["order_number"]) for note in notes} == {
            (ten.client.id, Decimal("8.00"), ten.order.number)
        }
        assert notes.count() == 2
        commit()
        left = allowance_of(client_id=ten.client.id, as_of=ten.as_of)
        assert (left.most, left.credited, left.left) == (Decimal("16.0"), Decimal("16.00"), Decimal(0))
        assert record_of(client_id=ten.client.id, as_of=ten.as_of).rate == 20

    def test_a_share_of_another_size_is_a_setting(self, ten: Bought, settings: Settings) -> None:
        settings.RETURN_CREDIT_SHARE = 0
        assert [one.status for one in ten.give_back(ten.sales[0])] == [WAITING]

    def test_thirty_days_end_to_the_instant(self, ten: Bought, settings: Settings) -> None:
        """The purchase at noon of day 0 counts until noon of day 30, and so does a credit."""
        settings.RETURN_DAYS = 100
        ten.give_back(*ten.sales[:2])
        month = timedelta(days=30)
        bought_at = ten.order.placed_at_utc
        for at, bought_still, credited in (
            (bought_at + month - timedelta(microseconds=1), "80.00", "16.00"),
            (bought_at + month, "0", "16.00"),
            (ten.as_of + month, "0", "0"),
        ):
            left = allowance_of(client_id=ten.client.id, as_of=at)
            assert (left.bought, left.credited) == (Decimal(bought_still), Decimal(credited))

    @pytest.mark.parametrize(
        ("reason", "withdrawn"),
        [
            (ReturnReason.DISCONNECTED, Reason.DEAD_NUMBER),
            (ReturnReason.DECEASED, Reason.DEAD_NUMBER),
            (ReturnReason.WRONG_PERSON, Reason.WRONG_PERSON),
            (ReturnReason.NEVER_ASKED, Reason.WRONG_PERSON),
        ],
    )
    def test_the_lead_leaves_the_stock_and_the_sale_stays(
        self, ten: Bought, reason: ReturnReason, withdrawn: Reason
    ) -> None:
        sale, before = ten.sales[0], list(Sale.objects.order_by("id").values())
        ten.give_back(sale, reason=reason)
        row = Return.objects.select_related("withdrawal").get(sale=sale)
        assert row.withdrawal is not None
        assert row.withdrawal.reason == withdrawn
        assert WithheldLead.objects.get().lead_id == sale.lead_id
        assert list(Sale.objects.order_by("id").values()) == before
        assert counts_compare() == []
        assert not OptOut.objects.exists()

    def test_each_return_has_a_withdrawal_of_its_own_with_the_whole_person(self, ten: Bought) -> None:
        one, two, other = ten.sales[:3]
        linked(one, other)
        ten.give_back(one, two)
        named = {row.sale_id: {lead.lead_id for lead in row.withdrawal.leads.all()}  # type: ignore[union-attr]
                 for row in Return.objects.select_related("withdrawal")}  # fmt: skip
        assert named == {one.id: {one.lead_id, other.lead_id}, two.id: {two.lead_id}}

    def test_it_is_on_record_without_what_was_typed(self, ten: Bought) -> None:
        ten.give_back(*ten.sales[:3])
        event = AuditEvent.objects.get(action=AuditAction.RETURN_MAKE)
        assert event.client_id == ten.client.id
        assert event.details == {"accepted": 2, "waiting": 1, "refused": 0, "credited": "16.00"}


class TestRefused:
    def test_another_clients_sale_is_like_an_unknown_one(self, ten: Bought, as_of: datetime) -> None:
        other = bought(as_of, leads=1).sales[0]
        before = everything()
        asked = [Asked(sale_id=key, reason=ReturnReason.DECEASED) for key in (other.id, uuid4())]
        answers = returns_make(client_id=ten.client.id, asked=asked, user_id=None, as_of=ten.as_of)
        assert [one.verdict.refusal for one in answers] == [Refusal.NOT_FOUND, Refusal.NOT_FOUND]
        assert len({one.message for one in answers}) == 1
        assert everything() == before

    def test_twice_in_one_call_and_in_two(self, ten: Bought) -> None:
        sale = ten.sales[0]
        assert [one.verdict.refusal for one in ten.give_back(sale, sale)] == [None, Refusal.BEFORE]
        before = everything()
        assert ten.give_back(sale, reason=ReturnReason.DECEASED)[0].verdict.refusal is Refusal.BEFORE
        assert everything() == before

    def test_after_the_window(self, ten: Bought) -> None:
        before = everything()
        end = ten.order.placed_at_utc + timedelta(days=7)
        [late] = ten.give_back(ten.sales[0], as_of=end)
        assert late.verdict.refusal is Refusal.TOO_LATE
        assert late.message == f"This lead could be returned until {instant_text(end)}."
        assert everything() == before
        assert ten.give_back(ten.sales[0], as_of=end - timedelta(microseconds=1))[0].status == ACCEPTED

    def test_what_the_data_disproves_may_be_returned_for_another_reason(self, ten: Bought) -> None:
        before = everything()
        [no] = ten.give_back(ten.sales[0], reason=ReturnReason.OUTSIDE_CRITERIA)
        assert no.message == "This lead is what you ordered: Gold, 6 to 8 months, all states."
        assert ten.give_back(ten.sales[0], reason=ReturnReason.DUPLICATE)[0].status == REFUSED
        assert everything() == before
        assert ten.give_back(ten.sales[0])[0].status == ACCEPTED

    def test_a_preview_answers_the_same_and_changes_nothing(self, ten: Bought) -> None:
        asked = [Asked(sale_id=sale.id, reason=ReturnReason.DECEASED) for sale in [*ten.sales[:3], ten.sales[0]]]
        before = everything()
        preview = returns_preview(client_id=ten.client.id, asked=asked, as_of=ten.as_of)
        assert everything() == before
        made = returns_make(client_id=ten.client.id, asked=asked, user_id=None, as_of=ten.as_of)
        assert [one.verdict for one in preview] == [one.verdict for one in made]


class TestProven:
    def test_a_person_owned_before_is_a_duplicate_and_stays_in_stock(self, ten: Bought) -> None:
        """Of two leads of one order either may be returned, and then the other one is no duplicate."""
        one, two = ten.sales[:2]
        linked(one, two)
        [answer] = ten.give_back(one, reason=ReturnReason.DUPLICATE)
        assert answer.status == ACCEPTED
        assert Return.objects.get().withdrawal is None
        assert not WithheldLead.objects.exists()
        assert ten.give_back(two, reason=ReturnReason.DUPLICATE)[0].verdict.refusal is Refusal.NO_DUPLICATE
        assert allowance_of(client_id=ten.client.id, as_of=ten.as_of).credited == 0

    def test_the_first_of_two_orders_is_none(self, ten: Bought, as_of: datetime) -> None:
        later = bought(as_of + timedelta(hours=1), leads=1, user=ten.user)
        first, second = ten.sales[0], later.sales[0]
        linked(first, second)
        [no] = later.give_back(first, reason=ReturnReason.DUPLICATE)
        assert no.message == "You owned no other lead of this person when you bought this one."
        assert later.give_back(second, reason=ReturnReason.DUPLICATE)[0].status == ACCEPTED

    def test_other_clients_leads_make_none(self, ten: Bought, as_of: datetime) -> None:
        linked(ten.sales[0], bought(as_of, leads=1).sales[0])
        assert ten.give_back(ten.sales[0], reason=ReturnReason.DUPLICATE)[0].status == REFUSED

    def test_a_lead_that_is_not_what_its_line_says_is_outside(self, ten: Bought) -> None:
        """The database holds a line and its leads equal, so the test bends a line."""
        with pgtrigger.ignore("sales.OrderLine:order_line_is_final"):
            OrderLine.objects.update(state="LA", county="Bossier")
        assert ten.give_back(ten.sales[0], reason=ReturnReason.OUTSIDE_CRITERIA)[0].status == ACCEPTED
        assert not WithheldLead.objects.exists()


class TestWithdrawnSince:
    def test_a_lead_that_staff_withdrew_is_still_returned(self, ten: Bought) -> None:
        sale = ten.sales[0]
        leads_withdraw(lead_ids=[sale.lead_id], reason="bad_load", note="Bad.", by_id=None, as_of=ten.as_of)
        assert ten.give_back(sale)[0].status == ACCEPTED
        assert Withdrawal.objects.count() == 2

    def test_a_person_that_was_erased_too_and_the_note_goes_with_it(self, ten: Bought) -> None:
        one, two = ten.sales[:2]
        ten.give_back(one)
        for sale in (one, two):
            key = sale.lead.phone_key
            assert key is not None
            done = opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=True, as_of=ten.as_of)
            opt_out_erase_now(opt_out_id=done.id, as_of=ten.as_of)
        assert Lead.objects.get(id=two.lead_id).full_name is None
        assert Return.objects.get(sale=one).note == ""
        assert ten.give_back(two)[0].status == ACCEPTED


class TestStaff:
    @pytest.fixture
    def waiting(self, ten: Bought) -> Return:
        ten.give_back(*ten.sales[:3])
        return Return.objects.get(status=WAITING)

    def test_accepting_credits_and_withdraws(self, ten: Bought, waiting: Return) -> None:
        staff = StaffFactory()
        return_decide(return_id=waiting.id, accept=True, word="", by_id=staff.id, as_of=ten.as_of)
        waiting.refresh_from_db()
        assert (waiting.status, waiting.decided_by, waiting.decided_at_utc) == (ACCEPTED, staff, ten.as_of)
        assert waiting.withdrawal is not None
        assert allowance_of(client_id=ten.client.id, as_of=ten.as_of).credited == Decimal("16.00")
        assert balance(ten.client) == -56
        commit()
        event = AuditEvent.objects.get(action=AuditAction.RETURN_DECIDE)
        assert event.details == {"status": "accepted", "reason": "disconnected", "amount": "8.00"}

    def test_refusing_needs_a_word_and_changes_nothing_else(self, ten: Bought, waiting: Return) -> None:
        before, staff = everything(), StaffFactory()
        with pytest.raises(WordMissing):
            return_decide(return_id=waiting.id, accept=False, word="  ", by_id=staff.id, as_of=ten.as_of)
        assert everything() == before
        return_decide(return_id=waiting.id, accept=False, word="It rings.", by_id=staff.id, as_of=ten.as_of)
        waiting.refresh_from_db()
        assert (waiting.status, waiting.word, waiting.withdrawal) == (REFUSED, "It rings.", None)
        assert everything()[1:] == before[1:]
        assert ten.give_back(waiting.sale)[0].verdict.refusal is Refusal.BEFORE

    def test_it_is_decided_once(self, ten: Bought, waiting: Return) -> None:
        staff = StaffFactory()
        return_decide(return_id=waiting.id, accept=False, word="It rings.", by_id=staff.id, as_of=ten.as_of)
        before = everything()
        with pytest.raises(ReturnDecided):
            return_decide(return_id=waiting.id, accept=True, word="", by_id=staff.id, as_of=ten.as_of)
        assert everything() == before

    def test_the_owners_get_one_mail(self, ten: Bought, waiting: Return) -> None:
        return_decide(return_id=waiting.id, accept=False, word="It rings.", by_id=StaffFactory().id, as_of=ten.as_of)
        tasks_run()
        [sent] = mail.outbox
        assert sent.to == [ten.user.email]
        assert f"Sale {waiting.sale_id}: not accepted.\n  It rings." in sent.body
        tasks_run()
        assert len(mail.outbox) == 1


def refused_at_commit(act: Callable[[], object], said: str) -> None:
    def act_and_commit() -> None:
        act()
        commit()

    with pytest.raises(IntegrityError, match=said), transaction.atomic():
        act_and_commit()


class TestTheDatabase:
    """What holds whatever Python does."""

    def make(self, ten: Bought, **changed: object) -> Return:
        sale = ten.sales[0]
        row = Return(
            sale=sale, client_id=ten.client.id, reason=ReturnReason.DECEASED, amount=sale.purchase_price,
            status=WAITING, asked_at_utc=ten.as_of,
        )  # fmt: skip
        for name, value in changed.items():
            setattr(row, name, value)
        row.save(force_insert=True)
        return row

    def test_an_accepted_one_is_credited_and_a_credit_is_of_an_accepted_one(self, ten: Bought) -> None:
        """Each direction fails at commit: a row without its credit, and a credit of another amount, client, or of a
        return that waits."""
        other = bought(ten.order.placed_at_utc, leads=1)

        def accept() -> None:
            withdrawal = Withdrawal.objects.create(reason="dead_number", note="Dead.", withdrawn_at_utc=ten.as_of)
            self.make(ten, status=ACCEPTED, decided_at_utc=ten.as_of, withdrawal=withdrawal)

        def pay(client: Client, amount: str) -> None:
            ledger_record(
                kind=Kind.RETURN, client_id=client.id, source_id=waiting.id, amount=Decimal(amount), as_of=ten.as_of
            )

        refused_at_commit(accept, "is accepted, and not credited")
        waiting = self.make(ten)
        for client, amount in ((ten.client, "8.00"), (ten.client, "9.00"), (other.client, "8.00")):
            refused_at_commit(partial(pay, client, amount), "is of no return of its client")

    def test_a_sale_is_returned_once(self, ten: Bought) -> None:
        self.make(ten)
        with pytest.raises(IntegrityError, match="return_once_per_sale"), transaction.atomic():
            self.make(ten)

    @pytest.mark.parametrize(
        ("changed", "constraint"),
        [
            ({"amount": Decimal("9.00")}, "return_of_its_sale"),
            ({"reason": "other"}, "return_reason_known"),
            ({"status": "lost"}, "return_status_known"),
            ({"status": REFUSED}, "return_refused_by_staff_with_a_word"),
            ({"status": WAITING, "decided_at_utc": NOON}, "return_waits_until_decided"),
            ({"reason": ReturnReason.DUPLICATE}, "return_proven_does_not_wait"),
        ],
        ids=["amount", "reason", "status", "refused", "waiting", "proven"],
    )
    def test_a_row_that_says_something_else_is_refused(
        self, ten: Bought, changed: dict[str, object], constraint: str
    ) -> None:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            self.make(ten, **changed)

    def test_another_clients_sale_is_refused(self, ten: Bought, as_of: datetime) -> None:
        other = bought(as_of, leads=1).sales[0]
        with pytest.raises(IntegrityError, match="return_of_its_sale"), transaction.atomic():
            self.make(ten, sale=other)

    def test_an_accepted_one_names_its_withdrawal(self, ten: Bought) -> None:
        with pytest.raises(IntegrityError, match="return_accepted_withdraws_its_lead"), transaction.atomic():
            self.make(ten, status=ACCEPTED, decided_at_utc=ten.as_of)

    def test_it_never_changes_after_its_decision_nor_goes(self, ten: Bought) -> None:
        ten.give_back(ten.sales[0])
        row = Return.objects.filter(sale=ten.sales[0])
        for changed in (
            {"amount": F("amount") + 1},
            {"reason": ReturnReason.DECEASED},
            {"word": "Other"},
            {"note": "Other"},
            {"status": WAITING, "decided_at_utc": None, "withdrawal": None},
        ):
            with pytest.raises(IntegrityError, match="return_is_decided_once"), transaction.atomic():
                row.update(**changed)
        with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
            row.delete()
