"""Refusals to withdraw leads, or to take that back."""

from collections.abc import Sequence
from uuid import UUID

from homeshield.lib.errors import DomainError


class WithdrawalRefused(DomainError):
    """`field` names the field of the form that it is about."""

    code, status = "withdrawal_refused", 422
    sentence = "{reason}"
    field: str
    reason: str


class LeadsNotFound(DomainError):
    code, status, title = "leads_not_found", 404, "Leads not found"
    sentence = "There are no such leads: {lead_ids}. Nothing was withdrawn."
    lead_ids: Sequence[UUID]


class NothingToWithdraw(DomainError):
    code, status = "nothing_to_withdraw", 404
    sentence = "No lead was loaded by it, so there is nothing to withdraw."


class WithdrawalNotFound(DomainError):
    code, status, title = "withdrawal_not_found", 404, "Withdrawal not found"
    sentence = "There is no such withdrawal."


class WithdrawnForEver(DomainError):
    code, status = "withdrawn_for_ever", 409
    sentence = "A person asked for this withdrawal, so nobody takes it back."


class TakenBackAlready(DomainError):
    code, status = "taken_back_already", 409
    sentence = "This withdrawal was taken back before."
