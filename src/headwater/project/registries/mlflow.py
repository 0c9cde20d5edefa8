"""Versions of a model in an MLflow registry: files, figures, and which one is published.

A registered version holds what Headwater keeps of it, and is loaded by `mlflow.pyfunc`. The alias
`champion` stands on the version that `prod` publishes.
"""

from __future__ import annotations

import json
import tempfile
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from headwater import __version__
from headwater.kinds.model.versions import read_facts, summary
from headwater.learning.report import TrainingReport
from headwater.ledger import Version
from headwater.project.registries.mlflow_client import registry

CHAMPION: Final = "champion"
_BUILD, _NUMBER = "headwater.build", "headwater.version"
_CODE: Final = Path(__file__).with_name("mlflow_scoring.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A version with everything of it that a registry keeps."""

    version: Version
    files: Mapping[str, bytes]
    report: TrainingReport

    @property
    def tags(self) -> dict[str, str]:
        """What tells it from others: one build is registered once."""
        return {
            _BUILD: self.version.build,
            _NUMBER: str(self.version),
            "headwater.gates": "passed" if self.version.passed else "failed",
            "headwater.split": self.report.split_mode,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A version as the registry knows it."""

    version: str  # model.churn@7
    name: str
    number: int  # of the registry, which counts for itself
    run: str
    is_new: bool  # False: it had been there
    is_champion: bool


def push_version(
    offer: Offer, *, address: str, root: Path, champion: bool, name: str = ""
) -> Pushed:
    """Register a version under its model's name, once; `champion` moves the alias to it.

    Codes: E085 the package is missing, E086 the registry does not answer or refuses.
    """
    named = name or offer.version.node.name
    with registry(address, root) as client:
        known = _known(client, named, offer.version)
        made = known or _register(client, named, offer)
        for tag, value in offer.tags.items():
            if made.tags.get(tag) != value:  # its gates were changed, and it was judged again
                client.set_model_version_tag(named, made.version, tag, value)
        if champion:
            client.set_registered_model_alias(named, CHAMPION, made.version)
        aliases: Mapping[str, object] = client.get_registered_model(named).aliases
    return Pushed(
        version=str(offer.version),
        name=named,
        number=int(made.version),
        run=str(made.run_id),
        is_new=known is None,
        is_champion=str(aliases.get(CHAMPION)) == str(made.version),
    )


def _known(client: Any, name: str, version: Version) -> Any | None:
    """The registered version of a build, where there is one."""
    found = client.search_model_versions(f"tags.`{_BUILD}` = '{version.build}'")
    return next((each for each in found if each.name == name), None)


def _register(client: Any, name: str, offer: Offer) -> Any:
    """A run with the figures, a model with the files, and last the version with its tags.

    What is cut short leaves a run without a version, and the next push makes both.
    """
    from mlflow.entities import LoggedModelOutput

    _open_name(client, name)
    experiment = client.get_experiment_by_name(name)
    folder = experiment.experiment_id if experiment else client.create_experiment(name)
    run = client.create_run(folder, tags=offer.tags, run_name=str(offer.version)).info.run_id
    status = "FAILED"
    try:
        parameters = {n: json.dumps(v, default=str) for n, v in offer.report.parameters.items()}
        model = client.create_logged_model(
            folder, name=name, source_run_id=run, tags=offer.tags, params=parameters
        )
        client.log_outputs(run, [LoggedModelOutput(model.model_id, step=0)])
        _log_figures(client, run, model.model_id, parameters, offer.report)
        with tempfile.TemporaryDirectory() as scratch:
            saved = _save(Path(scratch), offer, run, model)
            client.log_model_artifacts(model.model_id, str(saved))
        client.finalize_logged_model(model.model_id, "READY")
        made = client.create_model_version(
            name,
            f"models:/{model.model_id}",
            run_id=run,
            tags=offer.tags,
            description=f"{offer.version} of Headwater: {summary(read_facts(offer.version))}",
            await_creation_for=0,
            model_id=model.model_id,
        )
        status = "FINISHED"
    finally:
        client.set_terminated(run, status)
    return made


def _log_figures(
    client: Any, run: str, model: str, parameters: Mapping[str, str], report: TrainingReport
) -> None:
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    client.log_batch(
        run,
        metrics=[
            Metric(key, value, now, 0, model_id=model, run_id=run)
            for key, value in figures_of(report).items()
        ],
        params=[Param(key, value) for key, value in parameters.items()],
    )


def _save(scratch: Path, offer: Offer, run: str, model: Any) -> Path:
    """The folder that MLflow loads."""
    import mlflow.pyfunc
    from mlflow.models import Model

    files = scratch / "files"
    files.mkdir()
    for name, content in offer.files.items():
        (files / name).write_bytes(content)
    saved = scratch / "model"
    columns = dict(read_facts(offer.version).columns)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*input example was not provided", UserWarning)
        mlflow.pyfunc.save_model(
            path=str(saved),
            python_model=str(_CODE),
            artifacts={"model": str(files)},
            signature=_signature(columns),
            pip_requirements=[f"headwater[ml,mlflow]=={__version__}"],
            mlflow_model=Model(
                artifact_path=model.artifact_location,
                run_id=run,
                model_id=model.model_id,
                metadata={"headwater": offer.tags, "columns": columns},
            ),
        )
    return saved


def _signature(columns: Mapping[str, str]) -> Any:
    """The columns by name: a number is whole or, with missing values, a float for pandas.

    MLflow would refuse the one or the other. Headwater checks types itself.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import AnyType

    anything = AnyType()  # type: ignore[no-untyped-call]
    inputs: list[Any] = [
        ColSpec(DataType.string if kind == "VARCHAR" else anything, name)
        for name, kind in columns.items()
    ]
    return ModelSignature(Schema(inputs), Schema([ColSpec(DataType.double)]))


def _open_name(client: Any, name: str) -> None:
    """The registered model, where it is new; a name that is none is refused before all else."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def figures_of(report: TrainingReport) -> dict[str, float]:
    """The figures of the test rows with their bounds, and those of the baselines."""
    found: dict[str, float | None] = {}
    for name, figure in report.test.figures.items():
        found |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
    for baseline, evaluation in report.baselines.items():
        found |= {f"{baseline}_{n}": figure.value for n, figure in evaluation.figures.items()}
    return {name: value for name, value in found.items() if value is not None}
