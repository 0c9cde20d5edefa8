"""The client of an MLflow registry: where it is, how long it is waited for, what is told of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from headwater.definitions.secrets import mask, read_dotenv, resolve
from headwater.errors import HeadwaterError, Issue, UsageError

_URI: Final = "MLFLOW_TRACKING_URI"
_SAID: Final = 300  # characters of what a registry says, which may be a page of HTML
_CREDENTIALS: Final = re.compile(r"://[^/\s]*@")
_SECRETS: Final = ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD")
#: Where nothing else is set. Who waits at a terminal wants to be told: two requests, not eight.
_SETTINGS: Final = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def registry_address(given: str, root: Path) -> str:
    """Where the registry is: as given, or by MLFLOW_TRACKING_URI of environment or `.env`. E087."""
    address = (given or {**read_dotenv(root / ".env"), **os.environ}.get(_URI, "")).strip()
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in address
    except ValueError:
        is_one = False
    if not is_one:
        what = "there is no address of an MLflow registry"
        what = f"`{_shown(address)}` is no address of an MLflow registry" if address else what
        fix = f"`--to http://mlflow.example:5000`, or set {_URI}"
        raise UsageError(Issue(code="E087", what=what, fix=fix))
    return address


@contextmanager
def registry(address: str, root: Path) -> Iterator[Any]:
    """The client of a registry, whatever another part of the process uses.

    Codes: E085 the package is missing, E086 the registry does not answer or refuses.
    """
    if "@" in address:  # a password in it is a secret from here on
        resolve("${ADDRESS}", root, environ={"ADDRESS": address})
    with _environment(root):
        try:
            from mlflow import MlflowClient
            from mlflow.exceptions import MlflowException
            from urllib3.exceptions import HTTPError
        except ImportError as error:
            raise _missing(error) from None
        try:
            yield MlflowClient(address, address)
        except ImportError as error:  # of what only some addresses need
            raise _missing(error) from None
        except (MlflowException, OSError) as error:
            said = " ".join(_shown(mask(str(_first(error, HTTPError)))).split())[:_SAID]
            what = f"the registry at {_shown(address)} does not answer, or refuses: {said}"
            fix = "look whether it runs and who may write to it; nothing has changed here"
            raise HeadwaterError(Issue(code="E086", what=what, fix=fix)) from None


@contextmanager
def _environment(root: Path) -> Iterator[None]:
    """MLflow's own settings, also those of `.env`, while it lasts; secrets are masked from then."""
    local = {n: v for n, v in read_dotenv(root / ".env").items() if n.startswith("MLFLOW_")}
    added = {n: v for n, v in {**_SETTINGS, **local}.items() if n not in os.environ}
    os.environ.update(added)
    try:
        for name in _SECRETS:
            if name in os.environ:
                resolve(f"${{{name}}}", root)
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _first(error: BaseException, retried: type[BaseException]) -> BaseException:
    """What went wrong beneath: a refused connection, not the retries around it."""
    while isinstance(beneath := error.__cause__ or error.__context__, (OSError, retried)):
        error = beneath
    return error


def _shown(text: str) -> str:
    """A text without what stands before the host of an address."""
    return _CREDENTIALS.sub("://", text)


def _missing(error: ImportError) -> UsageError:
    what = f"MLflow's package is missing, or one that it needs ({error.name or error})"
    return UsageError(Issue(code="E085", what=what, fix="pip install 'headwater[mlflow]'"))
