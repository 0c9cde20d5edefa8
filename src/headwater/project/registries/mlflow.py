"""Versions of a model in an MLflow registry: files, figures, and which one is published.

A registered version holds what Headwater keeps of it, and is loaded by `mlflow.pyfunc`. The alias
`champion` stands on the version that `prod` publishes.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from headwater import __version__
from headwater.definitions.secrets import resolve
from headwater.errors import HeadwaterError, Issue, UsageError

if TYPE_CHECKING:
    from headwater.learning.report import TrainingReport
    from headwater.ledger import Version

CHAMPION: Final = "champion"
_URI: Final = "MLFLOW_TRACKING_URI"
_BUILD, _NUMBER = "headwater.build", "headwater.version"
_CODE: Final = Path(__file__).with_name("mlflow_scoring.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A version as the registry knows it."""

    name: str
    version: str
    run: str
    is_new: bool  # False: it had been there
    is_champion: bool


def registry_address(given: str, root: Path) -> str:
    """Where the registry is: `--to`, or MLFLOW_TRACKING_URI of the environment or `.env`. E087."""
    if given:
        return given
    try:
        return resolve(f"${{{_URI}}}", root).reveal()
    except HeadwaterError:
        what, fix = "there is no address of an MLflow registry", f"give `--to URL`, or set {_URI}"
        raise UsageError(Issue(code="E087", what=what, fix=fix)) from None


def push_version(
    version: Version,
    files: Mapping[str, bytes],
    report: TrainingReport,
    *,
    address: str,
    champion: bool,
    name: str = "",
) -> Pushed:
    """Register a version under its model's name, once; `champion` moves the alias to it.

    Codes: E085 the package is missing, E086 the registry does not answer or refuses.
    """
    named = name or version.node.name
    with _registry(address) as (mlflow, client):
        known = _known(client, named, version)
        if known is None:
            known = _register(mlflow, client, named, version, files, report)
            is_new = True
        else:
            is_new = False
        if champion:
            client.set_registered_model_alias(named, CHAMPION, known.version)
    return Pushed(
        name=named,
        version=str(known.version),
        run=str(known.run_id),
        is_new=is_new,
        is_champion=champion,
    )


@contextmanager
def _registry(address: str) -> Iterator[tuple[Any, Any]]:
    """The client of one registry, whatever another part of the process uses."""
    # Three requests, not eight: who waits at a terminal wants to be told.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    try:
        import mlflow
        import mlflow.pyfunc
        from mlflow.exceptions import MlflowException
    except ImportError as error:
        what = f"the package that speaks to MLflow is missing ({error.name})"
        fix = "pip install 'headwater[mlflow]'"
        raise UsageError(Issue(code="E085", what=what, fix=fix)) from None
    before = mlflow.get_tracking_uri()
    try:
        mlflow.set_tracking_uri(address)
        yield mlflow, mlflow.MlflowClient(address, address)
    except (MlflowException, OSError) as error:
        said = " ".join(str(error).split())[:300]
        what = f"the registry at {_shown(address)} refused, or does not answer: {said}"
        fix = "look whether it runs, and mind who may write to it; nothing has changed here"
        raise HeadwaterError(Issue(code="E086", what=what, fix=fix)) from error
    finally:
        mlflow.set_tracking_uri(before)


def _known(client: Any, name: str, version: Version) -> Any | None:
    """The registered version of a build, where there is one."""
    found = client.search_model_versions(f"name = '{name}' and tags.`{_BUILD}` = '{version.build}'")
    return next(iter(found), None)


def _register(
    mlflow: Any,
    client: Any,
    name: str,
    version: Version,
    files: Mapping[str, bytes],
    report: TrainingReport,
) -> Any:
    mlflow.set_experiment(name)
    with tempfile.TemporaryDirectory() as scratch, mlflow.start_run(run_name=f"@{version.number}"):
        folder = Path(scratch, "model")
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content)
        mlflow.log_params({n: json.dumps(v, default=str) for n, v in report.parameters.items()})
        mlflow.log_metrics(_figures(report))
        mlflow.set_tags({_BUILD: version.build, _NUMBER: version.number})
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(_CODE),
            artifacts={"model": str(folder)},
            pip_requirements=[f"headwater[ml]=={__version__}"],
            registered_model_name=name,
            await_registration_for=60,
        )
        run = mlflow.active_run().info.run_id
    (made,) = client.search_model_versions(f"name = '{name}' and run_id = '{run}'")
    facts = {
        _BUILD: version.build,
        _NUMBER: version.number,
        "headwater.gates": "passed" if version.passed else "failed",
        "headwater.split": report.split_mode,
    }
    for key, value in facts.items():
        client.set_model_version_tag(name, made.version, key, str(value))
    return made


def _figures(report: TrainingReport) -> dict[str, float]:
    """The figures of the test rows with their bounds, and those of the baselines."""
    found: dict[str, float | None] = {}
    for name, figure in report.test.figures.items():
        found |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
    for baseline, evaluation in report.baselines.items():
        found |= {f"{baseline}_{n}": figure.value for n, figure in evaluation.figures.items()}
    return {name: value for name, value in found.items() if value is not None}


def _shown(address: str) -> str:
    """An address without the password that may stand in it."""
    head, mark, rest = address.partition("://")
    return f"{head}{mark}{rest.rpartition('@')[2]}"
