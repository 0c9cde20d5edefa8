"""Every definition of a node that was ever published, with the difference between each two."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from datetime import datetime

from headwater.definitions.tree import Tree
from headwater.definitions.yamltext import Located, read_yaml
from headwater.ids import NodeId
from headwater.ledger import Ledger, Release
from headwater.project.metrics.sides import meaning_of
from headwater.project.recording import PROD


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionVersion:
    """A definition from one release on, until the next version's."""

    node: NodeId
    release: int
    sort: str  # of the release
    at: datetime
    author: str
    reason: str
    meaning: str
    text: str  # its own part of its file; empty where it was removed
    difference: str = ""  # against the version before, as a unified diff
    meaning_changed: bool = True  # the first version's meaning is new too
    is_removed: bool = False


def definition_history(
    ledger: Ledger, node: NodeId, environment: str = PROD
) -> tuple[DefinitionVersion, ...]:
    """All versions that an environment published, oldest first; nothing for an unknown node."""
    found: list[DefinitionVersion] = []
    last = ""
    for release in reversed(ledger.releases(environment, None)):
        if release.sort == "data" and found:
            continue
        name = ledger.resolve(release.number).definitions.get(node, "")
        if name == last:
            continue
        last = name
        version = _version(ledger, node, release, name)
        if found and release.sort == "maintenance":
            # Another engine hashes the same meaning otherwise.
            found[-1] = replace(found[-1], meaning=version.meaning)
            continue
        version = _after(found[-1], version) if found else version
        # A definition's hash also tells of its file's other definitions; those say nothing.
        if not found or _says_more(found[-1], version):
            found.append(version)
    return tuple(found)


def _says_more(before: DefinitionVersion, after: DefinitionVersion) -> bool:
    changed = after.meaning_changed or before.is_removed != after.is_removed
    return changed or before.text != after.text


def _version(ledger: Ledger, node: NodeId, release: Release, name: str) -> DefinitionVersion:
    """What one release says of a node; `name` is the definition's hash, empty where it has none."""
    record = ledger.definitions([name])[name] if name else None
    text = ""
    if record is not None and release.tree:
        text = definition_text(Tree.from_blobs(ledger.tree(release.tree)), record.path, node)
    return DefinitionVersion(
        node=node,
        release=release.number,
        sort=release.sort,
        at=release.created_at,
        author=release.author,
        reason=release.reason,
        meaning="" if record is None else meaning_of(record),
        text=text,
        is_removed=record is None,
    )


def _after(before: DefinitionVersion, version: DefinitionVersion) -> DefinitionVersion:
    """The version with what differs from the one before."""
    lines = difflib.unified_diff(
        before.text.splitlines(),
        version.text.splitlines(),
        f"#{before.release}",
        f"#{version.release}",
        lineterm="",
        n=2,
    )
    return replace(
        version,
        difference="\n".join(lines),
        meaning_changed=before.meaning != version.meaning,
    )


def definition_text(tree: Tree, path: str, node: NodeId) -> str:
    """A node's own part of its file: of a file of metrics, its entry and the file's defaults."""
    text = tree.files.get(path, "")
    if node.kind != "metric":
        return text
    located, _ = read_yaml(path, text)
    entries = located.get("metrics") if located is not None else None
    if located is None or entries is None or not entries.is_mapping:
        return text
    lines = text.splitlines()
    parts = [
        _lines_of(lines, located, key, len(lines)) for key in located.mapping if key != "metrics"
    ]
    if node.name in entries.mapping:
        last = _end(located, "metrics", len(lines))
        parts.append(_lines_of(lines, entries, node.name, last))
    return "\n".join(line for part in parts for line in part)


def _lines_of(lines: list[str], mapping: Located, key: str, last: int) -> list[str]:
    """The lines of one key and its value, up to the next key; trailing blank lines are dropped."""
    place = mapping.mapping[key].key_place
    assert place is not None
    found = lines[place.line - 1 : _end(mapping, key, last)]
    while found and not found[-1].strip():
        found.pop()
    return found


def _end(mapping: Located, key: str, last: int) -> int:
    """The number of the last line that belongs to a key."""
    starts = sorted(v.key_place.line for v in mapping.mapping.values() if v.key_place is not None)
    own = mapping.mapping[key].key_place
    assert own is not None
    return next((line - 1 for line in starts if line > own.line), last)
