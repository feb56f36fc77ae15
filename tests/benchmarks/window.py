"""What the pages of Browse cost as the inventory grows: whole pages as a buyer asks for them, with the map, with what
is new this week, and with what gets cheaper soon.

    uv run python -m tests.benchmarks.window [--sizes 100000 1000000 10000000]

The floor of the counts that only these pages have is the same by a statement for one class and age, written by hand.
"""

from collections.abc import Iterator
from datetime import datetime

from tests.benchmarks import growth
from tests.benchmarks.growth import Figure, median, sql
from tests.benchmarks.market import a_buyer

CELL = "classification=Silver&age_bucket=MONTH_12_TO_23"
COUNTIES = "state=TX&county=Harris&county=Dallas&county=Bexar"
PAGES = {
    "no filter": "",
    "Texas": "state=TX",
    "three counties, a class and age": f"{CELL}&{COUNTIES}",
    "map of the states": "view=map",
    "map of Texas": f"view=map&state=TX&{CELL}",
    "preview of three counties": f"tab=preview&{CELL}&{COUNTIES}",
    "cheaper soon, three counties": f"tab=later&{CELL}&{COUNTIES}",
    "cheaper soon, Texas": f"tab=later&{CELL}&state=TX",
    "cheaper soon, no filter": "tab=later",
}

OPEN = """
    sold_at_utc IS NULL AND lapsed_at_utc IS NULL AND NOT withheld
    AND classification = 'Silver' AND age_bucket = 'MONTH_12_TO_23' AND state = 'TX'
"""
NEW_BY_HAND = f"""
    SELECT count(*) FROM (
        SELECT FROM inventory
        WHERE {OPEN} AND expires_at_utc > %(as_of)s + interval '353 days'
          AND expires_at_utc <= %(as_of)s + interval '360 days'
        LIMIT 100) AS found
"""
LATER_BY_HAND = f"""
    SELECT expires_at_utc::date, count(*) FROM inventory
    WHERE {OPEN} AND expires_at_utc > %(as_of)s AND expires_at_utc <= %(as_of)s + interval '30 days'
    GROUP BY 1
"""


def measure(as_of: datetime) -> Iterator[Figure]:
    from django.conf import settings
    from django.test import Client as Browser

    from inventory.buyer import Buyer
    from inventory.counting.aging import leads_passing
    from inventory.counting.recent import recent_counts
    from inventory.facts.criteria import Criteria
    from inventory.facts.place import Place
    from leads.age import AgeBucket
    from leads.classification import Classification

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.SECURE_SSL_REDIRECT = False
    settings.PREVIEWS_PER_DAY = 1_000_000
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    browser = Browser()
    browser.force_login(a_buyer(as_of), backend=settings.AUTHENTICATION_BACKENDS[0])
    texas = Place("TX")
    asked = Criteria(classification=Classification.SILVER, age_bucket=AgeBucket.MONTH_12_TO_23, place=texas)

    def page(query: str) -> float:
        answer = browser.get(f"/inventory/?{query}")
        assert answer.status_code == 200, f"{query}: {answer.status_code}"
        return median(lambda: browser.get(f"/inventory/?{query}"))

    for name, query in PAGES.items():
        yield Figure(f"page: {name}", page(query))
    yield Figure(
        "new this week, Texas",
        median(lambda: recent_counts(criteria=asked, places=[texas], buyer=Buyer(), as_of=as_of)),
        median(sql(NEW_BY_HAND, as_of=as_of)),
    )
    yield Figure(
        "cheaper soon, Texas",
        median(lambda: leads_passing(criteria=asked, places=[texas], buyer=Buyer(), as_of=as_of, days=(7, 14, 30))),
        median(sql(LATER_BY_HAND, as_of=as_of)),
    )


if __name__ == "__main__":
    growth.main(measure, description=__doc__)
