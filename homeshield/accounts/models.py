"""Who uses the shop: users, and the clients (buying companies) that they buy for."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower, Now

from homeshield.lib.ids import new_id


class ClientStatus(models.TextChoices):
    """What a client may do; only an active one buys."""

    PENDING = "pending", "Pending approval"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    CLOSED = "closed", "Closed"


class Client(models.Model):
    """A buying company. Orders, sales and exports belong to it, not to the user who clicked."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("company name", max_length=200)
    status = models.CharField(max_length=10, choices=ClientStatus, default=ClientStatus.PENDING)
    created_at_utc = models.DateTimeField("created", db_default=Now(), editable=False)

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
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def may_buy(self) -> bool:
        return self.status == ClientStatus.ACTIVE


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address; addresses are compared and kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """A user who can sign in; without a password one must be set by a reset first.

        Raises ValueError where the address is empty, IntegrityError where it is taken.
        """
        if not email.strip():
            raise ValueError("A user needs an e-mail address: it is the name to sign in with.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """A member of staff with every permission."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by e-mail: a buyer for one client, or a member of staff (without a client)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(
        "e-mail address", unique=True, error_messages={"unique": "Another user has this e-mail address."}
    )
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="users", verbose_name="client"
    )
    is_staff = models.BooleanField("staff", default=False, help_text="May enter the admin pages.")
    is_active = models.BooleanField("active", default=True, help_text="Switch off instead of deleting.")
    created_at_utc = models.DateTimeField("created", db_default=Now(), editable=False)

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
                violation_error_message="E-mail addresses are kept in lower case.",
            ),
        ]

    def __str__(self) -> str:
        return self.email
