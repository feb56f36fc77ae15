"""The filter's controls."""

import pytest
from django import forms
from pytest_django.asserts import assertHTMLEqual

from inventory.forms import QuickSelect


@pytest.mark.parametrize("attrs", [{}, {"disabled": True, "required": False, "aria-describedby": "id_county_error"}])
def test_a_quick_select_is_what_django_makes_of_it(attrs: dict[str, str | bool]) -> None:
    choices = [("", "All counties"), ("De Soto", "De Soto (1,204)"), ('a<b"', "A & <i>"), ("O'Brien", "O’Brien")]
    for value in ("", "De Soto", 'a<b"', "not offered"):
        ours, theirs = (
            select(choices=choices).render("county", value, attrs) for select in (QuickSelect, forms.Select)
        )
        assertHTMLEqual(ours, theirs)
