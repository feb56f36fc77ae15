"""The statements that keep `withheld_leads` what withdrawals and persons make it.

`{touched}` is a relation with a column `lead_id`: the leads to look at anew. `{as_of}` is the instant of the act that
touched them. Triggers and the end of a load put their own in. All run under `persons_lock`.
"""

from leads.age import NEVER, AgeBucket

NOT_TAKEN_BACK = """
    NOT EXISTS (SELECT FROM withdrawals_taken_back back WHERE back.withdrawal_id = withdrawn.withdrawal_id)
"""

STANDING = f"""
    SELECT lead.id AS lead_id,
           EXISTS (
               SELECT FROM withdrawn_leads withdrawn WHERE withdrawn.lead_id = lead.id AND {NOT_TAKEN_BACK}
               OFFSET 0
           ) AS withdrawn,
           EXISTS (
               SELECT FROM person_links link JOIN leads other ON other.id = link.other_id
               WHERE link.lead_id = lead.id
                 AND (other.created_at_utc, other.id) > (lead.created_at_utc, lead.id)
                 AND NOT EXISTS (
                     SELECT FROM withdrawn_leads withdrawn WHERE withdrawn.lead_id = other.id AND {NOT_TAKEN_BACK}
                     OFFSET 0
                 )
               OFFSET 0
           ) AS superseded
    FROM (SELECT DISTINCT lead_id FROM {{touched}}) AS touched
    JOIN leads lead ON lead.id = touched.lead_id
"""  # noqa: S608 - the text is ours
"""Whether each touched lead is withdrawn, and whether a later inquiry of its person that is not withdrawn stands.

OFFSET keeps each question a look-up by key. As a join it could read all links, or all withdrawals, for a few leads.
"""

WITHHOLD = f"""
    INSERT INTO withheld_leads AS held (lead_id, withdrawn, superseded)
    SELECT lead_id, withdrawn, superseded FROM ({STANDING}) AS standing WHERE withdrawn OR superseded
    ON CONFLICT (lead_id) DO UPDATE SET withdrawn = excluded.withdrawn, superseded = excluded.superseded
        WHERE (held.withdrawn, held.superseded) <> (excluded.withdrawn, excluded.superseded)
"""  # noqa: S608

RELEASE = f"""
    DELETE FROM withheld_leads
    WHERE lead_id IN (SELECT lead_id FROM ({STANDING}) AS standing WHERE NOT withdrawn AND NOT superseded)
    RETURNING lead_id
"""  # noqa: S608

# What the roll would have done for a lead, had it not been withheld: `{released}` is a relation like `{touched}`.

CLOSE_RELEASED = """
    UPDATE inventory SET lapsed_at_utc = {as_of}
    WHERE lead_id IN (SELECT lead_id FROM {released})
      AND sold_at_utc IS NULL AND lapsed_at_utc IS NULL AND expires_at_utc <= {as_of}
"""

_BUCKETS = ", ".join(
    f"('{bucket}', interval '{bucket.first_day * 24} hours', "
    + (f"interval '{bucket.next.first_day * 24} hours')" if bucket.next else "NULL::interval)")
    for bucket in AgeBucket
)

OPEN_RELEASED = f"""
    INSERT INTO inventory (id, lead_id, classification, age_bucket, state, county, enters_at_utc, expires_at_utc)
    SELECT (left(lead.id::text, 13) || '-7' || right(gen_random_uuid()::text, 21))::uuid, lead.id,
           lead.classification, bucket.name, lead.state, coalesce(lead.county, ''), lead.created_at_utc + bucket.begins,
           coalesce(lead.created_at_utc + bucket.ends, '{NEVER.isoformat()}')
    FROM {{released}}
    JOIN leads lead ON lead.id = released.lead_id
    CROSS JOIN LATERAL (
        SELECT greatest({{as_of}}, max(lapsed_at_utc)) AS instant FROM inventory WHERE lead_id = lead.id OFFSET 0
    ) AS present
    JOIN (VALUES {_BUCKETS}) AS bucket (name, begins, ends)
        ON lead.created_at_utc <= present.instant - bucket.begins
           AND (bucket.ends IS NULL OR lead.created_at_utc > present.instant - bucket.ends)
    ON CONFLICT (lead_id, age_bucket) DO NOTHING
"""  # noqa: S608
"""The record of the present bucket. Its key is as old as the lead's, as the roll makes it (homeshield/lib/ids.py): the
first 48 bits are the instant, and the version is 7.

The act may be older than the lead's last record: a load that takes minutes, or an act that has waited for the lock of
persons. Where the roll has closed a sold record meanwhile, it has not opened the next one of a withheld lead, and never
comes back to it. So the later instant counts.
"""

AWAIT_RELEASED = f"""
    INSERT INTO young_leads (lead_id, enters_at_utc)
    SELECT lead.id, lead.created_at_utc + interval '{AgeBucket.MONTH_3_TO_5.first_day * 24} hours'
    FROM {{released}}
    JOIN leads lead ON lead.id = released.lead_id
    WHERE lead.created_at_utc > {{as_of}} - interval '{AgeBucket.MONTH_3_TO_5.first_day * 24} hours'
    ON CONFLICT (lead_id) DO NOTHING
"""  # noqa: S608
