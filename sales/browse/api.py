from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from ninja import Query, Router
from pydantic import Field

from homeshield.accounts.api import ApiKeyAuth, ApiRequest
from homeshield.accounts.permissions import KEY_MAY, Act, allowed
from homeshield.lib.api_schemas import EVERYWHERE, WITH_BODY, Paged, PageSize, refused_by
from inventory.allocation.preview import PlaceShare, territory_shares
from inventory.api_schemas import Filters
from inventory.buyer import Buyer, buyer_of
from inventory.counting.reading import Stock, available_count, stock_of
from inventory.facts.criteria import Criteria, Demand
from inventory.listing import ListedRecord, previews_page
from inventory.replica_reads import replica_may_answer
from pricing.discounts.codes import code_check, code_of
from pricing.discounts.prices import Price, Prices
from pricing.errors import DiscountCodeRefused
from pricing.selectors import price_book
from sales.browse.api_schemas import (
    AvailabilityAnswer,
    AvailabilityLine,
    AvailabilityRequest,
    InventoryItem,
    InventoryPage,
    LineAvailability,
    PlaceAvailability,
)

router = Router(tags=["Inventory"])


class InventoryQuery(Filters, Paged):
    limit: PageSize = Field(100, ge=1, le=1000, description="Items on a page.", examples=[100])


@router.get(
    "/inventory",
    auth=ApiKeyAuth(Act.BROWSE),
    response={200: InventoryPage, **EVERYWHERE},
    operation_id="list_inventory",
    summary="Leads for sale",
)
@replica_may_answer
def inventory_list(request: ApiRequest, query: Query[InventoryQuery]) -> InventoryPage:
    """One page of the leads that you can buy, what lapses soonest first. Pages follow one another without gaps or
    repeats while others buy. Leads of people whom you own already, or have on a list, are not among them.

    Each lead on a page counts towards your company's previews of the day; the last page that they allow is shorter, and
    then 429 says when there are more. A company that waits for approval gets the total and no items."""
    buyer, as_of, asked = buyer_of(request.auth), request.as_of, query.criteria
    prices = price_book(client_id=buyer.client_id, as_of=as_of).for_order(1)
    total = available_count(criteria=asked, buyer=buyer, as_of=as_of)
    if Act.PREVIEW not in allowed(granted=KEY_MAY, status=request.auth.client.status):
        return InventoryPage(items=[], total=total, next_cursor=None)
    page = previews_page(criteria=asked, buyer=buyer, as_of=as_of, cursor=query.cursor, limit=query.limit).page
    return InventoryPage(
        items=[_item(record, prices) for record in page.rows],
        total=total,
        next_cursor=page.next_cursor,
    )


def _item(record: ListedRecord, prices: Prices) -> InventoryItem:
    price = prices.get((record.classification, record.age_bucket))
    return InventoryItem(
        inventory_id=record.id,
        lead_id=record.lead_id,
        age_bucket=record.age_bucket,
        state=record.state,
        county=record.county,
        classification=record.classification,
        unit_price=price.unit_price if price else None,
        list_price=price.reduced_from if price else None,
        first_name=record.first_name,
        city=record.city,
    )


@router.post(
    "/availability",
    auth=ApiKeyAuth(Act.BROWSE),
    response={200: AvailabilityAnswer, **refused_by(DiscountCodeRefused), **EVERYWHERE, **WITH_BODY},
    operation_id="check_availability",
    summary="Counts and prices of lines",
)
@replica_may_answer
def availability_ask(request: ApiRequest, body: AvailabilityRequest) -> AvailabilityAnswer:
    """What each line would find and cost at this instant, in an order of all of them. Reserves nothing."""
    code = code_of(body.discount_code or "")
    client_id, as_of = request.auth.client_id, request.as_of
    book = price_book(client_id=client_id, as_of=as_of, code=code)
    code_check(book, code, client_id=client_id, as_of=as_of)
    prices = book.for_order(max(1, sum(line.quantity or 0 for line in body.criteria)))
    buyer, lines = buyer_of(request.auth), [(line, line.criteria) for line in body.criteria]
    asked = [criteria for _, whole in lines for criteria in (whole, *whole.parts)]
    stock = stock_of(criteria=asked, buyer=buyer, as_of=as_of)
    found = [
        _line_availability(line, criteria, stock[criteria], prices.find(criteria)).model_copy(
            update={"places": _places(line, criteria, stock, prices.find(criteria), buyer, as_of)}
        )
        for line, criteria in lines
    ]
    amounts = [line.amount for line in found if line.amount is not None]
    complete = len(amounts) == len(found)
    return AvailabilityAnswer(
        as_of=request.as_of, criteria=found, total=sum(amounts, Decimal("0.00")) if complete else None
    )


def _line_availability(
    line: AvailabilityLine, criteria: Criteria, stock: Stock, price: Price | None
) -> LineAvailability:
    return LineAvailability(
        classification=line.classification,
        age_bucket=line.age_bucket,
        state=criteria.place.state,
        county=criteria.place.county,
        places=None,
        available=stock.available,
        owned=stock.owned,
        suppressed=stock.suppressed,
        unit_price=price.unit_price if price else None,
        list_price=price.reduced_from if price else None,
        quantity=line.quantity,
        amount=price.unit_price * line.quantity if price and line.quantity is not None else None,
    )


def _places(
    line: AvailabilityLine,
    criteria: Criteria,
    stock: Mapping[Criteria, Stock],
    price: Price | None,
    buyer: Buyer,
    as_of: datetime,
) -> list[PlaceAvailability] | None:
    if criteria.territory is None:
        return None
    counts = {part: stock[part].available for part in criteria.parts}
    if line.quantity is None:
        shares = [PlaceShare(part.place, counts[part], None) for part in criteria.parts]
    else:
        demand = Demand(criteria=criteria, quantity=line.quantity)
        shares = territory_shares(demand=demand, counts=counts, buyer=buyer, as_of=as_of)
    return [
        PlaceAvailability(
            state=share.place.state or "",
            county=share.place.county,
            available=share.available,
            quantity=share.quantity,
            amount=price.unit_price * share.quantity if price and share.quantity is not None else None,
        )
        for share in shares
    ]
