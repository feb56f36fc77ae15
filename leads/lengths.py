"""How long a lead's texts may be.

A county of some thousand characters does not fit an index: its lead would load but never enter a bucket.
"""

LONGEST = 1_000
"""In characters, for TEXTS."""

LONGEST_PLACE = 100
"""In characters, for PLACES."""

PLACES = ("county", "city", "zip")
TEXTS = (
    *("address", "full_name", "first_name", "last_name", "co_borrower_name", "borrower_phone", "call_in_phone_number"),
    *("borrower_age", "borrower_medical_issues", "borrower_tobacco_use", "co_borrower", "source", "mortgage_id"),
    *("mortgage_amount", "lender", "sale_date", "call_in_date", "campaign_id", "type", "status", "agent_id"),
)


def longest(field: str) -> int:
    return LONGEST_PLACE if field in PLACES else LONGEST
