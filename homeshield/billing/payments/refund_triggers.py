"""What the database enforces of refunds, requests for them, and disputes."""

REQUEST_DECIDED_ONCE = """
    IF (NEW.id, NEW.client_id, NEW.amount, NEW.asked_at_utc, NEW.asked_by_id)
           IS DISTINCT FROM (OLD.id, OLD.client_id, OLD.amount, OLD.asked_at_utc, OLD.asked_by_id)
       OR OLD.state <> 'waiting'
              AND (NEW.state, NEW.decided_at_utc, NEW.decided_by_id, NEW.word, NEW.reference)
                  IS DISTINCT FROM
                  (OLD.state, OLD.decided_at_utc, OLD.decided_by_id, OLD.word, OLD.reference) THEN
        RAISE EXCEPTION 'refund request % is decided once', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'refund_request_is_decided_once';
    END IF;
    RETURN NEW;
"""

REFUND_FORWARD = """
    IF (NEW.id, NEW.payment_id, NEW.client_id, NEW.request_id, NEW.amount, NEW.made_at_utc)
           IS DISTINCT FROM
           (OLD.id, OLD.payment_id, OLD.client_id, OLD.request_id, OLD.amount, OLD.made_at_utc)
       OR array_position(ARRAY['sending', 'pending', 'succeeded', 'failed'], NEW.status::text)
              < array_position(ARRAY['sending', 'pending', 'succeeded', 'failed'], OLD.status::text)
       OR OLD.provider_id IS NOT NULL AND NEW.provider_id IS DISTINCT FROM OLD.provider_id THEN
        RAISE EXCEPTION 'refund % goes forward only', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'refund_goes_forward';
    END IF;
    RETURN NEW;
"""

# The services hold the payment's lock; so does this, for whoever comes by another way.
REFUNDS_WITHIN = """
    SELECT amount INTO paid FROM payments WHERE id = NEW.payment_id FOR NO KEY UPDATE;
    IF (SELECT sum(amount) FROM payment_refunds WHERE payment_id = NEW.payment_id AND status <> 'failed') > paid THEN
        RAISE EXCEPTION 'refund % is more than what is left of its payment', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_within_the_payment';
    END IF;
    RETURN NULL;
"""

DISPUTE_FORWARD = """
    IF (NEW.id, NEW.payment_id, NEW.client_id, NEW.provider_id, NEW.amount, NEW.opened_at_utc)
           IS DISTINCT FROM
           (OLD.id, OLD.payment_id, OLD.client_id, OLD.provider_id, OLD.amount, OLD.opened_at_utc)
       OR array_position(ARRAY['inquiry', 'open', 'lost', 'won'], NEW.status::text)
              < array_position(ARRAY['inquiry', 'open', 'lost', 'won'], OLD.status::text) THEN
        RAISE EXCEPTION 'dispute % goes forward only', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'dispute_goes_forward';
    END IF;
    RETURN NEW;
"""
