"""Texts kept once, under the hash of what they say; and the trees of a project's files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa

from headwater.errors import HeadwaterError, Issue
from headwater.ledger.database import Database
from headwater.ledger.encoding import Texts, dump, keep, load_all, pack, unpack
from headwater.ledger.schema import shared

Value = TypeVar("Value")


class Values:
    """The table `shared`; what has been read as a value stays in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read: dict[str, object] = {}

    def get(self, hashes: Iterable[str], read: Callable[[Any], Value]) -> dict[str, Value]:
        """Each text by its hash, as the value that `read` makes of its JSON."""
        found: dict[str, Value] = {}
        missing: list[str] = []
        for name in set(hashes):
            value = self._read.get(name)
            if value is None:
                missing.append(name)
            else:
                found[name] = value  # type: ignore[assignment]  # a hash names one kind of value
        bodies = self._bodies(missing)
        for name, parsed in zip(bodies, load_all(bodies.values()), strict=True):
            found[name] = self._read[name] = read(parsed)
        return found

    def texts(self, hashes: Iterable[str]) -> dict[str, str]:
        """Each text by its hash; those that are not there are left out."""
        return {name: unpack(body) for name, body in self._bodies(hashes).items()}

    def _bodies(self, hashes: Iterable[str]) -> dict[str, bytes]:
        wanted = list(hashes)
        if not wanted:
            return {}
        query = sa.select(shared.c.hash, shared.c.body).where(
            self._database.among(shared.c.hash, wanted)
        )
        with self._database.read() as connection:
            return {row.hash: row.body for row in connection.execute(query)}

    def unknown(self, texts: Texts) -> list[dict[str, object]]:
        """The rows of those texts that this process has not read, ready to be inserted."""
        return [
            {"hash": name, "body": pack(text)}
            for name, text in texts.items()
            if name not in self._read
        ]

    def put_tree(self, files: Mapping[str, str]) -> str:
        """Keep the texts of a project by path; the digest that names the tree."""
        digest, texts = _tree_texts(files)
        if not self.texts([digest]):
            with self._database.write() as connection:
                self._database.insert_new(connection, shared, self.unknown(texts))
        return digest

    def tree(self, digest: str) -> dict[str, str]:
        """The texts by path that `put_tree` kept."""
        if not digest:
            return {}
        tree = self.texts([digest]).get(digest)
        if tree is None:
            issue = Issue(
                code="E707", what=f"no tree `{digest}`", fix="the ledger of another project?"
            )
            raise HeadwaterError(issue)
        hashes: dict[str, str] = json.loads(tree)
        texts = self.texts(set(hashes.values()))
        return {path: texts[name] for path, name in hashes.items()}


def tree_digest(files: Mapping[str, str]) -> str:
    """The digest by which `put_tree` would name these files; nothing is kept."""
    return _tree_texts(files)[0]


def _tree_texts(files: Mapping[str, str]) -> tuple[str, Texts]:
    texts: Texts = {}
    tree = dump({path: keep(text, texts) for path, text in sorted(files.items())})
    return keep(tree, texts), texts
