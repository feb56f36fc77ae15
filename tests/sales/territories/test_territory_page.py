"""One line over several counties on its page: pasted, ticked, seen and added."""

import re
from datetime import datetime
from uuid import UUID

import pytest
from django.test import Client as Browser

from homeshield.accounts.models import Client, User
from homeshield.audit.models import AuditEvent
from inventory.facts.place import Place
from inventory.facts.territory import Share, Territory
from inventory.place_lists import places_read
from leads.county_codes import counties_by_code
from leads.geography import COUNTIES
from sales.cart.selectors import draft_summary
from sales.models import Draft, Order, SavedTerritory
from tests.factories import UserFactory, stock

pytestmark = pytest.mark.django_db

PAGE, ADD = "/order/territory/", "/order/territory/add/"
CADDO, BOSSIER, HARRIS = Place("LA", "Caddo"), Place("LA", "Bossier"), Place("TX", "Harris")
ASKED = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": "9", "share": "evenly"}


def test_a_pasted_list_is_read_by_names_and_codes() -> None:
    read = places_read(
        "Caddo, LA\nbossier parish, Louisiana; TX\n22017; FIPS 1001\nNew York\nHarris TX\n\nAtlantis, LA\n71118-0001"
    )
    assert read.places == [
        CADDO, BOSSIER, Place("TX"), Place("AL", "Autauga"), Place("NY"), HARRIS,
    ]  # fmt: skip
    assert read.unread == ["Atlantis, LA"]
    assert places_read(f"{'x' * 9_000}, LA").places == []
    known = {(state, county) for state, names in COUNTIES.items() for county in names}
    assert {county for county in counties_by_code().values() if county[0] in COUNTIES} <= known


def test_zips_stand_for_the_county_with_most_of_their_land() -> None:
    """The areas are those of the Census Bureau: 45764 has 103,673,707 square meters in Hocking, 100,812,592 in Athens;
    45745 lies in Monroe, Noble and Washington."""
    read = places_read("ZIP codes\n45764 45745\n2807, 06103\t99686\n10001-1234; 99999")
    assert {code: area.county for code, area in read.zips.items()} == {
        "45764": ("OH", "Hocking"), "45745": ("OH", "Noble"), "02807": ("RI", "Washington"),
        "06103": ("CT", "Hartford"), "99686": ("AK", "Valdez-Cordova"), "10001": ("NY", "New York"),
    }  # fmt: skip
    assert read.also_in == {
        Place("OH", "Athens"): ["45764"], Place("OH", "Monroe"): ["45745"], Place("OH", "Washington"): ["45745"],
    }  # fmt: skip
    assert read.unread == ["ZIP 99999"]
    assert "OH" not in {place.state for place in places_read("45764, OH").also_in}


@pytest.mark.parametrize(
    ("text", "places", "unread"),
    [
        ("48201", [], ["48201"]),
        ("ZIP 48201", [Place("MI", "Wayne")], []),
        ("FIPS: 48201, 48157", [HARRIS, Place("TX", "Fort Bend")], []),
        ("48201 48202", [Place("MI", "Wayne")], []),
        ("48201, 22017", [HARRIS, CADDO], []),
        ("48201, 22017, 71101", [CADDO], ["48201"]),
        ("ZIP\n48201\n22017", [Place("MI", "Wayne")], ["ZIP 22017"]),
    ],
    ids=["alone", "said", "said-fips", "zips", "fips", "mixed", "heading"],
)
def test_five_digits_that_are_both_are_what_the_list_shows(text: str, places: list[Place], unread: list[str]) -> None:
    """48201 is in Detroit, and it is the FIPS code of Harris, TX. 48202 is a ZIP only, 22017 a FIPS code only."""
    read = places_read(text)
    assert (read.places, read.unread) == (places, unread)


def cells(page: str) -> list[list[str]]:
    """The rows of the preview."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [
        [re.sub(r"<.*?>|\s+", " ", one).strip() for one in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]


def test_a_page_that_nobody_has_filled_in_yet_objects_to_nothing(shop: Browser) -> None:
    answer = shop.get(PAGE)
    assert answer.status_code == 200
    assert "errorlist" not in answer.content.decode()


def test_the_page_shows_what_each_place_gives_and_costs_and_adds_the_line(
    shop: Browser, buyer: User, now: datetime, engine: dict[str, str]
) -> None:
    stock(2, as_of=now)
    stock(20, as_of=now, county="Bossier")
    stock(5, as_of=now, state="TX", county="Harris")
    asked = ASKED | {"places": "Caddo, LA\n71111\nTX"}

    page = shop.get(PAGE, asked, headers=engine).content.decode()

    assert cells(page) == [
        ["Bossier, LA", "20", "4", "$32.00"], ["Caddo, LA", "2", "2", "$16.00"], ["TX", "5", "3", "$24.00"],
    ]  # fmt: skip
    assert "Add 9 leads to cart" in page
    assert "<dt>Bossier, LA</dt><dd>71111</dd>" in page
    assert not Draft.objects.exists()

    for _ in range(2):
        shop.post(ADD, asked, headers=engine)
    (line,) = draft_summary(user=buyer, as_of=now).lines
    assert (line.criteria.territory, line.quantity, line.available) == (
        Territory((CADDO, BOSSIER, Place("TX")), Share.EVENLY), 18, 27,
    )  # fmt: skip
    cart = shop.get("/order/").content.decode()
    assert "3 places in 2 states" in cart


def test_an_order_of_the_cart_becomes_lines_for_places(shop: Browser, buyer: User, now: datetime) -> None:
    """Short, its alternative is taken by the page's own form; then it is bought."""
    stock(4, as_of=now)
    stock(6, as_of=now, county="Bossier")
    shop.post(ADD, ASKED | {"quantity": "12", "places": "Caddo, LA; Bossier, LA"})
    draft = draft_summary(user=buyer, as_of=now)
    buying = {"draft_id": draft.draft_id, "version": draft.version, "expected_total": draft.total}
    refused = shop.post("/order/buy/", buying)
    assert refused.status_code == 409
    offer = refused.context["draft"].lines[0].offers[0]
    take, offer = offer.as_query, offer.alternative
    assert (offer.kind, offer.quantity) == ("partial", 10)
    shop.post(f"/order/lines/{draft.lines[0].id}/replace/", {"take": take})
    draft = draft_summary(user=buyer, as_of=now)
    assert (draft.lines[0].criteria, draft.quantity) == (offer.criteria, 10)
    shop.post("/order/buy/", {"draft_id": draft.draft_id, "version": draft.version, "expected_total": draft.total})
    order = Order.objects.get()
    assert list(order.lines.values_list("county", "quantity", "territory_label")) == [
        ("Bossier", 6, "Bossier and Caddo, LA"), ("Caddo", 4, "Bossier and Caddo, LA"),
    ]  # fmt: skip
    shown = shop.get(f"/orders/{order.id}/").content.decode()
    assert shown.count("Part of Bossier and Caddo, LA") == 2


def test_ticking_and_unticking_counties_changes_the_list(shop: Browser) -> None:
    page = shop.get(PAGE, ASKED | {"places": "LA\nHarris, TX", "state": "LA"})
    assert "Caddo" in page.content.decode()
    ticked = {"counties_of": "LA", "shown": "LA\nHarris, TX", "county": ["Caddo", "Bossier"], "state": "LA"}
    page = shop.get(PAGE, ASKED | ticked | {"places": "LA\nHarris, TX\nAustin, TX"})
    assert page.context["form"].data["places"].split("\n") == ["Harris, TX", "Austin, TX", "Caddo, LA", "Bossier, LA"]
    listed = page.context["form"].data["places"]
    unticked = ticked | {"shown": listed, "county": ["Bossier"]}
    page = shop.get(PAGE, ASKED | unticked | {"places": listed})
    assert page.context["form"].data["places"].split("\n") == ["Harris, TX", "Austin, TX", "Bossier, LA"]


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ("", "Name at least one place."),
        ("Atlantis, LA\nFIPS 99999", "“Atlantis, LA”, “FIPS 99999”"),
        ("71101 99999", "ZIP 99999 has no county"),
        ("99999 99998", "ZIPs 99999, 99998 have no county"),
        ("48201 48203 22017 71101", "48201 is a ZIP in Wayne, MI and the FIPS code of Harris, TX."),
        ("Caddo, LA\nLA", "Caddo, LA lies in LA: keep one of them."),
        ("\n".join(f"{county}, LA" for county in COUNTIES["LA"][:51]), "50 places at most, and these are 51"),
        ("TX", "Your company isn’t licensed in TX."),
    ],
    ids=["none", "unknown", "no-county", "no-counties", "both", "overlap", "51", "licenses"],
)
def test_what_is_no_territory_is_said_at_the_list(
    shop: Browser, buyer: User, places: str, message: str, engine: dict[str, str]
) -> None:
    Client.objects.filter(users=buyer).update(licensed_states=["LA"])
    answer = shop.post(ADD, ASKED | {"places": places}, headers=engine)
    assert answer.status_code == 422
    assert message in str(answer.context["form"].errors["places"][0])
    assert not Draft.objects.exists()


def test_a_territory_is_named_used_again_renamed_and_removed(shop: Browser, buyer: User, now: datetime) -> None:
    """By everyone of the company, and by nobody else; lines bear its name, and stay when it is gone."""
    asked = ASKED | {"places": "Caddo, LA\nBossier, LA", "share": "by_stock"}
    page = shop.post("/order/territory/save/", asked | {"name": "North"}, follow=True).content.decode()
    assert "“North” saved for your company." in page
    (saved,) = SavedTerritory.objects.all()
    assert (saved.client_id, saved.value.places, saved.value.share) == (
        buyer.client_id, (BOSSIER, CADDO), Share.BY_STOCK,
    )  # fmt: skip
    again = shop.post("/order/territory/save/", asked | {"name": "north", "places": "TX"})
    assert again.status_code == 422
    assert "You have a territory called “north” already." in again.content.decode()
    blank = shop.post("/order/territory/save/", asked | {"name": " "})
    assert (blank.status_code, SavedTerritory.objects.count()) == (422, 1)

    colleague, stranger = Browser(), Browser()
    colleague.force_login(UserFactory(client=buyer.client))
    stranger.force_login(UserFactory())
    assert "Bossier and Caddo, LA" in colleague.get(PAGE).content.decode()
    assert stranger.get(PAGE).context["saved"] == []
    shop.post(ADD, asked)
    assert [line.criteria.label for line in draft_summary(user=buyer, as_of=now).lines] == [
        "Gold, 6 to 8 months, North"
    ]
    for act, data in (("rename", {"name": "Stolen"}), ("remove", {})):
        assert stranger.post(f"/order/territories/{saved.id}/{act}/", data).status_code == 404
    shop.post("/order/territory/save/", asked | {"name": "South", "places": "TX"})
    colleague.post(f"/order/territories/{saved.id}/rename/", {"name": "SOUTH"})
    assert set(SavedTerritory.objects.values_list("name", flat=True)) == {"North", "South"}
    colleague.post(f"/order/territories/{saved.id}/rename/", {"name": "Far north"})
    colleague.post(f"/order/territories/{saved.id}/remove/")
    assert SavedTerritory.objects.get().name == "South"
    assert len(draft_summary(user=buyer, as_of=now).lines) == 1
    events = AuditEvent.objects.filter(object_type="sales.savedterritory", client_id=buyer.client_id).order_by("id")
    north = ["LA,Bossier", "LA,Caddo"]
    assert [(one.action, one.actor_id, one.object_id == str(saved.id), one.details["places"]) for one in events] == [
        ("territory.save", buyer.id, True, north),
        ("territory.save", buyer.id, False, ["TX"]),
        ("territory.rename", _user(colleague), True, north),
        ("territory.remove", _user(colleague), True, north),
    ]
    assert "orth" not in str([one.details for one in events]), "what somebody types is not on record"


def _user(browser: Browser) -> UUID:
    return UUID(browser.session["_auth_user_id"])
