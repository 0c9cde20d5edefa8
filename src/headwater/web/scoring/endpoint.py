"""`POST /v1/models/NAME/score`: plain ASGI, before anything else looks at the request.

Scoring one entity takes a third of a millisecond. The layers around pages would take as much again.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count
from threading import BoundedSemaphore
from typing import Final

from starlette.types import Receive, Scope, Send

from headwater.errors import HeadwaterError, Issue
from headwater.project.serving.runtime import Runtime
from headwater.web.scoring.answering import (
    Answers,
    Part,
    answer,
    answer_in_shadow,
    refusal_of,
    rows_of,
    write_answer,
)
from headwater.web.scoring.reading import MOST_BYTES, Question, read_question, too_many
from headwater.web.scoring.refusing import Refusal
from headwater.web.scoring.serving import Ready, Serving

_LOG: Final = logging.getLogger("headwater.web")
_BEFORE, _AFTER = "/v1/models/", "/score"
#: Up to so many entities are scored at once in the event loop: handing over would take longer.
_IN_LOOP: Final = 4
_WORKERS: Final = 2
#: Requests that a challenger in shadow may be behind.
_SHADOWS_WAITING: Final = 200

#: What browsers are told of pages says nothing of data that is no page; each header takes time.
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
)


def model_in(scope: Scope) -> str | None:
    """The model of an address that asks for scores; None for any other address.

    >>> model_in({"type": "http", "path": "/v1/models/churn/score"})
    'churn'
    """
    if scope["type"] != "http":
        return None
    path: str = scope["path"]
    if path.startswith(_BEFORE) and path.endswith(_AFTER):
        name = path[len(_BEFORE) : -len(_AFTER)]
        return name if name and "/" not in name else None
    return None


@dataclass(slots=True)
class _Reply:
    """What is sent, and what is to be done then."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    after: Callable[[], None] | None = None

    @classmethod
    def of(cls, refusal: Refusal) -> _Reply:
        """A refusal as it is sent."""
        return cls(refusal.status, refusal.body, refusal.headers)


class ScoringEndpoint:
    """Answers requests for scores."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="headwater-score")
        self._shadow = ThreadPoolExecutor(1, thread_name_prefix="headwater-shadow")
        self._waiting = BoundedSemaphore(_SHADOWS_WAITING)
        self._process = secrets.token_hex(8)
        self._number = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send, name: str) -> None:
        """Answer one request for scores of a model."""
        began = time.perf_counter()
        request_id = f"{self._process}-{next(self._number):x}"
        reply = await self._reply(scope, receive, name, request_id)
        headers = [
            *_HEADERS,
            *((key.encode(), value.encode()) for key, value in reply.headers.items()),
            (b"content-length", str(len(reply.body)).encode()),
            (b"x-request-id", request_id.encode()),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})
        known = name if name in self._serving.ready.models else ""
        self._serving.figures.request(known, reply.status, time.perf_counter() - began)
        if reply.after is not None:
            reply.after()

    def close(self) -> None:
        """Wait for what is under way."""
        self._workers.shutdown()
        self._shadow.shutdown(cancel_futures=True)

    async def _reply(self, scope: Scope, receive: Receive, name: str, request_id: str) -> _Reply:
        """The answer, or why there is none."""
        try:
            return await self._answer(scope, receive, name, request_id)
        except Refusal as refusal:
            return _Reply.of(refusal)
        except HeadwaterError as error:
            return _Reply.of(Refusal(400, *error.issues))
        except Exception:  # noqa: BLE001 - nobody foresaw it: the log has all of it
            _LOG.exception("%s %s failed", scope["method"], scope["path"])
            return _Reply.of(Refusal(500, _SURPRISE))

    async def _answer(self, scope: Scope, receive: Receive, name: str, request_id: str) -> _Reply:
        serving = self._serving
        if scope["method"] != "POST":
            what = f"{scope['method']} asks for no scores"
            raise Refusal.of(405, "E974", what, "send a POST", allow="POST")
        serving.admission.check(scope["headers"], name)
        ready = serving.ready
        model = ready.model(name)
        runtime = ready.runtime
        assert runtime is not None
        question = read_question(await _body_of(scope, receive, name), name)
        at = serving.now
        deployment = ready.deployments.get(name)

        def work() -> _Reply:
            answers = answer(runtime, model, question, deployment, at)
            refusal = refusal_of(answers.scored)
            if refusal is None:
                body = write_answer(runtime, model, answers.scored, request_id)
                reply = _Reply(200, body)
            else:
                reply = _Reply.of(refusal)
            reply.after = partial(self._finish, ready, question, answers, request_id, at)
            return reply

        if len(question.entities) <= _IN_LOOP:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._workers, work)

    def _finish(
        self, ready: Ready, question: Question, answers: Answers, request_id: str, at: datetime
    ) -> None:
        """What has time until the answer is sent: log, figures, the challenger in shadow."""
        runtime = ready.runtime
        assert runtime is not None
        for part in answers.parts:
            self._keep(runtime, part, request_id, at)
        deployment = ready.deployments.get(answers.parts[0].model.name)
        if deployment is None or not deployment.is_shadow:
            return
        if not self._waiting.acquire(blocking=False):
            self._serving.shadows_dropped += 1
            return

        def work() -> None:
            try:
                part = answer_in_shadow(runtime, deployment, question, answers.scored, at)
                self._keep(runtime, part, request_id, at)
            finally:
                self._waiting.release()

        self._shadow.submit(work)

    def _keep(self, runtime: Runtime, part: Part, request_id: str, at: datetime) -> None:
        self._serving.figures.answers(part.model.name, part.role, part.scored)
        self._serving.log.append(part.model, runtime.release, rows_of(part, request_id, at))


async def _body_of(scope: Scope, receive: Receive, name: str) -> bytes:
    """The whole body. Code E066 where it is too large."""
    for header, value in scope["headers"]:
        if header == b"content-length" and (not value.isdigit() or int(value[:12]) > MOST_BYTES):
            raise too_many(f"a body of {value[:12].decode('latin-1')} bytes", name)
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MOST_BYTES:
            raise too_many("a body that is too large", name)
    return bytes(body)


_SURPRISE: Final = Issue(
    code="E799",
    what="scoring failed in a way that nobody foresaw",
    fix="report it, with the log of `headwater serve`",
)
