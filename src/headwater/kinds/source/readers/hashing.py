"""SHA-256 of files, and a disposable memory of it, so that unchanged files are not read again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from headwater.kinds.source.readers.listing import FoundFile

_BLOCK = 4 << 20
#: A file changed so shortly before it was hashed may change again without a new modification time.
_RACY = timedelta(seconds=2)


def hash_file(file: FoundFile) -> str:
    """The SHA-256 of its bytes, hexadecimal."""
    digest = hashlib.sha256()
    with file.open() as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def hash_files(files: Iterable[FoundFile], memory: Path) -> dict[str, str]:
    """Name → SHA-256. Files whose size, modification time and inode are as remembered are not read.

    `memory` is a JSON file that may be deleted at any time.
    """
    wanted = list(files)
    remembered = _read(memory)
    known: dict[str, str] = {}
    unknown: list[FoundFile] = []
    for file in wanted:
        entry = remembered.get(file.name)
        if entry and file.stamp and entry[:-1] == list(file.stamp):
            known[file.name] = entry[-1]
        else:
            unknown.append(file)
    if not unknown and len(remembered) == len(known):
        return known
    now = datetime.now(UTC)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        known.update(zip((f.name for f in unknown), pool.map(hash_file, unknown), strict=True))
    _write(memory, {f.name: [*f.stamp, known[f.name]] for f in wanted if _is_settled(f, now)})
    return known


def _is_settled(file: FoundFile, now: datetime) -> bool:
    return bool(file.stamp) and (file.modified is None or file.modified < now - _RACY)


def _read(memory: Path) -> dict[str, list[str]]:
    try:
        found = json.loads(memory.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(memory: Path, entries: dict[str, list[str]]) -> None:
    memory.parent.mkdir(parents=True, exist_ok=True)
    fresh = memory.with_suffix(f".{os.getpid()}.tmp")
    fresh.write_text(json.dumps(entries, separators=(",", ":")), encoding="utf-8")
    fresh.replace(memory)
