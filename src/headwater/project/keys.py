"""Keys of programs that ask for scores: made, listed, revoked.

A key is 32 random bytes that are shown once. The ledger keeps their SHA-256 alone, in notes: one
that a key was made, and one that it was revoked.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from headwater.errors import Issue, UsageError, did_you_mean
from headwater.ids import NodeId
from headwater.ledger import Ledger, Note

#: The sort of note by which keys are kept.
KEY = "key"
_BYTES = 32
_PREFIX = "hw_"  # tells people and secret scanners what it is
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is known of a key: everything but the key."""

    name: str
    sha256: str
    created_at: datetime
    created_by: str
    model: str = ""  # the only one that it opens; empty: all
    revoked_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None

    def opens(self, model: str) -> bool:
        """Whether it opens this model."""
        return self.model in ("", model)


def create_key(ledger: Ledger, name: str, *, model: str = "", at: datetime, author: str) -> str:
    """A new key, which nobody can read again. Code E060: the name is no name, or taken."""
    if _NAME.fullmatch(name) is None:
        what = f"`{name[:80]}` cannot name a key"
        fix = "letters, digits, `_`, `-` and `.`, a letter or digit first, at most 64"
        raise UsageError(Issue(code="E060", what=what, fix=fix))
    if any(key.name == name and key.is_live for key in read_keys(ledger)):
        fix = f"take another name, or `headwater key revoke {name}` first"
        raise UsageError(Issue(code="E060", what=f"there is a key `{name}` already", fix=fix))
    key = _PREFIX + secrets.token_urlsafe(_BYTES)
    data = {"name": name, "sha256": sha256_of(key), "model": model}
    opens = f"model.{model}" if model else "all models"
    ledger.add_notes(
        [Note(sort=KEY, text=f"made `{name}` for {opens}", at=at, author=author, data=_text(data))]
    )
    return key


def revoke_key(ledger: Ledger, name: str, *, at: datetime, author: str) -> ApiKey:
    """Close a key for good. Code E061: there is none of this name that is live."""
    live = {key.name: key for key in read_keys(ledger) if key.is_live}
    if name not in live:
        fix = did_you_mean(name, live, "`headwater key list` shows them")
        raise UsageError(Issue(code="E061", what=f"there is no live key `{name[:80]}`", fix=fix))
    data = {"sha256": live[name].sha256, "revoked": True}
    ledger.add_notes(
        [Note(sort=KEY, text=f"revoked `{name}`", at=at, author=author, data=_text(data))]
    )
    return replace(live[name], revoked_at=at)


def read_keys(ledger: Ledger) -> tuple[ApiKey, ...]:
    """All keys that were ever made, oldest first."""
    found: dict[str, ApiKey] = {}
    for note in ledger.notes(sort=KEY):
        data = json.loads(note.data)
        digest = data["sha256"]
        if data.get("revoked"):
            found[digest] = replace(found[digest], revoked_at=note.at)
        else:
            found[digest] = ApiKey(
                name=data["name"],
                sha256=digest,
                created_at=note.at,
                created_by=note.author,
                model=data["model"],
            )
    return tuple(found.values())


def find_key(keys: Iterable[ApiKey], given: str) -> ApiKey | None:
    """The live key that this is; takes as long whatever is wrong with it."""
    digest = sha256_of(given)
    found = None
    for key in keys:
        if hmac.compare_digest(key.sha256, digest) and key.is_live:
            found = key
    return found


def sha256_of(key: str) -> str:
    """What is kept of a key. It is random, so that nothing slower than SHA-256 is called for."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def model_of(text: str, known: Iterable[NodeId]) -> str:
    """The model that a key or deployment names, as `churn` or `model.churn`. Code E062."""
    name = text.removeprefix("model.")
    names = [node.name for node in known if node.kind == "model"]
    if name not in names:
        fix = did_you_mean(name, names, "models: " + (", ".join(sorted(names)) or "none released"))
        raise UsageError(Issue(code="E062", what=f"no model `{name[:80]}` is released", fix=fix))
    return name


def _text(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)
