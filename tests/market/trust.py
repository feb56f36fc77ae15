"""What takes leads out of sale, for all or for one client: withdrawals, opt-outs and clients' lists of numbers."""

from hashlib import sha256
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from inventory.models import SuppressionList as ListRow
from inventory.suppression.services import list_change, list_create, list_remove
from inventory.withholding.services import leads_withdraw, load_withdraw, withdrawal_take_back
from leads.contact_keys import key_of
from leads.opt_outs.models import OptOutKind, OptOutState
from sales.privacy.erasing import opt_out_erase_now
from sales.privacy.services import opt_out, opt_out_decide
from tests.inventory.suppression.lists import upload, work
from tests.market.buying import clients
from tests.market.model import SuppressionList
from tests.market.shop import Shop, callers, phone_of

numbers = st.frozensets(callers.map(phone_of), min_size=1, max_size=6)


class Trust(Shop):
    def __init__(self) -> None:
        super().__init__()
        self.withdrawals: list[UUID] = []
        """Those that may be taken back."""
        self.opt_outs = 0
        self.waiting_for_staff: set[tuple[str, bool]] = set()

    # --- Withdrawals ---

    @precondition(lambda self: self.leads)
    @rule(reason=st.sampled_from(["other", "dead_number"]), data=st.data())
    def withdraw(self, reason: str, data: st.DataObject) -> None:
        named = data.draw(st.sets(st.sampled_from(sorted(self.leads)), min_size=1, max_size=3))
        persons = self.market.facts.persons()
        leads = named.union(*(persons[lead] for lead in named)) if reason == "dead_number" else named
        done = leads_withdraw(lead_ids=named, reason=reason, note="It was wrong.", by_id=None, as_of=self.now)
        assert done.leads == len(leads)
        self.withdrawn(done.withdrawal_id, leads)

    @precondition(lambda self: self.loads)
    @rule(data=st.data())
    def withdraw_a_load(self, data: st.DataObject) -> None:
        load, leads = data.draw(st.sampled_from(self.loads))
        done = load_withdraw(load_id=load, note="The columns were shifted.", by_id=None, as_of=self.now)
        assert done.leads == len(leads)
        self.withdrawn(done.withdrawal_id, {lead.id for lead in leads})

    def withdrawn(self, withdrawal: UUID, leads: set[UUID]) -> None:
        self.withdrawals.append(withdrawal)
        withdrawals = self.market.facts.withdrawals
        self.market.change(self.now, lambda: withdrawals.__setitem__(withdrawal, frozenset(leads)))
        self.learn_ids()

    @precondition(lambda self: self.withdrawals)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        taken = self.withdrawals.pop(data.draw(st.integers(0, len(self.withdrawals) - 1)))
        withdrawal_take_back(withdrawal_id=taken, note="It was right.", by_id=None, as_of=self.now)
        self.market.change(self.now, lambda: self.market.facts.withdrawals.pop(taken))
        self.learn_ids()

    # --- Opt-outs ---

    @rule(phone=callers.map(phone_of), erase=st.booleans(), accept=st.booleans())
    def opt_out(self, phone: str, erase: bool, accept: bool) -> None:
        """By staff, who decide at once where the number is nobody's."""
        key = key_of(phone)
        assert key
        is_common = phone in self.market.facts.common()
        one = opt_out(key=key, kind=OptOutKind.STAFF, wants_erasure=erase, as_of=self.now)
        if is_common and one.state == OptOutState.WAITING:
            one = opt_out_decide(opt_out_id=one.id, accept=accept, by_id=None, as_of=self.now)
            if not accept:
                assert one.state == OptOutState.DECLINED
                return
        assert one.state == OptOutState.IN_FORCE
        self.opt_outs += 1
        withdrawal, erases = f"opt-out {self.opt_outs}", erase and not is_common
        self.market.change(self.now, lambda: self.market.opt_out(phone, withdrawal, erase=erases))
        if erases:
            erased = opt_out_erase_now(opt_out_id=one.id, as_of=self.now)
            assert erased == self.market.erase(phone)
            self.market.ask_the_oracle()
        self.learn_ids()

    # --- Lists ---

    @rule(client=clients, phones=numbers, hashed=st.booleans())
    def suppress(self, client: str, phones: frozenset[str], hashed: bool) -> None:
        name = f"List {ListRow.objects.count()}"
        made = list_create(client_id=self.clients[client].id, name=name, user=None, as_of=self.now)
        self.market.lists[made.id] = SuppressionList(client, frozenset())
        self.upload(made, phones, hashed=hashed, replaces=False)

    @precondition(lambda self: self.market.lists)
    @rule(phones=numbers, replaces=st.booleans(), data=st.data())
    def suppress_more(self, phones: frozenset[str], replaces: bool, data: st.DataObject) -> None:
        """Adds to a list, or puts other numbers in the place of those that are on it."""
        key = data.draw(st.sampled_from(sorted(self.market.lists)))
        self.upload(ListRow.objects.get(id=key), phones, hashed=False, replaces=replaces)

    def upload(self, to: ListRow, phones: frozenset[str], *, hashed: bool, replaces: bool) -> None:
        listed = self.market.lists[to.id]
        new = phones - (frozenset() if replaces else listed.phones)
        matched = [
            lead for lead in self.leads.values()
            if lead.phones & new - self.market.facts.common() and (replaces or not lead.phones & listed.phones)
            and any(record.sellable(self.now) for record in lead.records.values())
        ]  # fmt: skip
        lines = [sha256(phone.encode()).hexdigest() if hashed else phone for phone in sorted(phones)]
        sent = upload(to, lines, as_of=self.now, replaces=replaces)
        work(to, as_of=self.now)
        sent.refresh_from_db()
        assert sent.matched == len(matched)
        listed.phones = phones if replaces else listed.phones | phones
        assert to.entries == len(listed.phones)
        self.market.ask_the_oracle()

    @precondition(lambda self: self.market.lists)
    @rule(data=st.data())
    def unsuppress(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.market.lists)))
        gone = self.market.lists.pop(key)
        work(list_remove(client_id=self.clients[gone.client].id, list_id=key, as_of=self.now), as_of=self.now)
        self.market.ask_the_oracle()

    @precondition(lambda self: self.market.lists)
    @rule(data=st.data())
    def say_that_a_list_ends_today(self, data: st.DataObject) -> None:
        """It counts until the day is over."""
        key = data.draw(st.sampled_from(sorted(self.market.lists)))
        listed = self.market.lists[key]
        listed.ends_on = self.now.date()
        list_change(
            client_id=self.clients[listed.client].id, list_id=key, name=str(key), ends_on=listed.ends_on,
            as_of=self.now,
        )  # fmt: skip
