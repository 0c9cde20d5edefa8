"""Secrets: `${NAME}` from the environment or `.env`, resolved at use and never shown.

A definition keeps `${NAME}` as it is written; the value exists only where a connection is opened.
Whoever prints or records text that a driver wrote passes it through `mask`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from headwater.errors import HeadwaterError, Issue, Place, did_you_mean

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*\Z")
_URL_PASSWORD = re.compile(r"://[^:/@]*:([^@]*)@")
_SHORTEST = 4  # a shorter value is no secret, and masking it would tear other words apart

_resolved: set[str] = set()  # every value handed out by this process


class Secret:
    """A value that shows itself only to `reveal`.

    >>> Secret("hunter2"), f"{Secret('hunter2')}"
    (Secret(•••), '•••')
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(•••)"

    def __str__(self) -> str:
        return "•••"

    def __format__(self, spec: str) -> str:
        return format("•••", spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not written anywhere")


def references_in(text: str) -> tuple[str, ...]:
    """The names in `${…}`, in order.

    >>> references_in("postgresql://${USER}:${PASSWORD}@db/shop")
    ('USER', 'PASSWORD')
    """
    return tuple(_REFERENCE.findall(text))


def read_dotenv(path: Path) -> dict[str, str]:
    """The assignments of a `.env` file; empty where there is none. `#` begins a comment."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found: dict[str, str] = {}
    for line in lines:
        match = None if line.lstrip().startswith("#") else _LINE.match(line)
        if match is not None:
            found[match[1]] = _unquote(match[2])
    return found


def _unquote(value: str) -> str:
    """What stands inside the quotes; without quotes ` #` begins a comment."""
    if value[:1] in ("'", '"'):
        end = value.find(value[0], 1)
        if end > 0:
            inner = value[1:end]
            return inner.replace("\\n", "\n") if value[0] == '"' else inner
    return re.split(r"\s+#", value, maxsplit=1)[0]


def resolve(
    text: str, root: Path, place: Place = Place(), environ: Mapping[str, str] | None = None
) -> Secret:
    """The text with each `${NAME}` replaced; raises `HeadwaterError` (E118) naming all missing.

    The environment goes before `.env` in the project folder `root`.
    """
    environment = os.environ if environ is None else environ
    names = references_in(text)
    dotenv = read_dotenv(root / ".env") if any(n not in environment for n in names) else {}
    values = {**dotenv, **environment}
    missing = [name for name in dict.fromkeys(names) if name not in values]
    if missing:
        raise HeadwaterError(*(_missing(name, dotenv, place) for name in missing))
    for name in names:
        # A driver may quote the password of a URL alone.
        parts = [values[name], *_URL_PASSWORD.findall(values[name])]
        parts += [unquote(part) for part in parts]
        _resolved.update(part for part in parts if len(part) >= _SHORTEST)
    found = _REFERENCE.sub(lambda match: values[match[1]], text)
    return Secret(found)


def _missing(name: str, known: Mapping[str, str], place: Place) -> Issue:
    if not _NAME.match(name):
        fix = "write `${NAME}` with letters, digits and underscores"
        return Issue(code="E118", what=f"`${{{name}}}` names no variable", place=place, fix=fix)
    fix = did_you_mean(name, known, otherwise="set it in the environment or in `.env`")
    return Issue(code="E118", what=f"the secret `{name}` is not set", place=place, fix=fix)


def mask(text: str) -> str:
    """The text without any secret value that this process has resolved.

    >>> from pathlib import Path
    >>> _ = resolve("${DB_PASSWORD}", Path(), environ={"DB_PASSWORD": "hunter22"})
    >>> mask("password authentication failed: hunter22")
    'password authentication failed: •••'
    """
    for value in sorted(_resolved, key=len, reverse=True):
        text = text.replace(value, "•••")
    return text
