"""Keys, and what they tell."""

from uuid import UUID

from homeshield.lib.ids import id_as_old_as, new_id


def test_a_key_as_old_as_another_tells_that_one_s_instant_and_is_new() -> None:
    other = UUID("01890a5d-ac96-774b-bcce-b302099a8057")  # of 2023
    made = {id_as_old_as(other) for _ in range(100)}
    assert len(made) == 100
    assert {key.int >> 80 for key in made} == {other.int >> 80}
    assert {(key.version, key.variant) for key in made} == {(7, new_id().variant)}
