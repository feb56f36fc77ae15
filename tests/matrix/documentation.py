"""What docs/permissions.md promises: the matrix is tried against the documentation, not against the code."""

from pathlib import Path

from django.conf import settings

type Table = dict[str, dict[str, bool]]


def tables() -> list[Table]:
    """The tables of docs/permissions.md: for each heading of a column, whether each act is in it."""
    found: list[Table] = []
    head: list[str] = []
    for line in (settings.BASE_DIR / Path("docs/permissions.md")).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| |"):
            head = cells[1:]
            found.append({name: {} for name in head})
        elif line.startswith("| "):
            for name, cell in zip(head, cells[1:], strict=True):
                found[-1][name][cells[0]] = {"yes": True, "–": False}[cell]
    return found


def may(act: str, *, role: str, status: str) -> bool:
    """Whether somebody of this role ("API key" for a program) may do `act` (its label) at a company of this status."""
    by_role, by_status, _ = tables()
    return by_role[role][act] and by_status[status][act]


def staff_may(act: str, *, group: str) -> bool:
    _, _, staff = tables()
    return staff[group][act]
