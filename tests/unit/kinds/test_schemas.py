"""What an editor accepts is what the loader accepts, and it knows the project's names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headwater.definitions.fields import FieldType, Key, Record
from headwater.definitions.schemas import json_schemas, vscode_settings, write_schemas
from headwater.definitions.settings import SETTINGS
from headwater.kinds.source.keys import SOURCE
from headwater.kinds.source.read import SOURCE_READER
from headwater.kinds.table.keys import TABLE
from headwater.kinds.table.read import TABLE_READER

READERS = (SOURCE_READER, TABLE_READER)
NAMES = {"tables": ["sales"], "columns": ["amount"], "owners": ["data"], "tags": ["core"]}


def test_one_schema_a_sort_of_file() -> None:
    schemas = json_schemas(READERS, NAMES)
    assert sorted(schemas) == ["headwater.json", "sources.json", "tables.json"]
    assert json.loads(json.dumps(schemas)) == schemas


def test_the_projects_names_complete() -> None:
    table = json_schemas(READERS, NAMES)["tables.json"]["anyOf"][0]["properties"]
    assert table["owner"]["anyOf"][0] == {"enum": ["data"]}
    assert table["time"]["anyOf"][0] == {"enum": ["amount"]}
    assert "sales" in table["reads"]["properties"]


@pytest.mark.parametrize(
    ("record", "name"), [(SETTINGS, "headwater"), (SOURCE, "sources"), (TABLE, "tables")]
)
def test_a_schema_has_the_keys_that_are_read(record: Record, name: str) -> None:
    schema = json_schemas(READERS, {})[f"{name}.json"]
    schema = schema["anyOf"][0] if "anyOf" in schema else schema
    assert set(schema["properties"]) == {key.name for key in record.keys}
    assert schema["additionalProperties"] is False


def test_every_key_says_what_it_is_for() -> None:
    def undocumented(kind: FieldType) -> list[str]:
        if not isinstance(kind, Record):
            return []
        found = [key.name for key in kind.keys if not key.doc]
        return found + [name for key in kind.keys for name in undocumented(key.type)]

    assert [undocumented(kind) for kind in (SETTINGS, SOURCE, TABLE)] == [[], [], []]
    assert undocumented(Record((Key("a", TABLE), Key("b", TABLE, "b")))) == ["a"]


def test_they_are_written_once(tmp_path: Path) -> None:
    write_schemas(tmp_path, READERS, NAMES)
    path = tmp_path / ".headwater/schema/tables.json"
    first = path.stat().st_mtime_ns
    write_schemas(tmp_path, READERS, NAMES)
    assert path.stat().st_mtime_ns == first
    write_schemas(tmp_path, READERS, {})
    assert "sales" not in path.read_text()


def test_vscode_is_told_where_they_are() -> None:
    mapped = vscode_settings(READERS)["yaml.schemas"]
    assert mapped["./.headwater/schema/headwater.json"] == ["headwater.yml"]
    assert "tables/*.yml" in mapped["./.headwater/schema/tables.json"]
