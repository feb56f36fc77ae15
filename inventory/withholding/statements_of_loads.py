"""The statements by which the end of a load finds persons (contract, "Person"). `persons_of_load` runs them in order.

They work on sets, through temporary tables of the load's transaction. Each key column is joined by itself and the
results are put together: with OR between the two columns, the join does not end.
"""

from inventory.withholding.models import MANY_BEARERS

KEYS = """
    CREATE TEMPORARY TABLE load_keys ON COMMIT DROP AS
    SELECT key
    FROM (
        SELECT phone_key AS key FROM leads WHERE load_id = %(load)s AND phone_key IS NOT NULL
        UNION
        SELECT call_in_key FROM leads WHERE load_id = %(load)s AND call_in_key IS NOT NULL
    ) AS own
    WHERE NOT EXISTS (SELECT FROM common_keys common WHERE common.key = own.key);
    ANALYZE load_keys
"""
"""The keys of the new leads. One that is common already joins nothing."""

BEARERS = """
    CREATE TEMPORARY TABLE key_bearers ON COMMIT DROP AS
    SELECT key, lead_id, is_new, bearers
    FROM (
        SELECT key, lead_id, is_new, count(*) OVER (PARTITION BY key) AS bearers
        FROM (
            SELECT own.key, lead.id AS lead_id, lead.load_id IS NOT DISTINCT FROM %(load)s AS is_new
            FROM load_keys own JOIN leads lead ON lead.phone_key = own.key
            UNION ALL
            SELECT own.key, lead.id, lead.load_id IS NOT DISTINCT FROM %(load)s
            FROM load_keys own JOIN leads lead ON lead.call_in_key = own.key
        ) AS bearer
    ) AS counted
    WHERE bearers > 1;
    ANALYZE key_bearers
"""
"""The leads, new and old, that bear one of them together with others. A lead bears a key once."""

TOUCHED = "CREATE TEMPORARY TABLE persons_touched (lead_id uuid NOT NULL) ON COMMIT DROP"
UNLINKED = "CREATE TEMPORARY TABLE persons_unlinked (lead_id uuid NOT NULL, other_id uuid NOT NULL) ON COMMIT DROP"
"""Pairs of leads that are no person any more, from each side."""
RELEASED = "CREATE TEMPORARY TABLE persons_released (lead_id uuid NOT NULL) ON COMMIT DROP"

COMMON = f"""
    INSERT INTO common_keys (key)
    SELECT DISTINCT key FROM key_bearers WHERE bearers > {MANY_BEARERS}
    ON CONFLICT (key) DO NOTHING
"""  # noqa: S608 - the text is ours

SHARE_A_KEY = """
    EXISTS (
        SELECT FROM leads mine, leads theirs, unnest(ARRAY[mine.phone_key, mine.call_in_key]) AS shared (key)
        WHERE mine.id = link.lead_id AND theirs.id = link.other_id
          AND shared.key IN (theirs.phone_key, theirs.call_in_key)
          AND NOT EXISTS (SELECT FROM common_keys common WHERE common.key = shared.key)
        OFFSET 0
    )
"""
"""Whether the two leads of a `link` share a key that is not common."""

UNLINK = f"""
    WITH gone AS (
        DELETE FROM person_links link
        USING key_bearers one JOIN key_bearers other ON other.key = one.key AND other.lead_id <> one.lead_id
        WHERE one.bearers > {MANY_BEARERS} AND NOT one.is_new AND NOT other.is_new
          AND link.lead_id = one.lead_id AND link.other_id = other.lead_id
          AND NOT {SHARE_A_KEY}
        RETURNING link.lead_id, link.other_id
    )
    INSERT INTO persons_unlinked SELECT lead_id, other_id FROM gone;
    INSERT INTO persons_touched SELECT lead_id FROM persons_unlinked
"""  # noqa: S608
"""What a key that has become common joined. Only leads of earlier loads are linked by it, and those are five at most,
however many new ones bear it."""

LINK = f"""
    INSERT INTO person_links (lead_id, other_id)
    SELECT one.lead_id, other.lead_id
    FROM key_bearers one JOIN key_bearers other ON other.key = one.key AND other.lead_id <> one.lead_id
    WHERE one.bearers <= {MANY_BEARERS} AND other.bearers <= {MANY_BEARERS} AND (one.is_new OR other.is_new)
    ON CONFLICT (lead_id, other_id) DO NOTHING
"""  # noqa: S608

TOUCH = f"""
    INSERT INTO persons_touched SELECT DISTINCT lead_id FROM key_bearers WHERE bearers <= {MANY_BEARERS};
    ANALYZE persons_touched
"""  # noqa: S608

SEEN_BEFORE = f"""
    SELECT count(DISTINCT one.lead_id)
    FROM key_bearers one JOIN key_bearers other ON other.key = one.key
    WHERE one.bearers <= {MANY_BEARERS} AND one.is_new AND NOT other.is_new
"""  # noqa: S608
"""New leads of persons of whom there was a lead before."""

OPTED_OUT = """
    SELECT late.id, array_agg(late.opt_out_id) FILTER (WHERE late.wants_erasure AND common.key IS NULL)
    FROM (
        SELECT lead.id, opt_outs.id AS opt_out_id, opt_outs.key, opt_outs.wants_erasure
        FROM leads lead JOIN opt_outs ON opt_outs.key = lead.phone_key
        WHERE lead.load_id = %(load)s AND opt_outs.state = 'in_force'
        UNION ALL
        SELECT lead.id, opt_outs.id, opt_outs.key, opt_outs.wants_erasure
        FROM leads lead JOIN opt_outs ON opt_outs.key = lead.call_in_key
        WHERE lead.load_id = %(load)s AND opt_outs.state = 'in_force'
    ) AS late
    LEFT JOIN common_keys common ON common.key = late.key
    GROUP BY late.id
"""
"""New leads whose person is opted out by now, and the opt-outs that ask for their erasure. For a common key none does.
Each batch asked the register before it went in, so there are few."""
