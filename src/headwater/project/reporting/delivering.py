"""A pack to its destinations, each recorded, so that nothing is delivered twice by accident."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from headwater.definitions.model import Mail
from headwater.definitions.secrets import mask, resolve
from headwater.errors import HeadwaterError, Issue, Place
from headwater.ids import NodeId
from headwater.kinds.report.definition import Destination
from headwater.ledger import Ledger, Note
from headwater.project.reporting.letter import pack_letter
from headwater.project.reporting.mailing import Server, send_mail
from headwater.project.reporting.pack import Pack, pack_json
from headwater.project.reporting.webhooks import post_json
from headwater.project.workspace import Workspace

#: The sort of note by which deliveries are kept.
REPORT: Final = "report"
_CODES: Final = {"email": "E955", "webhook": "E956", "folder": "E957"}

Status = Literal["delivered", "already", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One pack at one destination, as the ledger keeps it."""

    report: str
    title: str
    period: str
    parameters: Mapping[str, str]
    release: int | None
    digest: str
    destination: str
    status: Status
    at: datetime
    author: str
    error: str = ""

    @property
    def subject(self) -> tuple[object, ...]:
        """What makes two deliveries the same: report, period, parameters, release, destination."""
        chosen = tuple(sorted(self.parameters.items()))
        return self.report, self.period, chosen, self.release, self.destination


def write_files(folder: Path, contents: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write files whole or not at all, each in the place of an older one."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in contents.items():
        handle, draft = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).chmod(0o644)
            os.replace(draft, folder / name)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        written.append(folder / name)
    return tuple(written)


def deliver(
    pack: Pack, contents: Mapping[str, bytes], workspace: Workspace, *, again: bool = False
) -> tuple[tuple[Delivery, ...], tuple[Issue, ...]]:
    """Deliver to every destination and record each; what fails is told and may be tried again.

    A destination that has this pack of this release is passed over, unless `again`. Codes E955
    (mail), E956 (webhook), E957 (folder), E958 (no mail server), E118 (secrets).
    """
    done = {d.subject for d in read_deliveries(workspace.ledger) if d.status == "delivered"}
    deliveries: list[Delivery] = []
    issues: list[Issue] = []
    for destination in pack.report.deliver:
        found = _delivery(pack, destination, workspace)
        if found.subject in done and not again:
            deliveries.append(_with(found, "already"))
            continue
        issue = _attempt(pack, destination, contents, workspace)
        if issue is not None:
            issues.append(issue)
            found = _with(found, "failed", str(issue))
        workspace.ledger.add_notes([_note(found)])
        deliveries.append(found)
    return tuple(deliveries), tuple(issues)


def _attempt(
    pack: Pack, destination: Destination, contents: Mapping[str, bytes], workspace: Workspace
) -> Issue | None:
    """Deliver once; what went wrong, without any secret."""
    ways: Mapping[str, Callable[[], None]] = {
        "folder": lambda: _to_folder(destination, contents, workspace),
        "email": lambda: _by_mail(pack, destination, contents, workspace),
        "webhook": lambda: _to_webhook(pack, destination, workspace),
    }
    try:
        ways[destination.sort]()
    except HeadwaterError as error:
        return error.issues[0]
    except (OSError, ValueError) as error:  # what sockets, SMTP and headers raise
        text = mask(str(error) or type(error).__name__)
        return Issue(
            code=_CODES[destination.sort],
            what=f"{pack.report.id} was not delivered to {destination}: {text}",
            place=destination.place,
            fix="correct it, then the same command again: what was delivered is passed over",
        )
    return None


def _to_folder(
    destination: Destination, contents: Mapping[str, bytes], workspace: Workspace
) -> None:
    (target,) = _resolved(destination, workspace)
    write_files(workspace.root / target, contents)


def _by_mail(
    pack: Pack, destination: Destination, contents: Mapping[str, bytes], workspace: Workspace
) -> None:
    mail = _mail_of(workspace, destination.place)
    server = Server.parse(resolve(mail.url, workspace.root, workspace.settings.place).reveal())
    sender = resolve(mail.sender, workspace.root, workspace.settings.place).reveal()
    receivers = _resolved(destination, workspace)
    attached = {name: c for name, c in contents.items() if not name.endswith(".json")}
    send_mail(pack_letter(pack, workspace.zone, sender, receivers, attached), server)


def _mail_of(workspace: Workspace, place: Place) -> Mail:
    if workspace.settings.mail is None:
        fix = 'add `mail: {url: "${SMTP_URL}", sender: reports@…}` to headwater.yml'
        what = "there is no mail server to send by"
        raise HeadwaterError(Issue(code="E958", what=what, place=place, fix=fix))
    return workspace.settings.mail


def _to_webhook(pack: Pack, destination: Destination, workspace: Workspace) -> None:
    (url,) = _resolved(destination, workspace)
    post_json(url, pack_json(pack).encode(), pack.digest)


def _resolved(destination: Destination, workspace: Workspace) -> tuple[str, ...]:
    """Its targets with their secrets. Code E118."""
    return tuple(
        resolve(target, workspace.root, destination.place).reveal()
        for target in destination.targets
    )


# --- the record


def _delivery(pack: Pack, destination: Destination, workspace: Workspace) -> Delivery:
    return Delivery(
        report=pack.report.id.name,
        title=pack.title,
        period=f"{pack.period.first.isoformat()}..{pack.period.last.isoformat()}",
        parameters=pack.parameters,
        release=pack.release,
        digest=pack.digest,
        destination=str(destination),
        status="delivered",
        at=workspace.clock.now,
        author=workspace.author,
    )


def _with(found: Delivery, status: Status, error: str = "") -> Delivery:
    return replace(found, status=status, error=error)


def _note(found: Delivery) -> Note:
    data = {
        "title": found.title,
        "period": found.period,
        "parameters": dict(found.parameters),
        "digest": found.digest,
        "destination": found.destination,
        "status": found.status,
        "error": found.error,
    }
    said = "" if found.status == "delivered" else f": {found.status}"
    return Note(
        sort=REPORT,
        node=NodeId("report", found.report),
        at=found.at,
        author=found.author,
        release=found.release,
        text=f"{found.title}, {found.period}, to {found.destination}{said}",
        data=json.dumps(data, ensure_ascii=False),
    )


def read_deliveries(ledger: Ledger, report: str | None = None) -> Sequence[Delivery]:
    """All that were recorded, of one report or of all; oldest first."""
    node = None if report is None else NodeId("report", report)
    return tuple(_read(note) for note in ledger.notes(sort=REPORT, node=node))


def _read(note: Note) -> Delivery:
    data = json.loads(note.data)
    return Delivery(
        report=note.node.name if note.node is not None else "",
        title=data["title"],
        period=data["period"],
        parameters=data["parameters"],
        release=note.release,
        digest=data["digest"],
        destination=data["destination"],
        status=data["status"],
        at=note.at,
        author=note.author,
        error=data["error"],
    )
