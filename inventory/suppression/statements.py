"""The statements of a piece. All run under `persons_lock`, with the list's row locked.

Keys are looked up one by one (OFFSET keeps it so): for ten thousand of them the planner would rather read all leads.
A key that is common excludes nothing (contract, "Person"), and may be borne by so many leads that nobody wants them.
"""

from inventory.facts.columns import OPEN_SQL

_BEARERS = """
    SELECT DISTINCT bearer.id AS lead_id
    FROM unnest(%(keys)s::uuid[]) AS given (key),
         LATERAL (SELECT id FROM leads WHERE phone_key = given.key
                  UNION ALL
                  SELECT id FROM leads WHERE call_in_key = given.key
                  OFFSET 0) AS bearer
    WHERE NOT EXISTS (SELECT FROM common_keys WHERE common_keys.key = given.key OFFSET 0)
"""

MATCH = f"""
    SELECT lead.id,
           EXISTS (SELECT FROM inventory
                   WHERE lead_id = lead.id AND {OPEN_SQL}
                     AND enters_at_utc <= %(as_of)s AND expires_at_utc > %(as_of)s
                   OFFSET 0)
           AND NOT EXISTS (SELECT FROM suppression_entries entry
                           WHERE entry.list_id = %(list)s AND entry.key IN (lead.phone_key, lead.call_in_key)
                             AND entry.generation >= %(generation)s
                           OFFSET 0)
    FROM ({_BEARERS}) AS matched JOIN leads lead ON lead.id = matched.lead_id
"""  # noqa: S608 - the text is ours
"""Each lead that bears one of the keys, and whether it is on sale and not on the list yet. Before they are added."""

ADD = """
    INSERT INTO suppression_entries AS entry (list_id, key, client_id, generation)
    SELECT %(list)s, given.key, %(client)s, %(generation)s FROM unnest(%(keys)s::uuid[]) AS given (key)
    ON CONFLICT (list_id, key) DO UPDATE SET generation = excluded.generation
        WHERE entry.generation < excluded.generation
    RETURNING xmax = 0
"""
"""Returns a row for each key: whether it is new to the list, or was on it before it was replaced."""

EXCLUDE = """
    INSERT INTO exclusions (lead_id, client_id, owned, listed)
    SELECT given.lead_id, %(client)s, false, true FROM unnest(%(leads)s::uuid[]) AS given (lead_id)
    ORDER BY given.lead_id
    ON CONFLICT (lead_id, client_id) DO UPDATE SET listed = true WHERE NOT exclusions.listed
"""

NEXT = """
    SELECT key, generation FROM suppression_entries
    WHERE list_id = %(list)s AND (%(after)s::uuid IS NULL OR key > %(after)s::uuid)
    ORDER BY key LIMIT %(piece)s
"""

TAKE = "DELETE FROM suppression_entries WHERE list_id = %(list)s AND key = ANY (%(keys)s::uuid[])"

_STILL_LISTED = """
    EXISTS (SELECT FROM suppression_entries entry
            WHERE entry.key = lead.{key} AND entry.client_id = %(client)s
              AND NOT EXISTS (SELECT FROM common_keys WHERE common_keys.key = lead.{key})
            OFFSET 0)
"""

UNMATCH = f"""
    SELECT lead.id
    FROM ({_BEARERS}) AS matched JOIN leads lead ON lead.id = matched.lead_id
    WHERE NOT ({_STILL_LISTED.format(key="phone_key")} OR {_STILL_LISTED.format(key="call_in_key")})
"""  # noqa: S608
"""Each lead that bears one of the keys, and none that is still on a list of the client. After they were taken away."""

ADMIT_OWNED = """
    UPDATE exclusions SET listed = false
    WHERE client_id = %(client)s AND lead_id = ANY (%(leads)s::uuid[]) AND listed AND owned
"""
ADMIT = """
    DELETE FROM exclusions
    WHERE client_id = %(client)s AND lead_id = ANY (%(leads)s::uuid[]) AND NOT owned
"""

LISTED = """
    SELECT lead.id AS lead_id, entry.client_id
    FROM suppression_entries entry JOIN leads lead ON lead.phone_key = entry.key
    WHERE NOT EXISTS (SELECT FROM common_keys WHERE common_keys.key = entry.key)
    UNION
    SELECT lead.id, entry.client_id
    FROM suppression_entries entry JOIN leads lead ON lead.call_in_key = entry.key
    WHERE NOT EXISTS (SELECT FROM common_keys WHERE common_keys.key = entry.key)
"""
"""All pairs that the lists' entries make: for comparing, whole."""

COMPARE = f"""
    SELECT coalesce(pair.lead_id, due.lead_id), coalesce(pair.client_id, due.client_id), due.lead_id IS NOT NULL
    FROM (SELECT lead_id, client_id FROM exclusions WHERE listed) AS pair
    FULL JOIN ({LISTED}) AS due USING (lead_id, client_id)
    WHERE pair.lead_id IS NULL OR due.lead_id IS NULL
"""  # noqa: S608
