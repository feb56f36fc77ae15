"""The function of the database that erases leads (contract, "Opt-out"). The web's login may not call it."""

from leads.erasure import FUNCTION, KEYS, PERSONAL

SIGNATURE = f"{FUNCTION}(uuid[],timestamp with time zone)"

_ALL_NULL = ", ".join(f"{column} = NULL" for column in (*PERSONAL, *KEYS))

ERASE = f"""
    UPDATE leads SET {_ALL_NULL}, natural_key = gen_random_uuid(), erased_at_utc = $2
    WHERE id = ANY ($1) AND erased_at_utc IS NULL
      AND EXISTS (SELECT FROM withheld_leads WHERE withheld_leads.lead_id = leads.id AND withdrawn)
    RETURNING id
"""  # noqa: S608 - our own columns
"""$1: leads, $2: the instant. A lead that is not withdrawn stays as it is: it could be sold without a person. The
natural key is a digest of the mortgage id, so it goes too."""
