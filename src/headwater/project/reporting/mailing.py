"""Mail over SMTP: encrypted, or to this machine."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

from headwater.errors import HeadwaterError, Issue, Place

_TIMEOUT_S: Final = 30.0
_PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True, repr=False)
class Server:
    """Where mail is handed over. It is not shown, since it may hold a password."""

    host: str
    port: int
    is_tls: bool  # from the first byte
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, url: str, place: Place = Place()) -> Server:
        """`smtps://user:password@host:465` or `smtp://…`. Code E955."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in _PORTS or not parts.hostname:
            fix = "write `smtps://user:${PASSWORD}@mail.example`, or `smtp://…` for STARTTLS"
            what = "the URL of the mail server is none"
            raise HeadwaterError(Issue(code="E955", what=what, place=place, fix=fix))
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            is_tls=parts.scheme == "smtps",
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    @property
    def is_here(self) -> bool:
        """Whether it is this machine, so that nothing leaves it unencrypted."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


def send_mail(message: EmailMessage, server: Server, timeout_s: float = _TIMEOUT_S) -> None:
    """Hand a message over; raises `OSError` (as `smtplib.SMTPException` is) for what fails."""
    trust = ssl.create_default_context()
    if server.is_tls:
        with smtplib.SMTP_SSL(
            server.host, server.port, timeout=timeout_s, context=trust
        ) as connection:
            _hand_over(message, server, connection)
        return
    with smtplib.SMTP(server.host, server.port, timeout=timeout_s) as connection:
        connection.ehlo()
        if connection.has_extn("starttls"):
            connection.starttls(context=trust)
        elif not server.is_here:
            raise smtplib.SMTPNotSupportedError("the server offers no TLS")
        _hand_over(message, server, connection)


def _hand_over(message: EmailMessage, server: Server, connection: smtplib.SMTP) -> None:
    if server.user:
        connection.login(server.user, server.password)
    refused = connection.send_message(message)
    if refused:  # some were accepted: they are not written to again
        names = ", ".join(refused)
        raise smtplib.SMTPResponseException(550, f"refused for {names}")
