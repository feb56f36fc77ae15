"""The file of the starting prices is taken whole or refused whole, with the line at fault."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from pricing import starting_prices as module
from pricing.models import PriceRule
from pricing.starting_prices import STARTING_PRICES

GOOD = STARTING_PRICES.read_text()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "starting_prices.csv"
    monkeypatch.setattr(module, "STARTING_PRICES", path)
    return path


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ("10.00", "1_0.00", "line 2: '1_0.00' is not a price. Write it in digits, such as 8.50."),
        ("10.00", "1e1", "line 2: '1e1' is not a price. Write it in digits, such as 8.50."),
        ("10.00", "-10.00", "line 2: '-10.00' is not a price. Write it without a plus or minus sign."),
        ("10.00", "10.001", "line 2: '10.001' is not a price. A price has at most two decimals."),
        ("10.00", "0.00", "line 2: At 0.00 leads are given away."),
        ("Gold,MONTH_3_TO_5", "Bronze,MONTH_3_TO_5", "line 2: 'Bronze' is not a valid Classification"),
        ("Gold,MONTH_3_TO_5", "Gold,MONTH_6_TO_8", "line 3: Gold MONTH_6_TO_8 has a price above already."),
        ("Gold,MONTH_3_TO_5,10.00\n", "", "lacks a line for Gold MONTH_3_TO_5."),
        ("Gold,MONTH_3_TO_5,10.00", "Gold,MONTH_3_TO_5", "line 2: It has 2 cells, not 3."),
        ("amount", "price", "line 1: The first line must be classification,age_bucket,amount."),
    ],
)
def test_a_file_that_is_not_as_it_should_be_sets_no_price(file: Path, old: str, new: str, refusal: str) -> None:
    assert old in GOOD
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(CommandError) as told:
        call_command("load_starting_prices")
    assert refusal in str(told.value)
    assert str(told.value).endswith("Nothing was changed.")
    assert not PriceRule.objects.exists()


@pytest.mark.django_db
def test_thousands_and_blanks_are_fine(file: Path) -> None:
    file.write_text(GOOD.replace("10.00", '" 1,250.50"', 1))
    call_command("load_starting_prices")
    assert str(PriceRule.objects.get(classification="Gold", age_bucket="MONTH_3_TO_5").amount) == "1250.50"
