from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models.functions import Lower, Now
from django.utils.crypto import salted_hmac

from homeshield.accounts.allowance_models import ApiAllowance as ApiAllowance
from homeshield.accounts.allowance_models import PreviewAllowance as PreviewAllowance
from homeshield.accounts.company_names import UNSEEN
from homeshield.accounts.errors import EmailTaken
from homeshield.accounts.key_models import ApiKey as ApiKey
from homeshield.accounts.permissions import ROLE_MAY, Act, ClientRole, allowed
from homeshield.accounts.permissions import ClientStatus as ClientStatus
from homeshield.accounts.team_models import Invitation as Invitation
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.ids import new_id
from homeshield.lib.personal_data import account
from homeshield.lib.states import STATES
from homeshield.lib.table_rules import APPEND, CHANGE, TableRules
from homeshield.lib.triggers import FirmTrigger


class Client(models.Model):
    """A buying company. It, not its user, owns orders, sales and exports."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("company name", max_length=200)
    status = models.CharField(max_length=10, choices=ClientStatus, default=ClientStatus.PENDING)
    licensed_states = ArrayField(
        models.CharField(max_length=2),
        default=list,
        blank=True,
        help_text="Where the company is licensed. It sees and buys nothing in other states. Empty means all states.",
    )
    requires_second_factor = models.BooleanField(
        default=False, help_text="Its users must set up two-step verification before they see anything of the company."
    )
    created_at_utc = models.DateTimeField("created", db_default=Now(), editable=False)

    not_personal = ("name",)

    table_rules = TableRules(web_may=CHANGE)

    class Meta:
        db_table = "clients"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                name="client_status_known",
                condition=models.Q(status__in=ClientStatus.values),
                violation_error_message="A client is pending, active, suspended or closed.",
            ),
            models.CheckConstraint(
                name="client_name_not_blank",
                condition=~models.Q(name__regex=r"^\s*$"),
                violation_error_message="A client has a company name.",
            ),
            models.CheckConstraint(
                name="client_licensed_states_known",
                condition=models.Q(licensed_states__contained_by=sorted(STATES)),
                violation_error_message="Licensed states are given by their codes, such as LA and TX.",
            ),
            models.CheckConstraint(
                name="client_name_shows_all_it_holds",
                condition=~models.Q(name__regex=UNSEEN),
                violation_error_message="A company name has no control characters or invisible characters.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="client_second_factor_begins_with_an_owner",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("requires_second_factor"),
                condition=pgtrigger.Q(new__requires_second_factor=True),
                # 'totp' and 'webauthn': as in second_factor.py.
                func="""
                    IF NOT EXISTS (
                        SELECT FROM users JOIN mfa_authenticator ON mfa_authenticator.user_id = users.id
                        WHERE users.client_id = NEW.id AND users.role = 'owner' AND users.is_active
                          AND mfa_authenticator.type IN ('totp', 'webauthn')
                    )
                    THEN
                        RAISE EXCEPTION 'no owner of client % has a second factor', NEW.id
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'client_second_factor_begins_with_an_owner';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ClientChange(models.Model):
    """A change of standing by staff. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="changes")
    changed_at_utc = models.DateTimeField("changed (UTC)")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=ClientStatus)
    licensed_states = ArrayField(models.CharField(max_length=2), default=list)
    reason = models.CharField(max_length=500)

    not_personal = ("reason",)

    table_rules = TableRules(web_may=APPEND)

    class Meta:
        db_table = "client_changes"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="client_change_has_a_reason", condition=~models.Q(reason__regex=r"^\s*$")),
        ]
        triggers = [
            pgtrigger.Protect(name="client_change_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"Change {self.id}"


class UserManager(BaseUserManager["User"]):
    """Keeps email addresses in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Raises ValueError for an empty address, IntegrityError for a taken one."""
        if not email.strip():
            raise ValueError("A user needs an email address: it is the name to sign in with.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Records it here: Django's `createsuperuser` calls no service."""
        with transaction.atomic(using=self._db):
            user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
            audit_record(
                action=AuditAction.USER_CREATE,
                obj=user,
                details={"is_staff": True, "is_superuser": True},
                as_of=None,
            )
            return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


ONLY_THE_OWNER = """
    IF pg_catalog.pg_has_role(current_user, (SELECT relowner FROM pg_catalog.pg_class WHERE oid = TG_RELID), 'USAGE')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'only the owner of the tables makes members of staff'
        USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'staff_is_made_by_the_owner',
              HINT = 'Use manage.py staff.';
"""


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in, for a client or as staff."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = account(models.EmailField("email address", unique=True, error_messages={"unique": EmailTaken().message}))
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="users", verbose_name="client"
    )
    role = models.CharField(
        max_length=6,
        choices=ClientRole,
        default=ClientRole.VIEWER,
        help_text="What the user may do for the client.",
    )
    is_staff = models.BooleanField("staff", default=False, help_text="Can open the administration.")
    is_active = models.BooleanField("active", default=True, help_text="Switch off instead of deleting.")
    created_at_utc = models.DateTimeField("created", db_default=Now(), editable=False)

    table_rules = TableRules(web_may=CHANGE)  # Django's `save()` names all columns; triggers guard those of staff

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "users"
        ordering = ["email"]
        constraints = [
            models.CheckConstraint(
                name="user_email_in_lower_case",
                condition=models.Q(email=Lower("email")),
                violation_error_message="Email addresses are kept in lower case.",
            ),
            models.CheckConstraint(
                name="user_role_known",
                condition=models.Q(role__in=ClientRole.values),
                violation_error_message="A user is an owner, a buyer or a viewer.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="client_keeps_an_owner",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("client_id", "role", "is_active") | pgtrigger.Delete,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(old__client__isnull=False) & pgtrigger.Q(old__role=ClientRole.OWNER.value),
                # Lock the client first: of two owners who remove each other, the second is refused.
                func="""
                    PERFORM FROM clients WHERE id = OLD.client_id FOR UPDATE;
                    IF EXISTS (SELECT FROM users WHERE client_id = OLD.client_id AND is_active)
                       AND NOT EXISTS (
                           SELECT FROM users WHERE client_id = OLD.client_id AND is_active AND role = 'owner'
                       )
                    THEN
                        RAISE EXCEPTION 'client % would be left without an owner', OLD.client_id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'client_keeps_an_owner';
                    END IF;
                    RETURN NULL;
                """,
            ),
            FirmTrigger(
                name="staff_is_made_by_the_owner",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__is_staff=True) | pgtrigger.Q(new__is_superuser=True),
                func=ONLY_THE_OWNER,
            ),
            FirmTrigger(
                name="staff_is_changed_by_the_owner",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("is_staff", "is_superuser"),
                func=ONLY_THE_OWNER,
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Includes the email, so that changing it ends sessions too."""
        signed_in_by = f"{self.password}\n{self.email}"
        return salted_hmac("homeshield.accounts.session", signed_in_by, secret=secret, algorithm="sha256").hexdigest()

    @property
    def granted(self) -> frozenset[Act]:
        """What the role allows, whatever the client's status."""
        return ROLE_MAY[ClientRole(self.role)] if self.client_id else frozenset()

    @property
    def acts(self) -> frozenset[Act]:
        """What the user may do now."""
        return allowed(granted=self.granted, status=self.client.status) if self.client else frozenset()
