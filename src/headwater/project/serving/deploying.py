"""Deployments: a version of a model that is tried beside the published one, and how it ended.

In *shadow* a challenger scores what the champion answers, and nobody sees its scores. As a *canary*
it answers for a share of the entities. Each is kept in notes of the ledger: that it began, and how
it ended, with the figures that decided.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from headwater.clock import parse_duration
from headwater.errors import Issue, UsageError
from headwater.ids import NodeId
from headwater.ledger import Ledger, Note, Version
from headwater.project.serving.gating import DEFAULT_GATES, ServingGate, Standing, parse_gate

#: The sort of note by which deployments are kept.
DEPLOYMENT: Final = "deployment"
DEFAULT_FOR: Final = timedelta(hours=1)
DEFAULT_MIN_REQUESTS: Final = 100
_LONGEST: Final = timedelta(days=90)  # so long the log of requests is kept

Outcome = Literal["promoted", "rolled back", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One challenger of one model."""

    id: str
    model: str
    version: int
    champion: int  # the version that was published when it began
    share: float  # of the entities for which it answers; 0 in shadow
    began_at: datetime
    #: When it is decided, where nothing speaks against it before; by the machine's clock, for a
    #: project's own may stand still.
    ends_at: datetime
    by: str
    gates: tuple[ServingGate, ...] = DEFAULT_GATES
    min_requests: int = DEFAULT_MIN_REQUESTS
    manual: bool = False  # recommend only
    outcome: Outcome | None = None
    ended_at: datetime | None = None
    text: str = ""  # how it ended

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.outcome is None

    @property
    def is_shadow(self) -> bool:
        """Whether nobody is answered by it."""
        return self.share == 0

    @property
    def salt(self) -> str:
        """What entities are drawn for."""
        return f"{self.model}@{self.version}"

    @property
    def node(self) -> NodeId:
        """The model."""
        return NodeId("model", self.model)

    def __str__(self) -> str:
        how = "in shadow" if self.is_shadow else f"for {self.share:.4g} of the entities"
        return f"{self.node}@{self.version} {how}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What somebody asks for: how a version is to be tried."""

    share: float = 0.0
    lasts: timedelta = DEFAULT_FOR
    gates: tuple[ServingGate, ...] = DEFAULT_GATES
    min_requests: int = DEFAULT_MIN_REQUESTS
    manual: bool = False


def parse_share(text: str) -> float:
    """A share of entities, as `10%` or `0.1`. Code E071.

    >>> parse_share("10%"), parse_share("0.05")
    (0.1, 0.05)
    """
    number, percent = text.strip().removesuffix("%"), text.strip().endswith("%")
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        fix = "write more than 0 % and less than 100 %: `--share 10%`; for all, promote it"
        raise UsageError(Issue(code="E071", what=f"`{text[:40]}` is no share", fix=fix))
    return share


def parse_span(text: str) -> timedelta:
    """How long a challenger is tried. Code E071."""
    try:
        span = parse_duration(text)
    except (ValueError, OverflowError):
        span = timedelta(0)
    if not timedelta(0) < span <= _LONGEST:
        fix = "write `30m`, `1h` or `7d`, at most 90 days"
        raise UsageError(Issue(code="E071", what=f"`{text[:40]}` is no time to try it", fix=fix))
    return span


def parse_gates(texts: Sequence[str]) -> tuple[ServingGate, ...]:
    """The gates that are given, beside the defaults of all other figures. Code E072."""
    given = {gate.figure: gate for gate in map(parse_gate, texts)}
    return tuple(given.get(gate.figure, gate) for gate in DEFAULT_GATES)


def begin(
    ledger: Ledger,
    version: Version,
    trial: Trial,
    *,
    champion: int,
    at: datetime,
    wall: datetime,
    author: str,
) -> Deployment:
    """Try a version beside the published one, from `at`, which is `wall` by the machine's clock.

    Codes E068 (it failed its gates, or is published already), E069 (another one is tried now).
    """
    if version.number == champion:
        fix = "name another version; `headwater show` lists them"
        raise UsageError(Issue(code="E068", what=f"{version} is what is published", fix=fix))
    if not version.passed:
        fix = "train it again, or change the gates of the model"
        raise UsageError(Issue(code="E068", what=f"{version} did not pass its gates", fix=fix))
    live = live_deployments(ledger).get(version.node.name)
    if live is not None:
        fix = f"`headwater challenge {version.node} --stop` ends it"
        raise UsageError(Issue(code="E069", what=f"{live} is tried already", fix=fix))
    deployment = Deployment(
        id=secrets.token_hex(6),
        model=version.node.name,
        version=version.number,
        champion=champion,
        share=trial.share,
        began_at=at,
        ends_at=wall + trial.lasts,
        by=author,
        gates=trial.gates,
        min_requests=trial.min_requests,
        manual=trial.manual,
    )
    _record(ledger, deployment, f"{deployment} began", at, author, {"began": _data(deployment)})
    return deployment


def end(
    ledger: Ledger,
    deployment: Deployment,
    outcome: Outcome,
    text: str,
    *,
    at: datetime,
    author: str,
    standing: Standing | None = None,
) -> Deployment:
    """Record how a deployment ended, with its figures."""
    data: dict[str, object] = {"ended": deployment.id, "outcome": outcome}
    if standing is not None:
        data["figures"] = asdict(standing)
    _record(ledger, deployment, f"{deployment} {outcome}: {text}", at, author, data)
    return replace(deployment, outcome=outcome, ended_at=at, text=text)


def recommend(
    ledger: Ledger, deployment: Deployment, text: str, *, at: datetime, standing: Standing
) -> None:
    """Record what the figures say where a person decides."""
    data = {"recommended": deployment.id, "figures": asdict(standing)}
    _record(ledger, deployment, f"{deployment}: {text}", at, "schedule", data)


def stop(ledger: Ledger, model: str, *, at: datetime, author: str, reason: str = "") -> Deployment:
    """End what is tried of a model. Code E070: nothing is."""
    deployment = live_deployments(ledger).get(model)
    if deployment is None:
        what = f"no version of model.{model} is tried now"
        fix = "`headwater challenge --status` shows what is"
        raise UsageError(Issue(code="E070", what=what, fix=fix))
    return end(ledger, deployment, "stopped", reason or "by hand", at=at, author=author)


def deployments(ledger: Ledger, model: str | None = None) -> tuple[Deployment, ...]:
    """All deployments, or those of a model, oldest first."""
    node = NodeId("model", model) if model is not None else None
    found: dict[str, Deployment] = {}
    for note in ledger.notes(sort=DEPLOYMENT, node=node):
        data = json.loads(note.data)
        if "began" in data:
            began = _deployment(data["began"])
            found[began.id] = began
        elif data.get("ended") in found:
            one = found[data["ended"]]
            text = note.text.partition(": ")[2]
            found[one.id] = replace(one, outcome=data["outcome"], ended_at=note.at, text=text)
    return tuple(found.values())


def live_deployments(ledger: Ledger) -> Mapping[str, Deployment]:
    """What is tried now, by model."""
    return {each.model: each for each in deployments(ledger) if each.is_live}


def is_recommended(ledger: Ledger, deployment: Deployment) -> bool:
    """Whether a person was told already what the figures say."""
    notes = ledger.notes(sort=DEPLOYMENT, node=deployment.node)
    return any(json.loads(note.data).get("recommended") == deployment.id for note in notes)


def _record(
    ledger: Ledger,
    deployment: Deployment,
    text: str,
    at: datetime,
    author: str,
    data: Mapping[str, object],
) -> None:
    note = Note(
        sort=DEPLOYMENT,
        node=deployment.node,
        text=text,
        at=at,
        author=author,
        data=json.dumps(data, ensure_ascii=False),
    )
    ledger.add_notes([note])


def _data(deployment: Deployment) -> dict[str, object]:
    return {
        **asdict(deployment),
        "began_at": deployment.began_at.isoformat(),
        "ends_at": deployment.ends_at.isoformat(),
    }


def _deployment(data: dict[str, object]) -> Deployment:
    kept = {
        **data,
        "began_at": datetime.fromisoformat(str(data["began_at"])),
        "ends_at": datetime.fromisoformat(str(data["ends_at"])),
        "gates": tuple(ServingGate(**gate) for gate in data["gates"]),  # type: ignore[attr-defined]
    }
    return Deployment(**kept)  # type: ignore[arg-type]
