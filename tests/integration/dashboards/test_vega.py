"""Pictures of Vega-Lite: drawn on the server, without scripts and requests."""

from __future__ import annotations

from base64 import b64decode

import pytest

from headwater.errors import HeadwaterError, Place
from headwater.kinds.dashboard.definition import Card
from headwater.views.dashboards.tables import vega_svg

SPEC = '{"mark": "bar", "encoding": {"x": {"field": "country"}, "y": {"field": "revenue"}}}'


def card(spec: str) -> Card:
    return Card(chart="vega", place=Place("dashboards/a.yml", 3, 5), metrics=("a",), spec=spec)


def test_a_picture_is_an_image_without_scripts() -> None:
    pytest.importorskip("vl_convert")
    found = vega_svg(card(SPEC), [{"country": "<script>alert(1)</script>", "revenue": 3}])
    head, _, body = found.partition(",")
    assert head == "data:image/svg+xml;base64"
    drawn = b64decode(body).decode()
    assert drawn.startswith("<svg")
    assert "<script" not in drawn


def test_a_wrong_specification_says_so() -> None:
    pytest.importorskip("vl_convert")
    with pytest.raises(HeadwaterError) as raised:
        vega_svg(card('{"mark": "nonsense", "encoding": 3}'), [])
    assert raised.value.issues[0].code == "E965"
    assert str(raised.value.issues[0].place) == "dashboards/a.yml:3:5"


def test_without_the_package_there_is_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    with pytest.raises(HeadwaterError) as raised:
        vega_svg(card(SPEC), [])
    assert raised.value.issues[0].code == "E964"
    assert raised.value.issues[0].fix == "pip install 'headwater[vega]'"
