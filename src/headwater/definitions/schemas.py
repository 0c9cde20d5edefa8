"""JSON Schemas that know the project's names, for editors; written by `check`.

They come from the very declarations that read the files (see `fields`), so that what an editor
accepts and what the loader accepts cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from headwater.definitions.fields import FieldType, Names, Schema
from headwater.definitions.settings import SETTINGS
from headwater.definitions.tree import SETTINGS_FILE

#: File name → (globs of the files it describes, what they hold).
Declared = Mapping[str, tuple[tuple[str, ...], FieldType]]

SCHEMA_FOLDER: Final = ".headwater/schema"
_DIALECT: Final = "http://json-schema.org/draft-07/schema#"  # what the YAML extension understands
_OWN: Final[Declared] = {"headwater": ((SETTINGS_FILE,), SETTINGS)}


def json_schemas(declared: Declared, names: Names) -> dict[str, Schema]:
    """File name → schema for every declared sort of file.

    `names` are the project's own by sort: `tables`, `columns`, `owners`, `tags`.
    """
    return {
        f"{name}.json": {"$schema": _DIALECT, "title": f"Headwater {name}"} | kind.schema(names)
        for name, (_, kind) in {**_OWN, **declared}.items()
    }


def vscode_settings(declared: Declared) -> dict[str, Any]:
    """The content of `.vscode/settings.json`: which schema describes which files."""
    return {
        "yaml.schemas": {
            f"./{SCHEMA_FOLDER}/{name}.json": list(globs)
            for name, (globs, _) in {**_OWN, **declared}.items()
        }
    }
