"""What the database keeps of the ledger by itself. Only the tables' owner writes accounts, and only these triggers do.

None can be told to look away (homeshield/lib/triggers.py): a leg without its effect on the balance would be a lie.
"""

import pgtrigger

from homeshield.billing.ledger.kinds import REVERSIBLE, Kind, quoted
from homeshield.lib.triggers import FirmOwnerTrigger, FirmTrigger

_SPENDER = "(user_id = made.entered_by_id AND made.api_key_id IS NULL OR api_key_id = made.api_key_id)"
"""What a key orders counts for the key, not for its maker."""

_REVERSIBLE = quoted(REVERSIBLE)


def account_opens_trigger() -> pgtrigger.Trigger:
    """On clients: each new one has an account, without credit."""
    return FirmOwnerTrigger(
        name="client_has_an_account",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func="""
            INSERT INTO client_accounts (client_id) VALUES (NEW.id);
            RETURN NULL;
        """,
    )


def account_closes_trigger() -> pgtrigger.Trigger:
    """On clients: one that retention removes takes its account along, as long as nothing was ever entered there."""
    return FirmOwnerTrigger(
        name="client_takes_its_unused_account_along",
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        func="""
            DELETE FROM credit_limit_changes
            WHERE client_id = OLD.id AND changed_by_id IS NULL
              AND EXISTS (SELECT FROM client_accounts WHERE client_id = OLD.id AND entries = 0);
            DELETE FROM client_accounts WHERE client_id = OLD.id AND entries = 0;
            RETURN OLD;
        """,
    )


def account_triggers() -> list[pgtrigger.Trigger]:
    """On client_accounts: no statement changes one, triggers aside."""
    return [
        FirmTrigger(
            name="account_is_kept_by_the_ledger",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            condition=pgtrigger.Condition("pg_trigger_depth() = 0"),
            func="""
                RAISE EXCEPTION 'the account of client % is changed by its ledger alone', OLD.client_id
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'account_is_kept_by_the_ledger';
            """,
        ),
    ]


def credit_limit_triggers() -> list[pgtrigger.Trigger]:
    """On credit_limit_changes: the newest row is in force. The first of a new client needs nobody's name."""
    return [
        FirmTrigger(
            name="credit_limit_change_is_final",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            condition=pgtrigger.Condition("pg_trigger_depth() = 0"),  # but it goes with a client that retention removes
            func="""
                RAISE EXCEPTION 'which credit was granted stays on record'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_limit_change_is_final';
            """,
        ),
        FirmOwnerTrigger(
            name="credit_limit_comes_into_force",
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            func="""
                UPDATE client_accounts SET credit_limit = NEW.credit_limit
                WHERE client_id = NEW.client_id
                  AND (NEW.changed_by_id IS NOT NULL OR entries = 0 AND adopted_at_utc IS NULL);
                IF NOT FOUND THEN
                    RAISE EXCEPTION 'somebody must answer for the credit limit of client %', NEW.client_id
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_limit_comes_into_force';
                END IF;
                RETURN NULL;
            """,
        ),
    ]


def transaction_triggers() -> list[pgtrigger.Trigger]:
    """On ledger_transactions."""
    return [
        final_trigger("ledger_transaction_is_final"),
        FirmOwnerTrigger(
            name="ledger_transaction_adds_up",
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            timing=pgtrigger.Deferred,
            func="""
                IF NOT EXISTS (SELECT FROM ledger_legs WHERE transaction_id = NEW.id
                               HAVING count(*) = 2 AND count(client_id) = 1 AND sum(amount) = 0) THEN
                    RAISE EXCEPTION 'transaction % does not add up', NEW.id
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transaction_adds_up';
                END IF;
                RETURN NULL;
            """,
        ),
        FirmOwnerTrigger(
            name="ledger_reversal_of_another",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            condition=pgtrigger.Q(new__kind=Kind.REVERSAL.value),
            func=f"""
                IF NOT EXISTS (SELECT FROM ledger_transactions
                               WHERE id = NEW.source_id AND client_id = NEW.client_id AND kind IN ({_REVERSIBLE})) THEN
                    RAISE EXCEPTION 'transaction % reverses nothing that can be reversed', NEW.id
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_reversal_of_another';
                END IF;
                RETURN NEW;
            """,
        ),
    ]


def leg_triggers() -> list[pgtrigger.Trigger]:
    """On ledger_legs: a leg fits its transaction, and a client's leg moves the balance in the same statement.

    The account's row is locked from here until the commit, so that two orders of one client are paid one after the
    other. The house's accounts have no row: nobody waits for another client.
    """
    return [
        final_trigger("ledger_leg_is_final"),
        FirmOwnerTrigger(
            name="ledger_leg_moves_the_balance",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            declare=[("made", "record"), ("granted", "numeric"), ("exceeded", "record")],
            func=f"""
                SELECT kind, source_id, client_id, happened_at_utc, entered_by_id, api_key_id INTO made
                FROM ledger_transactions WHERE id = NEW.transaction_id;
                IF made.kind IS DISTINCT FROM NEW.kind OR made.client_id <> NEW.client_id
                   OR NEW.kind = 'reversal' AND NOT EXISTS (
                       SELECT FROM ledger_legs
                       WHERE (transaction_id, account, amount) = (made.source_id, NEW.account, - NEW.amount)
                   ) THEN
                    RAISE EXCEPTION 'this leg is not one of transaction %', NEW.transaction_id
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_leg_of_its_transaction';
                END IF;
                IF NEW.account <> 'client' THEN
                    RETURN NEW;
                END IF;

                UPDATE client_accounts SET balance = balance + NEW.amount, entries = entries + 1
                WHERE client_id = NEW.client_id
                RETURNING balance, entries, credit_limit INTO NEW.balance_after, NEW.entry, granted;
                IF NEW.kind <> 'order' THEN
                    RETURN NEW;
                END IF;
                IF NEW.balance_after < - granted THEN
                    RAISE EXCEPTION 'the balance of client % does not cover order %', NEW.client_id, made.source_id
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_covers_the_order';
                END IF;

                IF EXISTS (SELECT FROM budgets WHERE client_id = NEW.client_id) THEN
                    INSERT INTO budget_months AS spending (budget_id, month, spent)
                    SELECT id, date_trunc('month', made.happened_at_utc AT TIME ZONE 'UTC'), - NEW.amount
                    FROM budgets
                    WHERE client_id = NEW.client_id AND {_SPENDER}
                    ON CONFLICT (budget_id, month) DO UPDATE SET spent = spending.spent + excluded.spent;
                    SELECT budgets.id INTO exceeded
                    FROM budgets JOIN budget_months spending ON spending.budget_id = budgets.id
                    WHERE client_id = NEW.client_id AND {_SPENDER}
                      AND month = date_trunc('month', made.happened_at_utc AT TIME ZONE 'UTC')
                      AND spent > amount;
                    IF FOUND THEN
                        RAISE EXCEPTION 'budget % does not cover order %', exceeded.id, made.source_id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_covers_the_order';
                    END IF;
                END IF;
                RETURN NEW;
            """,  # noqa: S608 - the text is ours
        ),
    ]


def final_trigger(name: str) -> pgtrigger.Trigger:
    """Nobody changes or removes a row, not even the tables' owner."""
    return FirmTrigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            RAISE EXCEPTION 'what is in the ledger stays as it is'
                USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
        """,
    )


def source_trigger(*, kind: Kind, source: str) -> pgtrigger.Trigger:
    """For a proxy of LedgerTransaction in the app that knows the source: at commit, `source` must find a row.

    `source` is a SELECT that may name NEW, the transaction, and `of_client`, the amount of its client's leg.
    """
    return FirmOwnerTrigger(
        name=f"ledger_{kind.value}_has_its_source",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        condition=pgtrigger.Q(new__kind=kind.value),
        declare=[("of_client", "numeric")],
        func=f"""
            SELECT amount INTO of_client FROM ledger_legs WHERE transaction_id = NEW.id AND account = 'client';
            IF NOT EXISTS ({source}) THEN
                RAISE EXCEPTION 'transaction % is of no {kind.value} of its client', NEW.id
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_{kind.value}_has_its_source';
            END IF;
            RETURN NULL;
        """,  # noqa: S608 - the text is ours
    )
