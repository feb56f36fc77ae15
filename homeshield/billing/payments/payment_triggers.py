"""What the database enforces of payments, refunds and disputes."""

FORWARD = """
    IF (NEW.id, NEW.client_id, NEW.provider, NEW.automatic, NEW.amount, NEW.currency, NEW.reference,
        NEW.started_at_utc, NEW.started_by_id)
           IS DISTINCT FROM
           (OLD.id, OLD.client_id, OLD.provider, OLD.automatic, OLD.amount, OLD.currency, OLD.reference,
            OLD.started_at_utc, OLD.started_by_id)
       OR array_position(ARRAY['open', 'processing', 'expired', 'failed', 'paid'], NEW.status::text)
              < array_position(ARRAY['open', 'processing', 'expired', 'failed', 'paid'], OLD.status::text)
       OR OLD.session_id IS NOT NULL AND NEW.session_id IS DISTINCT FROM OLD.session_id
       OR OLD.intent_id IS NOT NULL AND NEW.intent_id IS DISTINCT FROM OLD.intent_id
       OR OLD.paid_at_utc IS NOT NULL AND NEW.paid_at_utc IS DISTINCT FROM OLD.paid_at_utc
       OR OLD.reversed_at_utc IS NOT NULL AND NEW.reversed_at_utc IS DISTINCT FROM OLD.reversed_at_utc THEN
        RAISE EXCEPTION 'payment % goes forward only', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'payment_goes_forward';
    END IF;
    RETURN NEW;
"""

IN_THE_LEDGER = """
    IF NOT EXISTS (SELECT FROM ledger_transactions entry JOIN ledger_legs leg ON leg.transaction_id = entry.id
                   WHERE entry.kind = 'payment' AND entry.source_id = NEW.id AND entry.client_id = NEW.client_id
                     AND leg.account = 'client' AND leg.amount = NEW.amount) THEN
        RAISE EXCEPTION 'payment % is paid and not in the ledger', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payment_is_in_the_ledger';
    END IF;
    RETURN NULL;
"""
