import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import homeshield.lib.ids
import homeshield.lib.money


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_cache_and_allowances"),
        ("billing", "0003_budget_once_per_client_and_user"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerTransactionOfPayments",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("billing.ledgertransaction",),
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "provider",
                    models.CharField(
                        choices=[("stripe", "Stripe"), ("transfer", "Bank transfer")], max_length=8, verbose_name="way"
                    ),
                ),
                ("automatic", models.BooleanField(default=False, help_text="An automatic top-up with the saved card.")),
                (
                    "amount",
                    homeshield.lib.money.MoneyField(decimal_places=2, max_digits=12, verbose_name="amount (USD)"),
                ),
                ("currency", models.CharField(default="USD", max_length=3)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Not paid yet"),
                            ("processing", "On its way"),
                            ("expired", "Expired"),
                            ("failed", "Failed"),
                            ("paid", "Paid"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("session_id", models.CharField(max_length=255, null=True, verbose_name="Checkout session")),
                ("intent_id", models.CharField(max_length=255, null=True, verbose_name="payment intent")),
                (
                    "reference",
                    models.CharField(
                        help_text="By which the bank statement names the transfer.", max_length=100, null=True
                    ),
                ),
                (
                    "return_to",
                    models.CharField(blank=True, help_text="The page to go on with, once it is paid.", max_length=500),
                ),
                ("started_at_utc", models.DateTimeField(verbose_name="started (UTC)")),
                ("paid_at_utc", models.DateTimeField(null=True, verbose_name="paid (UTC)")),
                ("failure", models.CharField(blank=True, max_length=100, verbose_name="reason for the failure")),
                ("told_at_utc", models.DateTimeField(null=True, verbose_name="told of the failure (UTC)")),
                ("reversed_at_utc", models.DateTimeField(null=True, verbose_name="reversed (UTC)")),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="accounts.client",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "payments",
                "ordering": ["-started_at_utc", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("provider_id", models.CharField(max_length=255, verbose_name="dispute at Stripe")),
                (
                    "amount",
                    homeshield.lib.money.MoneyField(decimal_places=2, max_digits=12, verbose_name="amount (USD)"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("inquiry", "Inquiry"), ("open", "Open"), ("lost", "Lost"), ("won", "Won")],
                        max_length=7,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=100)),
                ("opened_at_utc", models.DateTimeField(verbose_name="opened (UTC)")),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.client",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="billing.payment",
                    ),
                ),
            ],
            options={
                "db_table": "payment_disputes",
                "ordering": ["-opened_at_utc", "-id"],
            },
        ),
        migrations.CreateModel(
            name="PaymentEvent",
            fields=[
                ("id", models.CharField(editable=False, max_length=255, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=100)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("applied", "Applied"),
                            ("foreign", "Not about this shop"),
                            ("refused", "Does not agree with the payment"),
                        ],
                        max_length=8,
                    ),
                ),
                ("said", models.CharField(blank=True, max_length=200, verbose_name="what disagrees")),
                ("received_at_utc", models.DateTimeField(verbose_name="received (UTC)")),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.client",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="billing.payment",
                    ),
                ),
            ],
            options={
                "verbose_name": "event from Stripe",
                "verbose_name_plural": "events from Stripe",
                "db_table": "payment_events",
                "ordering": ["-received_at_utc", "-id"],
            },
        ),
        migrations.CreateModel(
            name="RefundRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "amount",
                    homeshield.lib.money.MoneyField(decimal_places=2, max_digits=12, verbose_name="amount (USD)"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting for staff"), ("done", "Refunded"), ("declined", "Declined")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("asked_at_utc", models.DateTimeField(verbose_name="asked (UTC)")),
                ("decided_at_utc", models.DateTimeField(null=True, verbose_name="decided (UTC)")),
                ("word", models.CharField(blank=True, max_length=500, verbose_name="word to the owner")),
                (
                    "reference",
                    models.CharField(
                        help_text="By which the bank statement names the transfer back, of what came by transfer.",
                        max_length=100,
                        null=True,
                    ),
                ),
                ("told_at_utc", models.DateTimeField(null=True, verbose_name="told (UTC)")),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refund_requests",
                        to="accounts.client",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "refund_requests",
                "ordering": ["-asked_at_utc", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "amount",
                    homeshield.lib.money.MoneyField(decimal_places=2, max_digits=12, verbose_name="amount (USD)"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("sending", "Being sent"),
                            ("pending", "On its way"),
                            ("succeeded", "Refunded"),
                            ("failed", "Failed"),
                        ],
                        max_length=9,
                    ),
                ),
                ("provider_id", models.CharField(max_length=255, null=True, verbose_name="refund at Stripe")),
                ("made_at_utc", models.DateTimeField(verbose_name="made (UTC)")),
                ("failure", models.CharField(blank=True, max_length=100, verbose_name="reason for the failure")),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.client",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="billing.payment",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="billing.refundrequest",
                    ),
                ),
            ],
            options={
                "db_table": "payment_refunds",
                "ordering": ["-made_at_utc", "-id"],
            },
        ),
        migrations.CreateModel(
            name="TopUp",
            fields=[
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="top_up",
                        serialize=False,
                        to="accounts.client",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("off", "Off"), ("on", "On"), ("paused", "Paused")], default="off", max_length=6
                    ),
                ),
                (
                    "threshold",
                    homeshield.lib.money.MoneyField(
                        decimal_places=2, max_digits=12, verbose_name="when the balance falls below (USD)"
                    ),
                ),
                (
                    "amount",
                    homeshield.lib.money.MoneyField(decimal_places=2, max_digits=12, verbose_name="amount (USD)"),
                ),
                ("customer_id", models.CharField(max_length=255, null=True, verbose_name="customer at Stripe")),
                (
                    "session_id",
                    models.CharField(max_length=255, null=True, verbose_name="Checkout session that saves a card"),
                ),
                ("card_id", models.CharField(max_length=255, null=True, verbose_name="card at Stripe")),
                ("card_label", models.CharField(blank=True, max_length=60, verbose_name="card")),
                ("changed_at_utc", models.DateTimeField(verbose_name="changed (UTC)")),
                (
                    "changed_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "paused_after",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.payment",
                        verbose_name="failed payment",
                    ),
                ),
            ],
            options={
                "verbose_name": "automatic top-up",
                "db_table": "top_ups",
                "ordering": ["client"],
            },
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                models.F("client"),
                models.OrderBy(models.F("started_at_utc"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="payment_by_client",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                models.F("started_at_utc"),
                condition=models.Q(("status__in", ("open", "processing"))),
                name="payment_under_way",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                models.F("id"),
                condition=models.Q(("status", "failed"), ("told_at_utc__isnull", True)),
                name="payment_failure_untold",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(fields=("id", "client"), name="payment_of_its_client"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(fields=("session_id",), name="payment_once_for_each_session"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(fields=("intent_id",), name="payment_once_for_each_intent"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Upper("reference"),
                condition=models.Q(("reversed_at_utc__isnull", True)),
                name="payment_reference_once",
                violation_error_message="A transfer with this reference is recorded already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("automatic", True), ("status__in", ("open", "processing"))),
                fields=("client",),
                name="payment_one_top_up_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="payment_amount_positive"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(condition=models.Q(("currency", "USD")), name="payment_currency_known"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("provider__in", ["stripe", "transfer"])), name="payment_provider_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["open", "processing", "expired", "failed", "paid"])),
                name="payment_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paid_at_utc__isnull", False), ("status", "paid")),
                    models.Q(models.Q(("status", "paid"), _negated=True), ("paid_at_utc__isnull", True)),
                    _connector="OR",
                ),
                name="payment_paid_at_an_instant",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("automatic", False), ("provider", "transfer"), ("reference__regex", "\\S"), ("status", "paid")
                    ),
                    models.Q(("provider", "stripe"), ("reference__isnull", True)),
                    _connector="OR",
                ),
                name="payment_by_transfer_is_paid_and_has_a_reference",
            ),
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(models.F("payment"), name="dispute_by_payment"),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.UniqueConstraint(fields=("provider_id",), name="dispute_once"),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="dispute_amount_positive"),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["inquiry", "open", "lost", "won"])), name="dispute_status_known"
            ),
        ),
        migrations.AddIndex(
            model_name="paymentevent",
            index=models.Index(models.F("payment"), models.F("received_at_utc"), name="payment_event_by_payment"),
        ),
        migrations.AddIndex(
            model_name="paymentevent",
            index=models.Index(
                models.OrderBy(models.F("received_at_utc"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="payment_event_by_instant",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["applied", "foreign", "refused"])),
                name="payment_event_outcome_known",
            ),
        ),
        migrations.AddIndex(
            model_name="refundrequest",
            index=models.Index(
                models.F("client"),
                models.OrderBy(models.F("asked_at_utc"), descending=True),
                name="refund_request_by_client",
            ),
        ),
        migrations.AddIndex(
            model_name="refundrequest",
            index=models.Index(
                models.F("asked_at_utc"), condition=models.Q(("state", "waiting")), name="refund_request_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="refundrequest",
            index=models.Index(
                models.F("id"),
                condition=models.Q(("decided_at_utc__isnull", False), ("told_at_utc__isnull", True)),
                name="refund_request_untold",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.UniqueConstraint(fields=("id", "client"), name="refund_request_of_its_client"),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")),
                fields=("client",),
                name="refund_request_one_at_a_time",
                violation_error_message="Your company is waiting for a refund already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Upper("reference"),
                name="refund_request_reference_once",
                violation_error_message="A transfer back with this reference is recorded already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="refund_request_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "done", "declined"])), name="refund_request_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at_utc__isnull", True), ("decided_by__isnull", True), ("state", "waiting")),
                    models.Q(
                        models.Q(("state", "waiting"), _negated=True),
                        ("decided_at_utc__isnull", False),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="refund_request_decided_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(models.F("payment"), models.F("made_at_utc"), name="refund_by_payment"),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                models.F("request"), condition=models.Q(("request__isnull", False)), name="refund_by_request"
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                models.F("made_at_utc"), condition=models.Q(("status", "sending")), name="refund_sending"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(fields=("provider_id",), name="refund_once"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="refund_amount_positive"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["sending", "pending", "succeeded", "failed"])),
                name="refund_status_known",
            ),
        ),
        migrations.AddIndex(
            model_name="topup",
            index=models.Index(models.F("client"), condition=models.Q(("state", "on")), name="top_up_on"),
        ),
        migrations.AddConstraint(
            model_name="topup",
            constraint=models.UniqueConstraint(fields=("customer_id",), name="top_up_customer_once"),
        ),
        migrations.AddConstraint(
            model_name="topup",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["off", "on", "paused"])), name="top_up_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="topup",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="top_up_amount_positive"),
        ),
        migrations.AddConstraint(
            model_name="topup",
            constraint=models.CheckConstraint(
                condition=models.Q(("threshold__gt", 0)), name="top_up_threshold_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="topup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "on"), _negated=True),
                    models.Q(("card_id__isnull", False), ("customer_id__isnull", False)),
                    _connector="OR",
                ),
                name="top_up_on_with_a_card",
            ),
        ),
        # What belongs to a payment or a request belongs to its client.
        migrations.RunSQL(
            """
            ALTER TABLE payment_events ADD CONSTRAINT payment_event_of_the_client_of_its_payment
                FOREIGN KEY (payment_id, client_id) REFERENCES payments (id, client_id);
            ALTER TABLE payment_refunds ADD CONSTRAINT refund_of_the_client_of_its_payment
                FOREIGN KEY (payment_id, client_id) REFERENCES payments (id, client_id),
                ADD CONSTRAINT refund_of_the_client_of_its_request
                FOREIGN KEY (request_id, client_id) REFERENCES refund_requests (id, client_id);
            ALTER TABLE payment_disputes ADD CONSTRAINT dispute_of_the_client_of_its_payment
                FOREIGN KEY (payment_id, client_id) REFERENCES payments (id, client_id);
            """,
            migrations.RunSQL.noop,
        ),
    ]
