"""An invitation that is accepted while its company changes its team."""

from datetime import datetime
from functools import partial

import pytest
from django.db import transaction

from homeshield.accounts.models import Client, Invitation, User
from homeshield.accounts.permissions import ClientRole
from homeshield.accounts.team import invitation_accept, invitation_send
from tests.concurrency.parallel import rival, run_beside
from tests.factories import PASSWORD, UserFactory


@pytest.mark.django_db(transaction=True)
def test_who_accepts_an_invitation_holds_nothing_while_the_team_is_being_changed(as_of: datetime) -> None:
    """Else the two could wait for one another: an invitation that is sent anew withdraws the one before."""
    owner = UserFactory()
    assert owner.client is not None
    tokens: list[str] = []
    invitation = invitation_send(
        client_id=owner.client.id,
        email="ann@acme.example",
        role=ClientRole.BUYER,
        by=owner,
        link_of=lambda token: tokens.append(token) or "",  # type: ignore[func-returns-value]
        as_of=as_of,
    )
    accept = partial(invitation_accept, token=tokens[0], password=PASSWORD, as_of=as_of)
    with rival(partial(Client.objects.select_for_update().get, id=owner.client.id)) as change:

        def send_anew() -> None:
            with transaction.atomic():
                Invitation.objects.select_for_update(nowait=True).get(id=invitation.id)
            change.end(commit=True)

        accepted = run_beside(accept, then=send_anew)
    assert isinstance(accepted, User), accepted
    assert accepted.client_id == owner.client.id
