"""Erasure: what goes from a lead whose person asks for it, and what the books keep (contract, "Opt-out").

One function of the database erases (sales/privacy/erasure.py), and only the owner of the tables may call it. The
trigger of `leads` lets the change of that function through and no other.
"""

PERSONAL = (
    "city", "zip", "address", "full_name", "first_name", "last_name", "co_borrower_name", "borrower_phone",
    "call_in_phone_number", "borrower_age", "borrower_medical_issues", "borrower_tobacco_use", "co_borrower",
    "mortgage_id", "mortgage_amount", "lender", "sale_date", "call_in_date",
)  # fmt: skip
"""The columns that describe the person: those that the model marks `homeowner`. A test compares."""

KEYS = ("phone_key", "call_in_key")

FUNCTION = "erase_leads"

_KEPT = "to_jsonb({row}) - ARRAY[{changed}]"
_CHANGED = ", ".join(f"'{column}'" for column in (*PERSONAL, *KEYS, "natural_key", "erased_at_utc"))

IMMUTABLE = f"""
    IF TG_OP = 'UPDATE' THEN
        GET DIAGNOSTICS called_by = PG_CONTEXT;
        IF OLD.erased_at_utc IS NULL AND NEW.erased_at_utc IS NOT NULL
           AND num_nonnulls({", ".join(f"NEW.{column}" for column in (*PERSONAL, *KEYS))}) = 0
           AND {_KEPT.format(row="NEW", changed=_CHANGED)} = {_KEPT.format(row="OLD", changed=_CHANGED)}
           AND called_by ~ '\\m{FUNCTION}\\M' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a lead is immutable: Cannot update or delete %', OLD.id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'lead_is_immutable';
"""
"""The trigger's body. It looks at who calls, and at the change itself: all personal columns empty, the rest as it was,
and only once."""
