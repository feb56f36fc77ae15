"""Asking the register of opt-outs."""

from collections.abc import Iterable

from django.db import connection

_IN_FORCE = """
    SELECT DISTINCT given.key
    FROM unnest(%(keys)s::uuid[]) AS given (key)
    WHERE EXISTS (SELECT FROM opt_outs WHERE opt_outs.key = given.key AND state = 'in_force' OFFSET 0)
"""
"""OFFSET 0: one index look-up for each key. For so many keys the planner would read the whole register each time."""


def opted_out_keys(keys: Iterable[str]) -> frozenset[str]:
    """Those of `keys` that an opt-out in force bears, in one statement (contract, "Opt-out").

    A key is 32 hexadecimal digits, going in and coming out.
    """
    with connection.cursor() as cursor:
        cursor.execute(_IN_FORCE, {"keys": f"{{{','.join(keys)}}}"})
        return frozenset(key.hex for (key,) in cursor.fetchall())
