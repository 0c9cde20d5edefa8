"""JSON Schemas that know the project's names, for editors; written by `check`.

They come from the very declarations that read the files (see `fields`), so that what an editor
accepts and what the loader accepts cannot differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from headwater.definitions.fields import FieldType, Names, Schema
from headwater.definitions.settings import SETTINGS
from headwater.definitions.tree import SETTINGS_FILE

SCHEMA_FOLDER: Final = ".headwater/schema"
_DIALECT: Final = "http://json-schema.org/draft-07/schema#"  # the newest that YAML editors know


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedFiles:
    """YAML files that one schema describes: those of a folder, or one file; what each may hold."""

    holds: tuple[FieldType, ...]
    folder: str = ""
    file: str = ""

    @property
    def globs(self) -> tuple[str, ...]:
        """Patterns; in some editors `*` passes folders, in others it takes `**` to."""
        if self.file:
            return (self.file,)
        ends = ("*.yml", "*.yaml", "**/*.yml", "**/*.yaml")
        return tuple(f"{self.folder}/{end}" for end in ends)

    def schema(self, names: Names) -> Schema:
        """The JSON Schema."""
        found = [kind.schema(names) for kind in self.holds]
        return found[0] if len(found) == 1 else {"anyOf": found}


#: Schema's name → the files it describes.
Declared = Mapping[str, DescribedFiles]
_OWN: Final[Declared] = {"headwater": DescribedFiles(file=SETTINGS_FILE, holds=(SETTINGS,))}


class Describer(Protocol):
    """Whoever reads files, as a `KindReader` does."""

    def schemas(self) -> Declared:
        """What editors are told of its files."""


def _declared(readers: Iterable[Describer]) -> Declared:
    found = dict(_OWN)
    for reader in readers:
        found.update(reader.schemas())
    return found


def json_schemas(readers: Iterable[Describer], names: Names) -> dict[str, Schema]:
    """File name → JSON Schema of everything that is read.

    `names` are the project's own by sort: `tables`, `columns`, `owners`, `tags`.
    """
    return {
        f"{name}.json": {"$schema": _DIALECT, "title": f"Headwater: {name}"} | files.schema(names)
        for name, files in _declared(readers).items()
    }


def write_schemas(root: Path, readers: Iterable[Describer], names: Names) -> None:
    """Write the schemas below `.headwater/schema`; a file that would not change is left alone."""
    folder = root / SCHEMA_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in json_schemas(readers, names).items():
        # Without indentation: only then is the encoder a fast one, and editors do not mind.
        text = json.dumps(schema, ensure_ascii=False) + "\n"
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def vscode_settings(readers: Iterable[Describer]) -> dict[str, Any]:
    """The content of `.vscode/settings.json`: which schema describes which files."""
    return {
        "yaml.schemas": {
            f"./{SCHEMA_FOLDER}/{name}.json": list(files.globs)
            for name, files in _declared(readers).items()
        }
    }
