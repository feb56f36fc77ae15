"""What a load excludes: its leads may be of persons whom clients own or have on a list (contract, "Exclusion").

The statements work on sets, and on temporary tables that the end of a load has made by then
(inventory/withholding/statements_of_loads.py): `persons_touched`, the leads whose links may have changed;
`persons_unlinked`, pairs of leads that were linked before; and `key_bearers`, the leads that share a key with others.
"""

from datetime import datetime, timedelta

from django.db.backends.utils import CursorWrapper

SLACK = timedelta(minutes=2)
"""More than the time between the instant of an order and its commit (inventory/allocation/waiting.py)."""

BOUGHT = """
    CREATE TEMPORARY TABLE persons_bought ON COMMIT DROP AS
    SELECT DISTINCT touched.lead_id, pair.client_id
    FROM (SELECT DISTINCT lead_id FROM persons_touched) AS touched,
         LATERAL (SELECT touched.lead_id AS lead_id
                  UNION ALL
                  SELECT other_id FROM person_links link WHERE link.lead_id = touched.lead_id OFFSET 0) AS person,
         LATERAL (SELECT client_id FROM exclusions WHERE lead_id = person.lead_id AND owned OFFSET 0) AS pair
    WHERE EXISTS (SELECT FROM sales
                  WHERE sales.client_id = pair.client_id AND sales.lead_id = person.lead_id OFFSET 0);
    ANALYZE persons_bought
"""
"""Who has bought a touched lead, or one that is linked with it. A sale always has a pair of its own, and pairs are
found by lead; OFFSET keeps each question a look-up by key, whatever statistics say."""

OWN = """
    INSERT INTO exclusions (lead_id, client_id, owned, listed)
    SELECT lead_id, client_id, true, false FROM persons_bought ORDER BY lead_id, client_id
    ON CONFLICT (lead_id, client_id) DO UPDATE SET owned = true WHERE NOT exclusions.owned
"""

_NO_LONGER = """
    owned AND lead_id IN (SELECT lead_id FROM persons_touched)
    AND NOT EXISTS (SELECT FROM persons_bought bought
                    WHERE (bought.lead_id, bought.client_id) = (exclusions.lead_id, exclusions.client_id))
"""
FORGET = f"DELETE FROM exclusions WHERE NOT listed AND {_NO_LONGER}"  # noqa: S608
DISOWN = f"UPDATE exclusions SET owned = false WHERE listed AND {_NO_LONGER}"  # noqa: S608
"""Links go where a key has become common: then a client owns what it has bought itself, and no more."""

_LISTED = """
    SELECT lead.id AS lead_id, entry.client_id
    FROM leads lead JOIN suppression_entries entry ON entry.key = lead.{key}
    WHERE lead.load_id = %(load)s AND NOT EXISTS (SELECT FROM common_keys WHERE common_keys.key = entry.key)
"""
LIST = f"""
    INSERT INTO exclusions (lead_id, client_id, owned, listed)
    SELECT lead_id, client_id, false, true
    FROM ({_LISTED.format(key="phone_key")} UNION {_LISTED.format(key="call_in_key")}) AS listed
    ORDER BY lead_id, client_id
    ON CONFLICT (lead_id, client_id) DO UPDATE SET listed = true WHERE NOT exclusions.listed
"""  # noqa: S608
"""Lists hold for later loads as well. Each key column is joined by itself: with OR, the join does not end."""

_UNLISTED = """
    listed AND lead_id IN (SELECT bearer.lead_id FROM key_bearers bearer JOIN common_keys USING (key))
    AND NOT EXISTS (
        SELECT FROM leads lead, unnest(ARRAY[lead.phone_key, lead.call_in_key]) AS own (key)
        WHERE lead.id = exclusions.lead_id
          AND EXISTS (SELECT FROM suppression_entries entry
                      WHERE entry.key = own.key AND entry.client_id = exclusions.client_id OFFSET 0)
          AND NOT EXISTS (SELECT FROM common_keys WHERE common_keys.key = own.key OFFSET 0)
    )
"""
UNLIST = f"DELETE FROM exclusions WHERE NOT owned AND {_UNLISTED}"  # noqa: S608
UNLIST_OWNED = f"UPDATE exclusions SET listed = false WHERE owned AND {_UNLISTED}"  # noqa: S608
"""A key that has become common with this load excludes nothing any more."""

_SALES_MEANWHILE = """
    clients client,
    LATERAL (SELECT id FROM orders WHERE client_id = client.id AND placed_at_utc >= %(since)s OFFSET 0) AS placed,
    LATERAL (SELECT client_id, lead_id FROM sales WHERE order_id = placed.id OFFSET 0) AS sale
"""
SOLD_MEANWHILE = f"""
    INSERT INTO exclusions (lead_id, client_id, owned, listed)
    SELECT DISTINCT person.lead_id, sale.client_id, true, false
    FROM {_SALES_MEANWHILE},
         LATERAL (SELECT sale.lead_id AS lead_id
                  UNION ALL
                  SELECT other_id FROM person_links WHERE lead_id = sale.lead_id OFFSET 0) AS person
    ORDER BY 1, 2
    ON CONFLICT (lead_id, client_id) DO UPDATE SET owned = true WHERE NOT exclusions.owned
"""  # noqa: S608
"""An order that was placed while the load ran did not see its links, so its sales made no pairs by them. One that was
committed after BOUGHT has lost its own pairs to FORGET."""

_STALE = f"""
    owned AND (lead_id, client_id) IN (
        SELECT gone.other_id, sale.client_id
        FROM {_SALES_MEANWHILE},
             LATERAL (SELECT other_id FROM persons_unlinked WHERE lead_id = sale.lead_id OFFSET 0) AS gone
        WHERE NOT EXISTS (
            SELECT FROM (SELECT gone.other_id AS lead_id
                         UNION ALL
                         SELECT link.other_id FROM person_links link WHERE link.lead_id = gone.other_id) AS person,
                        sales
            WHERE sales.client_id = sale.client_id AND sales.lead_id = person.lead_id
            OFFSET 0
        )
    )
"""  # noqa: S608
FORGET_MEANWHILE = f"DELETE FROM exclusions WHERE NOT listed AND {_STALE}"  # noqa: S608
DISOWN_MEANWHILE = f"UPDATE exclusions SET owned = false WHERE listed AND {_STALE}"  # noqa: S608
"""Such an order did see the links that the load has taken away, so its sales made pairs by them."""


def exclusions_for_load(cursor: CursorWrapper, *, load_id: int) -> None:
    """Makes the pairs of a load's leads, and of those whose persons it changed.

    The caller holds the lock of persons and has made the links.
    """
    for statement in (BOUGHT, OWN, FORGET, DISOWN, LIST, UNLIST, UNLIST_OWNED):
        cursor.execute(statement, {"load": load_id})
    cursor.execute("DROP TABLE persons_bought")


def exclusions_sold_meanwhile(cursor: CursorWrapper, *, began_at_utc: datetime) -> None:
    """Makes the pairs of sales since `began_at_utc` (UTC), when the load began, and takes stale ones away.

    Call it last. It waits for the orders in flight, and holds new ones until the load commits. The caller tries again
    after a deadlock.
    """
    cursor.execute("LOCK TABLE clients IN EXCLUSIVE MODE")  # every order holds its client FOR SHARE
    since = {"since": began_at_utc - SLACK}
    cursor.execute(SOLD_MEANWHILE, since)
    cursor.execute("SELECT EXISTS (SELECT FROM persons_unlinked)")
    if cursor.fetchone()[0]:  # rare: a key has become common
        for statement in (FORGET_MEANWHILE, DISOWN_MEANWHILE):
            cursor.execute(statement, since)
