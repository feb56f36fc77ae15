import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import homeshield.lib.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Client",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="company name")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending approval"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("closed", "Closed"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                (
                    "licensed_states",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=2),
                        blank=True,
                        default=list,
                        help_text="Where the company is licensed. It sees and buys nothing in other states. Empty means all states.",
                    ),
                ),
                (
                    "requires_second_factor",
                    models.BooleanField(
                        default=False,
                        help_text="Its users must set up two-step verification before they see anything of the company.",
                    ),
                ),
                (
                    "created_at_utc",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created"
                    ),
                ),
            ],
            options={
                "db_table": "clients",
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="ClientChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("changed_at_utc", models.DateTimeField(verbose_name="changed (UTC)")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending approval"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("closed", "Closed"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "licensed_states",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), default=list),
                ),
                ("reason", models.CharField(max_length=500)),
            ],
            options={
                "db_table": "client_changes",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="email address")),
                (
                    "role",
                    models.CharField(
                        choices=[("owner", "Owner"), ("buyer", "Buyer"), ("viewer", "Viewer")], max_length=6
                    ),
                ),
                ("created_at_utc", models.DateTimeField()),
                ("expires_at_utc", models.DateTimeField()),
                ("accepted_at_utc", models.DateTimeField(null=True)),
                ("withdrawn_at_utc", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "invitations",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        error_messages={"unique": "Another user has this email address. Use another one."},
                        max_length=254,
                        unique=True,
                        verbose_name="email address",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("owner", "Owner"), ("buyer", "Buyer"), ("viewer", "Viewer")],
                        default="viewer",
                        help_text="What the user may do for the client.",
                        max_length=6,
                    ),
                ),
                (
                    "is_staff",
                    models.BooleanField(default=False, help_text="Can open the administration.", verbose_name="staff"),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True, help_text="Switch off instead of deleting.", verbose_name="active"
                    ),
                ),
                (
                    "created_at_utc",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created"
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "db_table": "users",
                "ordering": ["email"],
            },
        ),
        migrations.CreateModel(
            name="ApiAllowance",
            fields=[
                ("subject", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("full_at_utc", models.DateTimeField()),
            ],
            options={
                "db_table": "api_allowances",
                "indexes": [models.Index(fields=["full_at_utc"], name="api_allowance_by_full_at")],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=homeshield.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(help_text="What uses the key, such as “Nightly import”.", max_length=100)),
                ("prefix", models.CharField(editable=False, max_length=24, unique=True, verbose_name="begins with")),
                ("digest", models.BinaryField(max_length=32)),
                ("created_at_utc", models.DateTimeField(editable=False, verbose_name="made (UTC)")),
                ("last_used_at_utc", models.DateTimeField(editable=False, null=True, verbose_name="last used (UTC)")),
                ("revoked_at_utc", models.DateTimeField(editable=False, null=True, verbose_name="revoked (UTC)")),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "API key",
                "db_table": "api_keys",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="PreviewAllowance",
            fields=[
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.client",
                    ),
                ),
                ("day", models.DateField(verbose_name="day (UTC)")),
                ("shown", models.PositiveIntegerField(verbose_name="leads shown that day")),
                (
                    "granted",
                    models.PositiveIntegerField(
                        help_text="How the page learns what it may show.", verbose_name="of them by the last page"
                    ),
                ),
            ],
            options={
                "db_table": "preview_allowances",
            },
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["pending", "active", "suspended", "closed"])),
                name="client_status_known",
                violation_error_message="A client is pending, active, suspended or closed.",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(("name__regex", "^\\s*$"), _negated=True),
                name="client_name_not_blank",
                violation_error_message="A client has a company name.",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "licensed_states__contained_by",
                        [
                            "AA",
                            "AE",
                            "AK",
                            "AL",
                            "AP",
                            "AR",
                            "AS",
                            "AZ",
                            "CA",
                            "CO",
                            "CT",
                            "DC",
                            "DE",
                            "FL",
                            "GA",
                            "GU",
                            "HI",
                            "IA",
                            "ID",
                            "IL",
                            "IN",
                            "KS",
                            "KY",
                            "LA",
                            "MA",
                            "MD",
                            "ME",
                            "MI",
                            "MN",
                            "MO",
                            "MP",
                            "MS",
                            "MT",
                            "NC",
                            "ND",
                            "NE",
                            "NH",
                            "NJ",
                            "NM",
                            "NV",
                            "NY",
                            "OH",
                            "OK",
                            "OR",
                            "PA",
                            "PR",
                            "RI",
                            "SC",
                            "SD",
                            "TN",
                            "TX",
                            "UM",
                            "UT",
                            "VA",
                            "VI",
                            "VT",
                            "WA",
                            "WI",
                            "WV",
                            "WY",
                        ],
                    )
                ),
                name="client_licensed_states_known",
                violation_error_message="Licensed states are given by their codes, such as LA and TX.",
            ),
        ),
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "name__regex",
                        "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\U00013430-\\U0001343f\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff]",
                    ),
                    _negated=True,
                ),
                name="client_name_shows_all_it_holds",
                violation_error_message="A company name has no control characters or invisible characters.",
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="client",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="api_keys", to="accounts.client"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="client",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="users",
                to="accounts.client",
                verbose_name="client",
            ),
        ),
        migrations.AddField(
            model_name="clientchange",
            name="changed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="clientchange",
            name="client",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="accounts.client"
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="client",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="invitations", to="accounts.client"
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="invited_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("name__regex", "^\\s*$"), _negated=True),
                name="api_key_name_not_blank",
                violation_error_message="Give the key a name, so that you know later what uses it.",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.UniqueConstraint(fields=("id", "client"), name="api_key_of_one_client"),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                name="user_email_in_lower_case",
                violation_error_message="Email addresses are kept in lower case.",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["owner", "buyer", "viewer"])),
                name="user_role_known",
                violation_error_message="A user is an owner, a buyer or a viewer.",
            ),
        ),
        migrations.AddConstraint(
            model_name="clientchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__regex", "^\\s*$"), _negated=True), name="client_change_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("accepted_at_utc__isnull", True), ("withdrawn_at_utc__isnull", True)),
                fields=("client", "email"),
                name="invitation_open_once_per_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["owner", "buyer", "viewer"])), name="invitation_role_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                name="invitation_email_in_lower_case",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at_utc__gt", models.F("created_at_utc"))), name="invitation_runs_out_later"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("accepted_at_utc__isnull", True),
                    models.Q(("accepted_at_utc__lt", models.F("expires_at_utc")), ("withdrawn_at_utc__isnull", True)),
                    _connector="OR",
                ),
                name="invitation_accepted_in_time",
            ),
        ),
    ]
