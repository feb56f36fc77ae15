"""Policies, triggers, functions and views are as the models declare, or `provision_roles --check` names what is not."""

import pgtrigger
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from homeshield.database_roles.rules import rules_apply

pytestmark = pytest.mark.django_db

COUNTS = "pgtrigger_sale_makes_pairs_582e0"
FINAL = "pgtrigger_sale_is_final_21338"


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def told() -> list[str]:
    return [str(difference) for difference in rules_apply(dry_run=True)]


@pytest.mark.parametrize(
    ("deed", "faults"),
    [
        ("DROP POLICY own_client ON sales", ["missing: policy own_client on sales"]),
        ("ALTER POLICY own_client ON sales USING (true)", ["changed: policy own_client on sales"]),
        ("CREATE POLICY everybody ON sales USING (true)", ["too wide: policy everybody on sales"]),
        (
            "ALTER TABLE sales DISABLE ROW LEVEL SECURITY",
            ["changed: policy own_client on sales", "changed: policy staff_looks on sales"],
        ),
        ("DROP FUNCTION existing_sales", ["missing: function existing_sales(uuid[])"]),
        ("ALTER FUNCTION existing_sales SECURITY INVOKER", ["changed: function existing_sales(uuid[])"]),
        ("ALTER FUNCTION existing_sales RESET search_path", ["changed: function existing_sales(uuid[])"]),
        (
            "CREATE FUNCTION peek() RETURNS SETOF leads LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM leads'",
            ["too wide: function peek()"],
        ),
        (f"DROP FUNCTION {COUNTS} CASCADE", ["missing: trigger sale_makes_pairs on sales"]),
        (f"ALTER FUNCTION {COUNTS} SECURITY INVOKER", ["changed: trigger sale_makes_pairs on sales"]),
        (f"ALTER FUNCTION {COUNTS} RESET search_path", ["changed: trigger sale_makes_pairs on sales"]),
        (
            f"CREATE OR REPLACE FUNCTION {FINAL}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            ["changed: trigger sale_is_final on sales"],
        ),
        (f"DROP TRIGGER {FINAL} ON sales", ["changed: trigger sale_is_final on sales"]),
        (f"ALTER TABLE sales DISABLE TRIGGER {FINAL}", ["changed: trigger sale_is_final on sales"]),
        ("ALTER VIEW lead_previews SET (security_invoker = true)", ["changed: view lead_previews"]),
        (
            "CREATE OR REPLACE VIEW lead_previews AS SELECT id, first_name, city, NULL::text AS called_on,"
            " NULL::integer AS loan_from, source, borrower_phone FROM leads",
            ["changed: view lead_previews"],
        ),
    ],
)
def test_what_somebody_has_changed_by_hand_is_named_and_put_right(deed: str, faults: list[str]) -> None:
    assert told() == []
    execute(deed)
    assert told() == faults
    assert [str(difference) for difference in rules_apply()] == faults
    assert told() == []


def test_a_trigger_that_nobody_declares_any_more_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = [(model, trigger) for model, trigger in pgtrigger.registered() if trigger.name != "sale_is_final"]
    monkeypatch.setattr(pgtrigger, "registered", lambda: declared)
    assert [str(difference) for difference in rules_apply()] == [f"too wide: function {FINAL}()"]
    assert told() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_trigger WHERE tgname = %s", [FINAL])
        assert cursor.fetchone() is None


def test_a_trigger_whose_text_is_edited_still_acts_as_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    [(_, trigger)] = pgtrigger.registered("sales.Sale:sale_makes_pairs")
    monkeypatch.setattr(trigger, "func", "RETURN NULL;")
    assert told() == ["changed: trigger sale_makes_pairs on sales"]
    rules_apply()
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc ~ 'RETURN NULL;', prosecdef, proconfig FROM pg_proc WHERE proname = %s", [COUNTS])
        assert cursor.fetchone() == (True, True, ["search_path=public, pg_temp"])


def test_the_functions_that_act_as_the_owner_are_these() -> None:
    """Whoever adds one says so here: it reaches every client's rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace")
        named = {name for (name,) in cursor.fetchall()}
    assert {name.removeprefix("pgtrigger_").rpartition("_")[0] for name in named} == {
        "existing", "erase", "inventory_counts_new", "inventory_counts_changed", "inventory_counts_gone",
        "withdrawn_leads_are_withheld", "leads_taken_back_are_released", "inventory_is_withheld",
        "inventory_is_released",
        "exclusion_counts_new", "exclusion_counts_changed", "exclusion_counts_gone", "sale_makes_pairs",
        "client_has_an_account", "credit_limit_comes_into_force", "ledger_transaction_adds_up",
        "ledger_reversal_of_another", "ledger_leg_moves_the_balance", "budget_begins_with_its_month",
        "next_credit_note", "client_takes_its_unused_account_along",
        "order_is_paid", "ledger_order_has_its_source",
        "invoice_of_its_order", "order_has_its_invoice",
        "follows_from_a", "payment", "payment_of", "payment_is_reversed", "ledger_payment_has_its_source",
        "ledger_refund_has_its_source", "ledger_dispute_has_its_source", "ledger_dispute_won_has_its_source",
        "ledger_return_has_its_source", "return_accepted_is_credited",
        "purchases_take", "search_mails",
    }  # fmt: skip


def test_the_command_names_what_differs_and_fails_the_check(
    role: str, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.WEB_DATABASE = {"USER": role}
    call_command("provision_roles")
    execute("ALTER POLICY own_client ON orders USING (true)")
    with pytest.raises(CommandError) as failed:
        call_command("provision_roles", check=True)
    assert failed.value.returncode == 1
    assert "to do  changed: policy own_client on orders\n" in capsys.readouterr().out
    call_command("provision_roles")
    call_command("provision_roles", check=True)


def test_the_function_that_erases_is_for_the_owner_alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_function_privilege('public', 'erase_leads(uuid[], timestamptz)', 'EXECUTE'), "
            "has_function_privilege('public', 'existing_sales(uuid[])', 'EXECUTE')"
        )
        assert cursor.fetchone() == (False, True)
    execute("GRANT EXECUTE ON FUNCTION erase_leads(uuid[], timestamptz) TO PUBLIC")
    (difference,) = rules_apply()
    assert str(difference).startswith("changed: function erase_leads")
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_function_privilege('public', 'erase_leads(uuid[], timestamptz)', 'EXECUTE')")
        assert cursor.fetchone() == (False,)
