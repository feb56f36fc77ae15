"""Leads that must not be sold for now, and why. "Open" leaves them out from here on, so the partial indexes are made
anew."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import homeshield.lib.ids

REASONS = [
    ("opt_out", "Asked not to be sold"),
    ("erased", "Asked to be erased"),
    ("dead_number", "Dead number"),
    ("wrong_person", "Wrong person"),
    ("bad_load", "Bad load"),
    ("other", "Other"),
]
OPEN = models.Q(("lapsed_at_utc__isnull", True), ("sold_at_utc__isnull", True), ("withheld", False))
OPEN_LAST = models.Q(
    ("lapsed_at_utc__isnull", True),
    ("sold_at_utc__isnull", True),
    ("withheld", False),
    ("age_bucket", "MONTH_24_PLUS"),
)
INDEXES = {
    "inventory_open_by_county": (
        ["classification", "age_bucket", "state", "county", "expires_at_utc", "id"],
        OPEN,
    ),
    "inventory_open_by_state": (["classification", "age_bucket", "state", "expires_at_utc", "id"], OPEN),
    "inventory_open_by_cell": (["classification", "age_bucket", "expires_at_utc", "id"], OPEN),
    "inventory_open": (["expires_at_utc", "id"], OPEN),
    "inventory_open_last_by_entry": (["enters_at_utc"], OPEN_LAST),
}


def user():
    return models.ForeignKey(
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0002_storage_of_counts"),
        ("leads", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CommonKey",
            fields=[("key", models.UUIDField(editable=False, primary_key=True, serialize=False))],
            options={"db_table": "common_keys", "ordering": ["key"]},
        ),
        migrations.CreateModel(
            name="PersonLink",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "lead", "other", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="leads.lead",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.lead",
                    ),
                ),
            ],
            options={
                "db_table": "person_links",
                "ordering": ["lead", "other"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("lead", models.F("other")), _negated=True), name="person_link_of_two_leads"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reason", models.CharField(choices=REASONS, max_length=12)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("withdrawn_at_utc", models.DateTimeField(verbose_name="withdrawn (UTC)")),
                ("withdrawn_by", user()),
            ],
            options={
                "db_table": "withdrawals",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason__in", [value for value, _ in REASONS])),
                        name="withdrawal_reason_known",
                        violation_error_message="A lead is withdrawn for one of the known reasons.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WithdrawnLead",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "lead", "withdrawal", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawn",
                        to="leads.lead",
                    ),
                ),
                (
                    "withdrawal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="leads", to="inventory.withdrawal"
                    ),
                ),
            ],
            options={"db_table": "withdrawn_leads", "ordering": ["withdrawal", "lead"]},
        ),
        migrations.CreateModel(
            name="WithdrawalTakenBack",
            fields=[
                (
                    "withdrawal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="taken_back",
                        serialize=False,
                        to="inventory.withdrawal",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                ("taken_back_at_utc", models.DateTimeField(verbose_name="taken back (UTC)")),
                ("taken_back_by", user()),
            ],
            options={"db_table": "withdrawals_taken_back", "ordering": ["-withdrawal"]},
        ),
        migrations.CreateModel(
            name="WithheldLead",
            fields=[
                (
                    "lead",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="withheld",
                        serialize=False,
                        to="leads.lead",
                    ),
                ),
                ("withdrawn", models.BooleanField()),
                ("superseded", models.BooleanField()),
            ],
            options={
                "db_table": "withheld_leads",
                "ordering": ["lead"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("withdrawn", True), ("superseded", True), _connector="OR"),
                        name="withheld_for_a_reason",
                    )
                ],
            },
        ),
        *(migrations.RemoveIndex(model_name="inventoryrecord", name=name) for name in INDEXES),
        migrations.AddField(
            model_name="inventoryrecord",
            name="withheld",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="Its lead must not be sold for now: withdrawn, or a later inquiry of the person stands.",
            ),
        ),
        *(
            migrations.AddIndex(
                model_name="inventoryrecord",
                index=models.Index(*map(models.F, columns), condition=condition, name=name),
            )
            for name, (columns, condition) in INDEXES.items()
        ),
        migrations.AddConstraint(
            model_name="inventoryrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(("withheld", False), ("sold_at_utc__isnull", True), _connector="OR"),
                name="inventory_withheld_is_not_sold",
                violation_error_message="A record is not sold while its lead is withheld.",
            ),
        ),
    ]
