"""The list of leads that a client looks at before purchase, within its allowance of the day."""

from dataclasses import dataclass
from datetime import datetime

from homeshield.accounts.previews import previews_spend
from homeshield.lib.keyset import Page
from inventory.buyer import Buyer
from inventory.criteria import Criteria
from inventory.listing import ListedRecord, records_page


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """A page of the list, and how many more leads the client may be shown today (None: nothing was shown)."""

    page: Page[ListedRecord]
    left: int | None


def previews_page(
    *, criteria: Criteria, buyer: Buyer, as_of: datetime, cursor: str | None, limit: int = 50
) -> PreviewPage:
    """What `records_page` finds, counted as shown; a shorter page where less than it is left of the allowance.

    To be asked for last, when nothing else of the answer can fail: what is counted stays so. Raises BadCursor, and
    PreviewsUsed where there are leads and nothing is left.
    """
    page = records_page(criteria=criteria, buyer=buyer, as_of=as_of, cursor=cursor, limit=limit)
    if not page.rows:
        return PreviewPage(page, None)
    assert buyer.client_id is not None, "an allowance is a client's"
    previews = previews_spend(client_id=buyer.client_id, wanted=len(page.rows), as_of=as_of)
    if previews.granted < len(page.rows):  # once a day at most, so it may cost the page again
        page = records_page(criteria=criteria, buyer=buyer, as_of=as_of, cursor=cursor, limit=previews.granted)
    return PreviewPage(page, previews.left)
