"""How long the texts of a lead may be: the database holds to it, and the way of a CSV refuses what is longer.

An index holds no county of some thousand characters, so that its lead would load, and never enter a bucket.
"""

LONGEST = 1_000
"""Characters of a text in TEXTS."""

LONGEST_PLACE = 100
"""Characters of a text in PLACES."""

PLACES = ("county", "city", "zip")
TEXTS = (
    *("address", "full_name", "first_name", "last_name", "co_borrower_name", "borrower_phone", "call_in_phone_number"),
    *("borrower_age", "borrower_medical_issues", "borrower_tobacco_use", "co_borrower", "source", "mortgage_id"),
    *("mortgage_amount", "lender", "sale_date", "call_in_date", "campaign_id", "type", "status", "agent_id"),
)
"""All other texts."""


def longest(field: str) -> int:
    """How many characters a lead's field may have."""
    return LONGEST_PLACE if field in PLACES else LONGEST
