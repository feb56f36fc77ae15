"""Refusals of suppression lists. None repeats what a line or an entry says: it may be somebody's number."""

from homeshield.lib.errors import DomainError
from inventory.suppression.models import MOST_ENTRIES

MOST_LISTS = 50
"""Of one client, those that are over not counted."""


class ListNotFound(DomainError):
    code, status, title = "suppression_list_not_found", 404, "List not found"
    sentence = "Your company has no such suppression list."


class ListNameTaken(DomainError):
    code, status = "suppression_list_name_taken", 409
    sentence = "Your company has a suppression list of this name already. Choose another name."


class TooManyLists(DomainError):
    code, status = "too_many_suppression_lists", 409
    sentence = f"Your company has {MOST_LISTS} suppression lists. Remove one, or add the entries to one."


class ListFull(DomainError):
    code, status = "suppression_list_full", 409
    sentence = f"A suppression list has at most {MOST_ENTRIES:,} entries. Start another list."


class ListOver(DomainError):
    code, status = "suppression_list_over", 409
    sentence = "This suppression list has ended or is being removed. Start a new one."


class EndsInThePast(DomainError):
    code, status = "ends_in_the_past", 422
    sentence = "The last day lies in the past. Choose today or a later day, or remove the list."


class UploadGone(DomainError):
    code, status, title = "upload_gone", 404, "Upload not found"
    sentence = "This upload was confirmed or discarded already, or is a day old. Look at the list, or upload again."


class UnreadableUpload(DomainError):
    """The whole upload is refused, and nothing of it is kept."""

    code, status = "unreadable_upload", 422
    sentence = "{reason}"
    reason: str


class ListTooLarge(DomainError):
    code, status, title = "list_too_large", 413, "The file is too large"
    sentence = "A list has at most {megabytes} MB. Leave other columns out, or split it."
    megabytes: int
