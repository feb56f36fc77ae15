"""Applies the declared triggers, policies, functions and views, and reports differences.

Each one's COMMENT holds a digest of its declaration and of its definition in PostgreSQL. So edits of either are found
without locking a table.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import pgtrigger
from django.db import connection, transaction

from homeshield.database_roles.tables import declared_rules
from homeshield.lib.table_rules import OwnerFunction, OwnerView, Policy

_LOCK = 4_803_111  # two runs must not create the same thing


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    thing: str
    """As in COMMENT ON."""
    create: str

    def stamp(self, definition: str) -> str:
        return sha256(f"{self.create}\n{definition}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Difference:
    fault: Literal["missing", "changed", "too wide"]
    name: str
    mending: str

    def __str__(self) -> str:
        return f"{self.fault}: {self.name}"


@dataclass(frozen=True, slots=True)
class _Found:
    definition: str
    comment: str
    too_wide: str
    """Removes it if undeclared; empty if it may stay."""


def rules_apply(*, dry_run: bool = False) -> list[Difference]:
    """Creates what is missing or changed, removes what is too wide, in one transaction; returns the differences.

    Does nothing until all tables exist. `dry_run` only looks.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if not declared_rules().keys() <= tables:
            return []
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        rules = list(_declared())
        differences = list(_differences(rules))
        if not dry_run:
            for difference in differences:
                cursor.execute(difference.mending)
            made = {difference.name for difference in differences}
            there = _found()
            for rule in rules:
                if rule.name in made:
                    cursor.execute(f"COMMENT ON {rule.thing} IS '{rule.stamp(there[rule.thing].definition)}'")
    return differences


def _differences(rules: list[Rule]) -> Iterator[Difference]:
    there = _found()
    for rule in rules:
        found = there.get(rule.thing)
        if found is None:
            yield Difference("missing", rule.name, rule.create)
        elif found.comment != rule.stamp(found.definition):
            yield Difference("changed", rule.name, rule.create)
    declared = {rule.thing for rule in rules}
    for thing, found in there.items():
        if thing not in declared and found.too_wide:
            yield Difference("too wide", thing.lower(), found.too_wide)


def _declared() -> Iterator[Rule]:
    for model, trigger in pgtrigger.registered():
        name = f"trigger {trigger.name} on {model._meta.db_table}"
        yield Rule(name, f"FUNCTION {trigger.get_pgid(model)}()", trigger.compile(model).install_sql)
    for table, rules in declared_rules().items():
        for function in rules.functions:
            yield _function(function)
        for view in rules.views:
            yield _view(view)
        for policy in rules.policies:
            yield _policy(policy, table)


def _policy(policy: Policy, table: str) -> Rule:
    using = f"USING ({policy.using})" if policy.using else ""
    check = f"WITH CHECK ({policy.check})" if policy.check else ""
    return Rule(
        f"policy {policy.name} on {table}",
        f"POLICY {policy.name} ON {table}",
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        DROP POLICY IF EXISTS {policy.name} ON {table};
        CREATE POLICY {policy.name} ON {table} FOR {policy.command} {using} {check};
        """,
    )


def _function(function: OwnerFunction) -> Rule:
    return Rule(
        f"function {function.signature}",
        f"FUNCTION {function.signature}",
        f"""
        CREATE OR REPLACE FUNCTION {function.signature} RETURNS {function.returns}
            LANGUAGE sql {"VOLATILE" if function.writes else "STABLE"} SECURITY DEFINER
            SET search_path = public, pg_temp
            AS $$ {function.body} $$;
        {"REVOKE" if function.owner_alone else "GRANT"} EXECUTE ON FUNCTION {function.signature}
            {"FROM" if function.owner_alone else "TO"} PUBLIC;
        """,
    )


def _view(view: OwnerView) -> Rule:
    return Rule(
        f"view {view.name}",
        f"VIEW {view.name}",
        f"""
        DROP VIEW IF EXISTS {view.name};
        CREATE VIEW {view.name} AS {view.query};
        """,
    )


_FOUND = """
    SELECT format('POLICY %I ON %I', polname, relname),
           concat_ws(' ', relrowsecurity, polpermissive, polcmd, polroles, pg_get_expr(polqual, polrelid), 'CHECK',
                     pg_get_expr(polwithcheck, polrelid)),
           obj_description(pg_policy.oid, 'pg_policy'),
           format('DROP POLICY %I ON %I', polname, relname)
    FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
    WHERE relnamespace = current_schema()::regnamespace

    UNION ALL
    -- A trigger's function with the trigger, and whether that is switched on
    SELECT 'FUNCTION ' || pg_proc.oid::regprocedure,
           concat_ws(' ', pg_get_functiondef(pg_proc.oid),
                     CASE WHEN has_function_privilege('public', pg_proc.oid, 'EXECUTE') THEN 'PUBLIC' END,
                     (SELECT string_agg(pg_get_triggerdef(pg_trigger.oid) || tgenabled::text, ' ' ORDER BY tgname)
                      FROM pg_trigger WHERE tgfoid = pg_proc.oid)),
           obj_description(pg_proc.oid, 'pg_proc'),
           CASE WHEN proname ~ '^pgtrigger_' THEN format('DROP FUNCTION %s CASCADE', pg_proc.oid::regprocedure)
                WHEN prosecdef AND has_function_privilege('public', pg_proc.oid, 'EXECUTE')
                     AND prorettype <> 'trigger'::regtype
                THEN format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', pg_proc.oid::regprocedure) END
    FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND prokind = 'f'
      AND NOT EXISTS (SELECT FROM pg_depend  -- of an extension
                      WHERE (classid, objid, deptype) = ('pg_proc'::regclass, pg_proc.oid, 'e'))

    UNION ALL
    SELECT 'VIEW ' || oid::regclass, concat_ws(' ', pg_get_viewdef(oid), reloptions), obj_description(oid, 'pg_class'),
           NULL
    FROM pg_class
    WHERE relkind = 'v' AND relnamespace = current_schema()::regnamespace
"""


def _found() -> dict[str, _Found]:
    with connection.cursor() as cursor:
        cursor.execute(_FOUND)
        return {
            thing: _Found(definition, comment or "", too_wide or "")
            for thing, definition, comment, too_wide in cursor.fetchall()
        }
