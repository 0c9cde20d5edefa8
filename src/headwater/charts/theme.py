"""Colours by what they mean: for a page as custom properties, elsewhere as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: How many colours groups and heat have.
GROUP_COLOURS: Final = 6
HEAT_STEPS: Final = 6

_LIGHT: Final[Mapping[str, str]] = {
    "paper": "#ffffff",
    "ink": "#1b1f24",
    "muted": "#5b6370",
    "rule": "#868d99",
    "faint": "#e4e7ec",
    "line": "#2f55c7",
    "fill": "#e3e9fa",
    "band": "#e6eaf2",
    "good": "#16764c",
    "bad": "#c22f37",
    "alert": "#a85200",
    "group-0": "#2f55c7",
    "group-1": "#0e8a8a",
    "group-2": "#c4661f",
    "group-3": "#8f4bb5",
    "group-4": "#5d7a1c",
    "group-5": "#b8407c",
    "others": "#868d99",
    "heat-0": "#eff3fc",
    "heat-1": "#d5dff8",
    "heat-2": "#b2c4f2",
    "heat-3": "#8aa4e9",
    "heat-4": "#4466cf",
    "heat-5": "#2944a3",
    "heat-ink-0": "#1b1f24",
    "heat-ink-1": "#1b1f24",
    "heat-ink-2": "#1b1f24",
    "heat-ink-3": "#11151a",
    "heat-ink-4": "#ffffff",
    "heat-ink-5": "#ffffff",
}
_DARK: Final[Mapping[str, str]] = {
    "paper": "#121316",
    "ink": "#eceef2",
    "muted": "#a3a9b4",
    "rule": "#7a818d",
    "faint": "#2b2f37",
    "line": "#8fa8ff",
    "fill": "#212a47",
    "band": "#262b36",
    "good": "#4cc38a",
    "bad": "#ff8f91",
    "alert": "#f0a850",
    "group-0": "#8fa8ff",
    "group-1": "#3fbfbb",
    "group-2": "#ee9a5c",
    "group-3": "#c795ea",
    "group-4": "#a3c25a",
    "group-5": "#f08bbd",
    "others": "#8b92a0",
    "heat-0": "#1c2233",
    "heat-1": "#243055",
    "heat-2": "#2d427f",
    "heat-3": "#3a58ad",
    "heat-4": "#7f9cf2",
    "heat-5": "#bccbff",
    "heat-ink-0": "#eceef2",
    "heat-ink-1": "#eceef2",
    "heat-ink-2": "#eceef2",
    "heat-ink-3": "#ffffff",
    "heat-ink-4": "#10131a",
    "heat-ink-5": "#10131a",
}


@dataclass(frozen=True, slots=True)
class Theme:
    """What each colour is, by its meaning."""

    colours: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.colours[name]

    def group(self, position: int) -> str:
        """The colour of a group."""
        return self.colours[f"group-{position % GROUP_COLOURS}"]


LIGHT: Final = Theme(_LIGHT)
DARK: Final = Theme(_DARK)
#: For pages: the style sheet's custom properties decide; without them, the light ones hold.
PAGE: Final = Theme({name: f"var(--chart-{name},{value})" for name, value in _LIGHT.items()})


def custom_properties() -> str:
    """The colours for a style sheet, which follow the page's colour scheme."""
    return "\n".join(
        f"  --chart-{name}: light-dark({value}, {DARK[name]});" for name, value in _LIGHT.items()
    )
