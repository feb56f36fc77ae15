"""Saving searches, and what is remembered of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db import connection

from homeshield.accounts.models import User
from homeshield.lib.errors import refused_by_database
from inventory.buyer import buyer_of
from inventory.facts.place import Place
from leads.age import AgeBucket
from leads.classification import Classification
from sales.saved.errors import NameTaken, SearchNotFound, TooManySearches
from sales.saved.models import SavedSearch
from sales.saved.selectors import searches_found

MOST_SEARCHES = 50
_SIGNED_FOR = "homeshield.sales.saved.stop"
_TAKEN = ("saved_search_once_per_user_and_name",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for. Counties are of the one state, or elsewhere."""

    classification: Classification | None = None
    age_bucket: AgeBucket | None = None
    states: Sequence[str] = ()
    counties: Sequence[str] = ()
    elsewhere: Sequence[Place] = ()


def search_save(*, user: User, name: str, wanted: Wanted, as_of: datetime) -> SavedSearch:
    """Raises TooManySearches, NameTaken."""
    assert user.client_id is not None
    search = SavedSearch(
        client_id=user.client_id, user=user, name=name, classification=wanted.classification or "",
        age_bucket=wanted.age_bucket or "", states=list(wanted.states), counties=list(wanted.counties),
        elsewhere=[place.as_text for place in wanted.elsewhere], opened_at_utc=as_of,
    )  # fmt: skip
    [found] = searches_found(searches=[search], buyer=buyer_of(user), as_of=as_of)
    search.opened_count = found.count
    if SavedSearch.objects.filter(user=user).count() >= MOST_SEARCHES:
        raise TooManySearches(most=MOST_SEARCHES)
    with refused_by_database(_TAKEN, NameTaken()):
        search.save(force_insert=True)
    return search


def search_opened(*, user: User, search_id: UUID, as_of: datetime) -> SavedSearch:
    """Remembers what the user sees now, so that the next time says what is new. Raises SearchNotFound."""
    search = _get(user, search_id)
    [found] = searches_found(searches=[search], buyer=buyer_of(user), as_of=as_of)
    SavedSearch.objects.filter(id=search.id).update(opened_at_utc=as_of, opened_count=found.count)
    return search


def search_mails(
    *, user: User, search_id: UUID, mail_from: int | None, on_price: bool, site: str, as_of: datetime
) -> None:
    """Says when the user gets a mail: when `mail_from` leads are there, counted from now on, or when the lowest price
    falls below today's. Raises SearchNotFound."""
    search = _get(user, search_id)
    [found] = searches_found(searches=[search], buyer=buyer_of(user), as_of=as_of)
    SavedSearch.objects.filter(id=search.id).update(
        mail_from=mail_from, mail_on_price=on_price, site=site, looked_at_utc=as_of, known_price=found.price,
        was_below=mail_from is not None and found.count < mail_from,
    )  # fmt: skip


def search_remove(*, user: User, search_id: UUID) -> None:
    """Raises SearchNotFound."""
    _get(user, search_id).delete()


def stop_token(user_id: UUID) -> str:
    """What a mail's link holds: it ends the mails of this user, and does nothing else."""
    return Signer(salt=_SIGNED_FOR).sign(user_id.hex)


def stop_user(token: str) -> UUID:
    """Whose mails the token ends, however old it is. Raises SearchNotFound."""
    try:
        return UUID(Signer(salt=_SIGNED_FOR).unsign(token))
    except (BadSignature, ValueError):
        raise SearchNotFound from None


def mails_stop(token: str) -> int:
    """Ends the mails of whoever the token is for. Returns of how many searches. Raises SearchNotFound."""
    user_id = stop_user(token)
    with connection.cursor() as cursor:
        cursor.execute("SELECT search_mails_stop(%s)", [user_id])
        return len(cursor.fetchall())


def _get(user: User, search_id: UUID) -> SavedSearch:
    assert user.client_id is not None
    search = SavedSearch.objects.filter(id=search_id, user_id=user.id, client_id=user.client_id).first()
    if search is None:
        raise SearchNotFound
    return search
