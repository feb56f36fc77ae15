"""Documents, which are final, the details that they are made with, and the mails that carry them."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from homeshield.accounts.company_names import UNSEEN
from homeshield.accounts.models import Client
from homeshield.billing.documents.facts import CONTENTS, DocumentKind, Facts, Party
from homeshield.billing.documents.render import LAYOUT
from homeshield.billing.documents.sheet import Sheet, sheet_of, title_text
from homeshield.lib.ids import new_id
from homeshield.lib.money import MoneyField, dollars
from homeshield.lib.personal_data import account
from homeshield.lib.table_rules import (
    APPEND,
    CHANGE,
    OF_OWN,
    OWN_CLIENT,
    OWN_CLIENT_SEES,
    STAFF,
    STAFF_LOOKS,
    OwnerFunction,
    Policy,
    TableRules,
)
from homeshield.lib.triggers import FirmTrigger

MOST_ADDRESSES = 5
"""To which a client's documents are mailed."""

LONGEST_NAME, LONGEST_ADDRESS, LONGEST_TAX_ID = 200, 500, 40
"""Characters."""

UNSEEN_IN_LINES = UNSEEN.replace(r"\u0000-\u001f", r"\u0000-\u0009\u000b-\u001f")
"""Line ends are seen."""

BY_PAGES = "kind IN ('invoice', 'credit_note')"
"""Statements are made by the tables' owner alone."""


class BillingDetails(models.Model):
    """What a client is called on documents, and where these are mailed to. Without a row: its company name alone."""

    client = models.OneToOneField(Client, on_delete=models.PROTECT, primary_key=True, related_name="billing_details")
    legal_name = account(models.CharField(max_length=LONGEST_NAME, blank=True))
    address = account(models.CharField(max_length=LONGEST_ADDRESS, blank=True))
    tax_id = account(models.CharField("tax ID", max_length=LONGEST_TAX_ID, blank=True))
    mail_to = ArrayField(models.EmailField(), default=list, blank=True)
    changed_at_utc = models.DateTimeField("changed (UTC)")
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    table_rules = TableRules(web_may=CHANGE, policies=(OWN_CLIENT, STAFF_LOOKS))

    class Meta:
        db_table = "billing_details"
        verbose_name_plural = "billing details"
        constraints = [
            models.CheckConstraint(
                name="billing_details_show_all_they_hold",
                condition=~Q(legal_name__regex=UNSEEN) & ~Q(tax_id__regex=UNSEEN) & ~Q(address__regex=UNSEEN_IN_LINES),
            ),
            models.CheckConstraint(name="billing_details_few_addresses", condition=Q(mail_to__len__lte=MOST_ADDRESSES)),
        ]

    def __str__(self) -> str:
        return f"Billing details of client {self.client_id}"


class Document(models.Model):
    """An invoice, a credit note or a statement: all that it says stands in this row, so it is the same for ever."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=11, choices=DocumentKind)
    number = models.BigIntegerField(help_text="Each kind counts for itself. An invoice has its order’s number.")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="documents", db_index=False)
    source_id = models.UUIDField("what it is for", null=True, help_text="The order or the return. Empty: a statement.")
    month = models.DateField(null=True, help_text="The first day of a statement’s month (UTC).")
    issued_at_utc = models.DateTimeField("issued (UTC)")
    total = MoneyField("total (USD)", help_text="Of a statement: the closing balance.")
    seller = models.JSONField()
    buyer = account(models.JSONField())
    contents = models.JSONField()
    layout = models.PositiveSmallIntegerField(default=LAYOUT, help_text="How it is set in type.")

    not_personal = ("seller", "contents")

    table_rules = TableRules(
        web_may=APPEND,
        policies=(
            OWN_CLIENT_SEES,
            STAFF_LOOKS,
            Policy("own_acts", "INSERT", check=f"{OF_OWN} AND {BY_PAGES}"),
            Policy("staff_acts", "INSERT", check=f"{STAFF} AND {BY_PAGES}"),
        ),
        functions=(
            # The web's role has no rights to sequences.
            OwnerFunction("next_credit_note_number()", "bigint", "SELECT nextval('credit_note_numbers')", writes=True),
        ),
    )

    class Meta:
        db_table = "documents"
        ordering = ["-issued_at_utc", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "number"],
                name="document_number_once",
                violation_error_message="There is a document of this number already.",
            ),
            models.UniqueConstraint(
                fields=["kind", "source_id"],
                name="document_once_for_its_source",
                violation_error_message="There is such a document already.",
            ),
            models.UniqueConstraint(
                fields=["client", "month"],
                condition=Q(kind=DocumentKind.STATEMENT),
                name="statement_once_a_month",
                violation_error_message="There is a statement for this month already.",
            ),
            models.CheckConstraint(name="document_kind_known", condition=Q(kind__in=DocumentKind.values)),
            models.CheckConstraint(
                name="document_is_for_something",
                condition=Q(kind=DocumentKind.STATEMENT, month__isnull=False, month__day=1, source_id__isnull=True)
                | ~Q(kind=DocumentKind.STATEMENT) & Q(month__isnull=True, source_id__isnull=False),
            ),
            models.CheckConstraint(
                name="document_total_not_negative", condition=Q(kind=DocumentKind.STATEMENT) | Q(total__gte=0)
            ),
        ]
        indexes = [
            models.Index("client", F("issued_at_utc").desc(), F("id").desc(), name="document_history"),
        ]
        triggers = [
            pgtrigger.Protect(name="document_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
            FirmTrigger(
                name="statement_follows_the_ledger",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__kind=DocumentKind.STATEMENT.value),
                declare=[
                    ("earlier", "record"),
                    ("opening", "numeric"),
                    ("closing", "numeric"),
                    ("first", "bigint"),
                    ("last", "bigint"),
                ],
                func="""
                    first := (NEW.contents ->> 'first_entry')::bigint;
                    last := (NEW.contents ->> 'last_entry')::bigint;
                    opening := (NEW.contents ->> 'opening')::numeric;
                    SELECT month, total, (contents ->> 'last_entry')::bigint AS entry INTO earlier
                    FROM documents
                    WHERE client_id = NEW.client_id AND kind = 'statement'
                    ORDER BY month DESC LIMIT 1;
                    IF NEW.month <= earlier.month OR first <> coalesce(earlier.entry, 0) + 1
                       OR opening <> coalesce(earlier.total, 0) OR last < first - 1 THEN
                        RAISE EXCEPTION 'statement % does not follow the one before it', NEW.id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_follows_the_one_before';
                    END IF;
                    SELECT balance_after INTO closing
                    FROM ledger_legs WHERE client_id = NEW.client_id AND entry = last;
                    IF last < first THEN
                        closing := opening;
                    END IF;
                    IF closing IS DISTINCT FROM NEW.total THEN
                        RAISE EXCEPTION 'statement % does not end with the balance of the ledger', NEW.id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_ends_as_the_ledger';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """`Invoice #10432`"""
        return title_text(DocumentKind(self.kind), self.number)

    @property
    def total_text(self) -> str:
        """`−$12.00` where the client owes it, at the end of a statement."""
        return dollars(self.total)

    @property
    def facts(self) -> Facts:
        kind = DocumentKind(self.kind)
        return Facts(
            kind=kind,
            number=self.number,
            issued_at_utc=self.issued_at_utc,
            total=self.total,
            seller=Party.from_json(self.seller),
            buyer=Party.from_json(self.buyer),
            contents=CONTENTS[kind].from_json(self.contents),
            month=self.month,
        )

    @property
    def sheet(self) -> Sheet:
        return sheet_of(self.facts)


class DocumentMail(models.Model):
    """A document to one address that the client named when the document was made. Sent once."""

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="mails", db_index=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    address = account(models.EmailField())
    given_at_utc = models.DateTimeField("given to the worker (UTC)", null=True)
    claimed_at_utc = models.DateTimeField("last tried (UTC)", null=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    sent_at_utc = models.DateTimeField("sent (UTC)", null=True)

    table_rules = TableRules(
        web_may=APPEND,
        policies=(
            OWN_CLIENT_SEES,
            STAFF_LOOKS,
            Policy("own_acts", "INSERT", check=OF_OWN),
            Policy("staff_acts", "INSERT", check=STAFF),
        ),
    )

    class Meta:
        db_table = "document_mails"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["document", "address"], name="document_mailed_once_to_an_address"),
            models.CheckConstraint(
                name="document_mail_sent_when_tried",
                condition=Q(sent_at_utc__isnull=True) | Q(claimed_at_utc__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["given_at_utc", "document"], name="document_mail_unsent", condition=Q(sent_at_utc__isnull=True)
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="document_mail_is_sent_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF OLD.sent_at_utc IS NOT NULL
                       OR (NEW.document_id, NEW.client_id, NEW.address)
                              IS DISTINCT FROM (OLD.document_id, OLD.client_id, OLD.address) THEN
                        RAISE EXCEPTION 'mail % of a document is sent once, to its address', OLD.id
                            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'document_mail_is_sent_once';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="document_mail_of_its_client",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (SELECT FROM documents WHERE id = NEW.document_id AND client_id = NEW.client_id)
                       OR NOT EXISTS (SELECT FROM billing_details
                                      WHERE client_id = NEW.client_id AND NEW.address = ANY (mail_to)) THEN
                        RAISE EXCEPTION 'a mail of a document goes to an address that its client named'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'document_mail_of_its_client';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Mail {self.id}"
