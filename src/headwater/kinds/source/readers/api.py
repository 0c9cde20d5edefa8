"""HTTP APIs: dlt's REST client turns pages into records, which land like the lines of a JSON file.

dlt is a library here: its paginators, authentication and retries are used, its pipelines are not.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from headwater.definitions.secrets import mask
from headwater.errors import HeadwaterError, Issue
from headwater.kinds.source.definition import ApiOrigin, SourceDefinition
from headwater.kinds.source.readers.api_cache import ResponseCache
from headwater.kinds.source.readers.api_settings import ApiSettings
from headwater.kinds.source.readers.casting import TextFormat
from headwater.kinds.source.readers.decoding import BrokenDeliveryError
from headwater.kinds.source.readers.files import stem_of
from headwater.kinds.source.readers.flow import Opened, broken_delivery, land_all
from headwater.kinds.source.readers.json_landing import json_tasks, to_text
from headwater.kinds.source.readers.model import Delivery, Discovery, Known, Landed, LoadStamp
from headwater.kinds.source.readers.objects import object_shape, sniff_objects
from headwater.kinds.source.readers.writing import workers
from headwater.sql.relations import Column

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.client import RESTClient
    from duckdb import DuckDBPyConnection

_SAMPLED_RECORDS: Final = 1_000
_SAMPLED_PAGES: Final = 5
#: So many times in a row the same page may come before the pagination is held to stand still.
_SAME_PAGES: Final = 3
_DOWN: Final = "E541"


class ApiReader:
    """Reads one resource; each pull is one delivery."""

    def __init__(
        self,
        definition: SourceDefinition,
        origin: ApiOrigin,
        settings: ApiSettings,
        *,
        project_zone: str,
        columns: tuple[Column, ...] | None,
        cache: Path,
    ) -> None:
        self._definition = definition
        self._origin = origin
        self._settings = settings
        self._columns = columns
        self._cache = ResponseCache(cache)
        self._form = TextFormat(
            source_zone=definition.timezone or project_zone, project_zone=project_zone
        )

    def discover(self, known: Known) -> Discovery:
        """One pull, beyond the cursor if there is one; nothing is asked of the vendor yet."""
        since = known.cursor if self._settings.cursor else None
        delivery = Delivery(name=self._name(since), since=since, last_good_at=known.loaded_at)
        return Discovery(new=(delivery,))

    def schema(self, deliveries: Sequence[Delivery] = ()) -> tuple[Column, ...]:
        """The declared columns, or those of the first pages, which `land` need not fetch again."""
        if self._columns is None:
            since = deliveries[0].since if deliveries else None
            pages = itertools.islice(self._pages(since), _SAMPLED_PAGES)
            records = itertools.chain.from_iterable(pages)
            try:
                texts = [to_text(r) for r in itertools.islice(records, _SAMPLED_RECORDS)]
            except BrokenDeliveryError as error:
                raise HeadwaterError(error.issue or self._issue("E547", str(error))) from error
            self._columns = sniff_objects(texts, self._definition.place)
        return self._columns

    def land(
        self,
        deliveries: Sequence[Delivery],
        folder: Path,
        load: LoadStamp,
        connection: DuckDBPyConnection,
    ) -> Iterator[Landed]:
        """Each pull; if the vendor stays down, the last good load stays, marked stale (W542)."""
        folder.mkdir(parents=True, exist_ok=True)
        for delivery in deliveries:
            with workers(connection, self._form.source_zone) as pool:
                pull = _Pull(self, delivery)
                for landed in land_all([pull.open(folder, load)], pool, self._definition.place):
                    if not landed.refused:
                        self._cache.complete()
                    elif not any(issue.code == _DOWN for issue in landed.issues):
                        self._cache.forget()
                    yield self._or_stale(landed, delivery)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, once they are known."""
        return self.schema()

    @property
    def form(self) -> TextFormat:
        """How values are written."""
        return self._form

    @property
    def definition(self) -> SourceDefinition:
        """The source."""
        return self._definition

    @property
    def cursor(self) -> str | None:
        """The name of the cursor's field."""
        return self._settings.cursor

    def texts(self, since: str | None, notes: list[Issue]) -> Iterator[str]:
        """Each record as JSON; a page that comes twice in a row is left out, with a warning."""
        last, repeated = "", 0
        for number, page in enumerate(self._pages(since), start=1):
            if number > self._settings.max_pages:
                raise self._endless(f"more than {self._settings.max_pages:,} pages")
            texts = [to_text(record) for record in page]
            mark = hashlib.sha256("\n".join(texts).encode()).hexdigest()
            if texts and mark == last:
                repeated += 1
                if repeated >= _SAME_PAGES:
                    raise self._endless(f"page {number} is the same as the {repeated} before it")
                what = f"{self._name(None)}: page {number} repeats the one before it"
                fix = "its rows were taken once"
                notes.append(self._issue("W544", what, fix))
                continue
            last, repeated = mark, 0
            yield from texts

    def _pages(self, since: str | None) -> Iterator[list[Any]]:
        """The records of each page; whatever fails is a `BrokenDeliveryError` with its issue."""
        client = self._client()
        import requests
        from dlt.sources.helpers.rest_client.exceptions import PaginatorNotFound
        from dlt.sources.rest_api.config_setup import create_paginator

        settings = self._settings
        params = dict(settings.params)
        start = json.loads(since) if since else settings.initial
        if start is not None and settings.cursor_param:
            params[settings.cursor_param] = start
        try:
            pages = client.paginate(
                self._origin.resource,
                method=settings.method,  # type: ignore[arg-type]
                params=params,
                json=dict(settings.json) if settings.json else None,
                paginator=create_paginator(dict(settings.paginator)),  # type: ignore[arg-type]
                data_selector=settings.data_selector,
            )
            for number, page in enumerate(pages):
                if number == 0:
                    self._check_selector(page.response)
                yield list(page)
        except requests.exceptions.JSONDecodeError as error:
            raise self._broken("E547", "the answer is no JSON", "check `resource`") from error
        except requests.exceptions.HTTPError as error:
            raise self._refusal(error) from error
        except requests.exceptions.RequestException as error:
            reason = type(error).__name__
            fix = "check `base_url`, and whether the vendor reports an outage"
            raise self._broken(_DOWN, f"the vendor does not answer ({reason})", fix) from error
        except (PaginatorNotFound, ValueError, TypeError) as error:
            fix = "declare `paginate` and `data_selector`"
            raise self._broken("E548", f"the pages cannot be followed: {error}", fix) from error

    def _check_selector(self, response: Any) -> None:
        from dlt.common import jsonpath

        selector = self._settings.data_selector
        if selector and not jsonpath.find_values(selector, response.json()):
            found = response.json()
            keys = ", ".join(found) if isinstance(found, dict) else type(found).__name__
            what = f"`data_selector: {selector}` finds nothing in the answer"
            raise self._broken("E548", what, f"the answer has: {keys}")

    def _client(self) -> RESTClient:
        try:
            from dlt.common.configuration.specs import RuntimeConfiguration
            from dlt.sources.helpers.requests import Client
            from dlt.sources.helpers.rest_client.client import RESTClient
            from dlt.sources.rest_api.config_setup import create_auth
        except ImportError as error:
            fix = "pip install 'headwater[api-sources]'"
            raise HeadwaterError(self._issue("E502", "reading an API needs dlt", fix)) from error
        settings = self._settings
        session = Client(
            request_timeout=settings.timeout_s,
            raise_for_status=False,
            request_max_attempts=settings.attempts,
            request_max_retry_delay=settings.max_wait_s,
            retry_condition=_is_cut_short,
        ).session
        for scheme in ("http://", "https://"):
            session.mount(scheme, self._cache.adapter())
        return RESTClient(
            self._origin.base_url,
            headers=dict(settings.headers),
            auth=create_auth(dict(settings.auth)) if settings.auth else None,  # type: ignore[arg-type]
            session=session,
            config=RuntimeConfiguration(),
        )

    def _refusal(self, error: Any) -> BrokenDeliveryError:
        status = error.response.status_code
        said = f"the vendor answers {status} {error.response.reason or ''}".strip()
        if status in (401, 403):
            return self._broken("E545", said, "check `auth`, and the variable that it names")
        if status == 404:
            return self._broken("E546", said, "check `base_url` and `resource`")
        if status == 429 or status >= 500:
            fix = f"it was asked {self._settings.attempts} times; run again later"
            return self._broken(_DOWN, said, fix)
        return self._broken("E549", said, "check `params`")

    def _endless(self, reason: str) -> BrokenDeliveryError:
        fix = "correct `paginate`: the vendor seems to ignore its parameter; or raise `max_pages`"
        return self._broken("E543", f"the pages do not end: {reason}", fix)

    def _or_stale(self, landed: Landed, delivery: Delivery) -> Landed:
        down = [issue for issue in landed.issues if issue.code == _DOWN]
        if not down or delivery.last_good_at is None:
            return landed
        age = _ago(delivery.last_good_at)
        what = f"{down[0].what}; the load of {age} goes on being used"
        return Landed(
            delivery=delivery,
            cursor=delivery.since,
            stale=True,
            issues=(self._issue("W542", what, down[0].fix),),
        )

    def _name(self, since: str | None) -> str:
        base = f"{self._origin.base_url.rstrip('/')}/{self._origin.resource.lstrip('/')}"
        return f"{base} {self._settings.cursor} > {json.loads(since)}" if since else base

    def _broken(self, code: str, what: str, fix: str) -> BrokenDeliveryError:
        return BrokenDeliveryError(what, self._issue(code, f"{self._name(None)}: {what}", fix))

    def _issue(self, code: str, what: str, fix: str = "") -> Issue:
        return Issue(code=code, what=mask(what), place=self._definition.place, fix=fix)


class _Pull:
    """One pull: its texts hashed as they pass, and the highest cursor value among them."""

    def __init__(self, reader: ApiReader, delivery: Delivery) -> None:
        self._reader = reader
        self._delivery = delivery
        self._digest = hashlib.sha256()
        self._size = 0
        self._last: Any = json.loads(delivery.since) if delivery.since else None
        self._notes: list[Issue] = []

    def open(self, folder: Path, load: LoadStamp) -> Opened:
        try:
            texts = self._watched(self._reader.texts(self._delivery.since, self._notes))
            definition = self._reader.definition
            shape, issues, texts = object_shape(
                texts, self._reader.columns, definition.contract, definition.place,
                self._delivery.name, self._reader.form, load,
            )  # fmt: skip
        except BrokenDeliveryError as error:
            place = self._reader.definition.place
            issue = error.issue or broken_delivery(self._delivery.name, str(error), place)
            return Opened(delivery=self._delivery, issues=(issue,))
        return Opened(
            delivery=self._delivery,
            issues=issues,
            tasks=json_tasks(texts, shape, folder / stem_of(self._delivery)),
            complete=self._complete,
        )

    def _watched(self, texts: Iterator[str]) -> Iterator[str]:
        cursor = self._reader.cursor
        for text in texts:
            data = text.encode()
            self._digest.update(data + b"\n")
            self._size += len(data) + 1
            if cursor is not None:
                self._last = later(self._last, json.loads(text).get(cursor))
            yield text

    def _complete(self, landed: Landed) -> Landed:
        delivery = replace(landed.delivery, sha256=self._digest.hexdigest(), size=self._size)
        cursor = None if self._last is None else json.dumps(self._last)
        issues = (*landed.issues, *self._notes)
        return replace(landed, delivery=delivery, cursor=cursor, issues=issues)


def later(one: Any, other: Any) -> Any:
    """The later of two cursor values as the vendor writes them; times compare as times.

    >>> later("2011-01-01T10:00:00+02:00", "2011-01-01T09:00:00Z")
    '2011-01-01T09:00:00Z'
    """
    if one is None or other is None:
        return other if one is None else one
    return max((one, other), key=_comparable)


def _comparable(value: Any) -> tuple[int, Any]:
    if isinstance(value, int | float):
        return 0, value
    try:
        return 1, datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return 2, str(value)


def _is_cut_short(response: Any, _error: BaseException | None) -> bool:
    """Whether a good answer breaks off in the middle of its JSON: then it is asked for again."""
    if response is None or response.status_code != 200:
        return False
    if "json" not in response.headers.get("Content-Type", ""):
        return False
    try:
        response.json()
    except ValueError:
        return True
    return False


def _ago(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M %Z").strip()
