"""Looking loads up, and how one is told to programs."""

from typing import Any

from leads.loads.comparing import Comparison
from leads.loads.models import Load


def same_file_before(sha256: str, *, before: int | None) -> Load | None:
    """The latest load of a file with these bytes whose number is below `before` (None: of all)."""
    loads = Load.objects.filter(sha256=sha256).order_by("-id")
    return (loads if before is None else loads.filter(id__lt=before)).first()


def load_json(load: Load) -> dict[str, Any]:
    """A load in one line for programs; the keys are stable."""
    return {
        "load": load.id,
        "loaded_at": load.loaded_at_utc.isoformat(),
        "supplier": load.supplier or None,
        "file_name": load.file_name or None,
        "sha256": load.sha256,
        "loaded_by": load.loaded_by,
        "outcome": load.outcome,
        "rows": load.rows,
        "loaded": load.loaded,
        "duplicates": load.duplicates,
        "rejected": load.rejected,
        "opted_out": load.opted_out,
        "gold": load.gold,
        "silver": load.silver,
        "without_phone": load.without_phone,
        "seen_before": load.seen_before,
        "common_keys": load.common_keys,
    }


def load_json_in_full(load: Load, comparison: Comparison, same: Load | None) -> dict[str, Any]:
    """A load with its whole report."""
    return load_json(load) | {
        "reject_reasons": dict(sorted(load.reject_reasons.items(), key=lambda item: (-item[1], item[0]))),
        "missing_columns": load.missing_columns,
        "unknown_columns": load.unknown_columns,
        "unmatched_leads": load.unmatched_leads,
        "unmatched_counties": load.unmatched_counties,
        **comparison_json(comparison, same),
    }


def comparison_json(comparison: Comparison, same: Load | None) -> dict[str, Any]:
    """What a load has in common with earlier ones. Shares are from 0 to 1."""
    return {
        "same_file_as": same.id if same else None,
        "compared_with_loads": comparison.loads,
        "shares": [
            {
                "of": share.name,
                "share": round(share.share, 4),
                "usual": None if share.usual is None else round(share.usual, 4),
                "far": share.is_far,
            }
            for share in comparison.shares
        ],
    }
