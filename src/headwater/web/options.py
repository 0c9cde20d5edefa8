"""How the pages are served: where they listen, who may read them, what they show."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from headwater.errors import Issue, UsageError
from headwater.project.recording import PROD

_SHORTEST_TOKEN = 16
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """The options of `headwater serve`."""

    project: Path | None = None
    profile: str | None = None
    environment: str = PROD
    now: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    token: str = ""
    names: tuple[str, ...] = ()  # further host names under which browsers may ask
    schedule: bool = True

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the pages."""
        return is_loopback(self.host)

    def checked(self) -> ServeOptions:
        """The same, once they are safe. Code E970."""
        if not self.is_local and not self.token:
            what = f"`--host {self.host}` lets others read the pages, and there is no token"
            raise UsageError(Issue(code="E970", what=what, fix="set HEADWATER_TOKEN, or `--token`"))
        if self.token and len(self.token) < _SHORTEST_TOKEN:
            what = f"the token has less than {_SHORTEST_TOKEN} characters"
            fix = "take a random one: `openssl rand -hex 16`"
            raise UsageError(Issue(code="E970", what=what, fix=fix))
        return self


def is_loopback(host: str) -> bool:
    """Whether an address or name means this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("bi")
    (True, True, False, False)
    """
    bare = host.strip("[]").lower()
    if bare in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False
