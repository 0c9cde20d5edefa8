"""Feature views from `features/*.yml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from headwater.definitions.fields import INVALID, take_described
from headwater.definitions.files import root_mapping
from headwater.definitions.loader import Files, ReadContext, Reading, name_of
from headwater.definitions.yamltext import Located
from headwater.errors import Place
from headwater.features.model import FeatureSpec, ViewSpec
from headwater.ids import NodeId, is_name
from headwater.kinds.feature_view.definition import FeatureViewDefinition, Promise

if TYPE_CHECKING:
    from headwater.definitions.schemas import DescribedFiles

_ENDINGS: Final = (".yml", ".yaml")
_SAME: Final = ("entity", "source", "windows", "where", "request", "latency", "known_at", "every")


@dataclass(frozen=True, slots=True)
class FeatureViewReader:
    """Reads feature views."""

    kind: str = "feature_view"
    is_relation: bool = True

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """Folder → the endings of the files that it may hold."""
        return {"features": _ENDINGS}

    def read(self, context: ReadContext) -> Reading:
        """All views, and what is wrong with their files."""
        read = [
            context.parse((path,), read_view, FeatureViewDefinition)
            for ending in _ENDINGS
            for path in context.paths("features", ending)
        ]
        return Reading(
            definitions=tuple(found for found, _ in read if found is not None),
            issues=tuple(issue for _, issues in read for issue in issues),
        )

    def schemas(self) -> Mapping[str, DescribedFiles]:
        """What editors are told of its files."""
        from headwater.kinds.feature_view.keys import SCHEMAS

        return SCHEMAS


FEATURE_VIEW_READER: Final = FeatureViewReader()


def read_view(files: Files) -> FeatureViewDefinition | None:
    """The view of one file; None where a mistake was noted."""
    from headwater.kinds.feature_view.keys import VIEW

    name = name_of(files.path, files.path[files.path.rfind(".") :], files.issues)
    root = root_mapping(files, "give `entity:`, `source:` and `features:`")
    if root is None:
        return None
    before = len(files.issues)
    values = VIEW.read(root, files.issues)
    if values is INVALID or name is None or len(files.issues) > before:
        return None
    features = tuple(_features(values["features"], root.mapping["features"], files))
    _check_request(root, files)
    if len(files.issues) > before:
        return None
    given: dict[str, Any] = {key: values[key] for key in _SAME if key in values}
    spec = ViewSpec(
        name=name,
        features=features,
        online_ttl=values.get("online", {}).get("ttl"),
        place=Place(files.path, 1),
        places=dict(_places(root)),
        **given,
    )
    return FeatureViewDefinition(
        id=NodeId("feature_view", name),
        place=spec.place,
        files=files.paths,
        described=take_described(values),
        spec=spec,
        contract={
            column: Promise(**promise, place=spec.place_of(f"contract.{column}"))
            for column, promise in values.get("contract", {}).items()
        },
    )


def _features(values: Mapping[str, Any], located: Located, files: Files) -> Iterator[FeatureSpec]:
    if not values:
        files.wrong("E115", "a view has features", located.place, "add `spend: sum(amount)`")
    for name, value in values.items():
        item = located.mapping[name]
        place = item.key_place or item.place
        _check_name(name, place, files)
        given = value if isinstance(value, dict) else {"expr": value}
        inner = item.mapping.items() if item.is_mapping else ()
        places = {key: each.place for key, each in inner} or {"expr": item.place}
        yield FeatureSpec(name=name, place=place, places=places, **given)


def _check_request(root: Located, files: Files) -> None:
    request = root.get("request")
    for name, item in request.mapping.items() if request is not None else ():
        _check_name(name, item.key_place or item.place, files)


def _check_name(name: str, place: Place, files: Files) -> None:
    if not is_name(name):
        what = f"`{name}` is no name: letters, digits and underscores, no digit first"
        files.wrong("E005", what, place, "rename it")


def _places(root: Located) -> Iterator[tuple[str, Place]]:
    """Where the value of each key stands, each parameter's, and each promise's key."""
    for key, located in root.mapping.items():
        yield key, located.place
    for key in ("request", "contract"):
        listed = root.get(key)
        for name, item in listed.mapping.items() if listed is not None else ():
            yield f"{key}.{name}", item.key_place or item.place
