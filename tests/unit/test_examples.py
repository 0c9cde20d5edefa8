"""The examples are found by name, whole, and a wrong name is told the right one."""

from __future__ import annotations

import pytest

from headwater.errors import UsageError
from headwater.examples import example_names, example_path


def test_the_shop_is_there_with_every_delivered_file() -> None:
    shop = example_path("shop")
    assert (shop / "headwater.yml").is_file()
    assert len(list(shop.glob("data/invoices/*.csv.gz"))) == 318
    assert "shop" in example_names()


def test_a_misspelt_example_is_told_the_nearest_one() -> None:
    with pytest.raises(UsageError) as raised:
        example_path("shopp")
    assert [issue.code for issue in raised.value.issues] == ["E811"]
    assert raised.value.issues[0].fix == "did you mean `shop`?"


@pytest.mark.parametrize("name", ["../shop", "", ".", "/"])
def test_a_path_is_no_name(name: str) -> None:
    with pytest.raises(UsageError):
        example_path(name)
