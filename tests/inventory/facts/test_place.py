"""Places lie within one another, and an unknown county is a place like any other."""

import pytest

from inventory.facts.columns import FACTS, Facts
from inventory.facts.criteria import Criteria, Demand, allocation_order
from inventory.facts.place import EVERYWHERE, LEVELS, UNKNOWN, Place
from inventory.models import CountChange, InventoryRecord, PlaceCount
from leads.age import AgeBucket
from leads.classification import Classification
from sales.models import DraftLine, OrderLine

LA, CADDO, NO_COUNTY, LEE = Place("LA"), Place("LA", "Caddo"), Place("LA", UNKNOWN), Place(county="Lee")
PLACES = [EVERYWHERE, LA, CADDO, NO_COUNTY, LEE, Place("TX"), Place("AL", "Lee")]


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_widened_level_by_level_and_contained_each_time(place: Place) -> None:
    around = list(place.widened())
    assert (around[0], around[-1]) == (place, EVERYWHERE)
    assert [wide.depth for wide in around] == sorted({wide.depth for wide in around}, reverse=True)
    assert all(wide.contains(place) for wide in around)
    assert {wide for wide in PLACES if wide.contains(place)} >= set(around) & set(PLACES)


def test_places_contain_what_lies_in_them_and_nothing_else() -> None:
    inside = {one: {other for other in PLACES if one.contains(other)} for one in PLACES}
    assert inside == {
        EVERYWHERE: set(PLACES),
        LA: {LA, CADDO, NO_COUNTY},
        CADDO: {CADDO},
        NO_COUNTY: {NO_COUNTY},
        LEE: {LEE, Place("AL", "Lee")},
        Place("TX"): {Place("TX")},
        Place("AL", "Lee"): {Place("AL", "Lee")},
    }


def test_what_a_buyer_can_ask_for_instead_of_an_unknown_county_is_the_state() -> None:
    assert [place.known for place in PLACES] == [EVERYWHERE, LA, CADDO, LA, LEE, Place("TX"), Place("AL", "Lee")]


def test_a_place_is_named_for_people_and_for_columns() -> None:
    assert [place.label for place in PLACES[:5]] == ["", "LA", "Caddo, LA", "LA without a county", "Lee"]
    assert CADDO.as_filter() == {"state": "LA", "county": "Caddo"}
    assert Place(*LEVELS).as_filter() == {level: level for level in LEVELS}
    assert (str(Criteria(place=NO_COUNTY)), str(Criteria(place=CADDO))) == ("state=LA", "state=LA county=Caddo")


@pytest.mark.parametrize("model", [InventoryRecord, CountChange, PlaceCount, DraftLine, OrderLine])
def test_every_table_with_facts_has_a_column_for_every_level(model: type[Facts]) -> None:
    """A record's levels are never NULL; elsewhere NULL leaves a level open."""
    columns = {field.name: field for field in model._meta.concrete_fields}
    assert set(FACTS) <= columns.keys()
    if model in (InventoryRecord, CountChange):
        assert not any(columns[level].null for level in LEVELS)
    else:
        assert columns[LEVELS[-1]].null
    facts = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", **{level: level for level in LEVELS}}
    assert model(**facts).criteria.as_filter() == facts


def test_a_line_names_each_level_above_its_narrowest() -> None:
    cell = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
    with pytest.raises(ValueError, match="name the state"):
        Demand(criteria=cell.at(LEE), quantity=1)


def test_the_narrowest_place_is_filled_first_and_then_by_name() -> None:
    cell = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
    demands = [Demand(criteria=cell.at(place), quantity=1) for place in (EVERYWHERE, Place("TX"), LA, CADDO, NO_COUNTY)]
    assert [demands[i].criteria.place for i in allocation_order(demands)] == [
        NO_COUNTY, CADDO, LA, Place("TX"), EVERYWHERE,
    ]  # fmt: skip
