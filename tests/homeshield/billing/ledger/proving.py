from collections.abc import Sequence

from django.db import connection

from homeshield.billing.ledger.proofs import Proof, proved


def faults(proofs: Sequence[Proof]) -> list[str]:
    """What does not hold, within the test's own transaction."""
    with connection.cursor() as cursor:
        return [one.what for one in (proved(cursor, proof) for proof in proofs) if not one.holds]
