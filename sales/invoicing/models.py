import pgtrigger

from homeshield.billing.documents.facts import DocumentKind
from homeshield.billing.documents.models import Document
from homeshield.lib.triggers import FirmOwnerTrigger


class OrderInvoice(Document):
    """Carries the trigger that holds an invoice to its order: its client, total and number."""

    class Meta:
        proxy = True
        default_permissions = ()
        triggers = [
            FirmOwnerTrigger(
                name="invoice_of_its_order",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__kind=DocumentKind.INVOICE.value),
                func="""
                    IF NOT EXISTS (SELECT FROM orders
                                   WHERE id = NEW.source_id
                                     AND (client_id, total, number) = (NEW.client_id, NEW.total, NEW.number)) THEN
                        RAISE EXCEPTION 'invoice % is not that of its order', NEW.id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_of_its_order';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]


def order_has_its_invoice() -> pgtrigger.Trigger:
    """On orders: a new one is invoiced at its commit. Older ones get their invoice when somebody asks for it."""
    return FirmOwnerTrigger(
        name="order_has_its_invoice",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func="""
            IF NOT EXISTS (SELECT FROM documents WHERE (kind, source_id) = ('invoice', NEW.id)) THEN
                RAISE EXCEPTION 'order % has no invoice', NEW.id
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'order_has_its_invoice';
            END IF;
            RETURN NULL;
        """,
    )
