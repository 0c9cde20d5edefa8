"""The views and models of one release that are kept, and scored, online."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from headwater.errors import HeadwaterError, Issue
from headwater.features.compiling import compile_view
from headwater.features.model import FeatureSet, ViewSpec
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.kinds.feature_view.definition import FeatureViewDefinition
from headwater.kinds.model.definition import ModelDefinition
from headwater.ledger import Version
from headwater.plan.state import State
from headwater.project.binding import Bound
from headwater.project.metrics.inputs import published_input
from headwater.project.release_view import ReleaseView
from headwater.project.serving.model import OnlineModel, OnlineView
from headwater.project.serving.reading import StoreReader
from headwater.project.serving.runtime import Runtime
from headwater.project.serving.views import as_read, online_view
from headwater.project.workspace import Workspace

if TYPE_CHECKING:
    from headwater.engines.protocol import Session
    from headwater.learning.scorer import Scorer


@dataclass(frozen=True, kw_only=True)
class Released:
    """One release with its definitions bound."""

    workspace: Workspace
    view: ReleaseView
    bound: Bound

    @property
    def number(self) -> int:
        """The release's."""
        return self.view.release.number if self.view.release is not None else 0

    @cached_property
    def models(self) -> Mapping[str, ModelDefinition]:
        """The models that score online, by name."""
        found = (node.definition for node in self.bound.graph.nodes.values())
        models = (each for each in found if isinstance(each, ModelDefinition))
        return {m.id.name: m for m in models if m.scores is not None and m.scores.online}

    @cached_property
    def views(self) -> Mapping[str, OnlineView]:
        """The views that are kept online: those that say so, and those that such models read."""
        read = {view for model in self.models.values() for view in model.inputs.views}
        return {
            name: self.online_view(name)
            for name, spec in self._specs.items()
            if name in read or spec.online_ttl is not None
        }

    def online_view(self, name: str) -> OnlineView:
        """A view of the release, ready to look up or to compute."""
        spec = self._specs[name]
        features = self.features(name)
        types = dict(self._relations[spec.entity].schema)
        with self.events(features) as session:
            return online_view(
                session,
                features,
                features.source,
                keys=[(key, types[key]) for key in features.keys],
                ttl=spec.online_ttl,
                zone=self.workspace.zone,
                functions=self.bound.functions,
            )

    def features(self, name: str) -> FeatureSet:
        """A view of the release, compiled."""
        spec = self._specs[name]
        entity, source = self._relations[spec.entity], self._relations[spec.source]
        return compile_view(spec, entity, source, self.bound.functions)

    @contextmanager
    def events(self, features: FeatureSet) -> Iterator[Session]:
        """A session that shows the published rows of a view's source, by its name."""
        node = self._relations[features.source]
        shown = published_input(
            features.source, node, self.view.states.get(node.id), self.workspace.lake
        )
        with self.workspace.engine.session() as session:
            session.bind_inputs([shown], self.bound.functions)
            yield session

    def has_files(self, features: FeatureSet) -> bool:
        """Whether the rows of a view's source are all there still; vacuum may have taken some."""
        state = self.view.states.get(self._relations[features.source].id)
        files = state.part("rows") if state is not None else ()
        return all(self.workspace.lake.absolute(file.path).is_file() for file in files)

    @cached_property
    def _specs(self) -> Mapping[str, ViewSpec]:
        found = ((n.id.name, n.definition) for n in self.bound.graph.nodes.values())
        return {name: each.spec for name, each in found if isinstance(each, FeatureViewDefinition)}

    @cached_property
    def _relations(self) -> Mapping[str, Node]:
        return {n.id.name: n for n in self.bound.graph.nodes.values() if n.is_relation}


def load_runtime(
    released: Released, reader: StoreReader, wanted: Mapping[str, int] | None = None
) -> Runtime | None:
    """What scores by a release; None where no model of it does so online.

    `wanted` are further versions to load: model → number, as challengers. Raises E057 where a
    version needs what the views of this release do not have, and the codes of broken files.
    """
    models: dict[str, dict[int, OnlineModel]] = {}
    published: dict[str, int] = {}
    for name, definition in released.models.items():
        state = released.view.states.get(definition.id)
        version = _version_of(released.workspace, state)
        if state is None or version is None:  # not trained yet, or held since it began
            continue
        published[name] = version.number
        numbers = {version.number, *([wanted[name]] if wanted and name in wanted else [])}
        models[name] = {n: load_model(released, definition, n) for n in sorted(numbers)}
    if not models:
        return None
    return Runtime(models, published, reader, release=released.number)


def load_model(released: Released, definition: ModelDefinition, number: int) -> OnlineModel:
    """One version of a model over the views of a release."""
    scorer = load_version(released, definition.id, number)
    views = tuple(as_read(released.views[v], scorer.columns) for v in definition.inputs.views)
    types = dict(views[0].keys)
    given = {c.name: c.type for c in scorer.columns if c.on_request and not c.view}
    assert definition.scores is not None
    assert definition.scores.online is not None
    model = OnlineModel(
        name=definition.id.name,
        version=number,
        keys=tuple((key, types[key]) for key in scorer.keys),
        columns=scorer.columns,
        views=views,
        request={k: v for view in views for k, v in view.request.items()} | given,
        policy=definition.scores.online,
        score_vector=scorer.score_vector,
        explain=scorer.reasons,
    )
    _require(model)
    return model


def load_version(released: Released, node: NodeId, number: int) -> Scorer:
    """What scores by one version, from its files. Codes E040, E044, E049 and those of its files."""
    from headwater.kinds.model.artifact import load_scorer

    workspace = released.workspace
    version = workspace.ledger.version(node, number)
    build = workspace.ledger.builds([version.build])[version.build]
    with workspace.engine.session() as session:
        place = released.bound.graph.nodes[node].definition.place
        return load_scorer(version, build.files, session, workspace.lake.absolute, place)


def _version_of(workspace: Workspace, state: State | None) -> Version | None:
    for _, segment in state.segments if state is not None else ():
        return workspace.ledger.version_of(segment.build)
    return None


def _require(model: OnlineModel) -> None:
    """E057 for a column that no view gives: the version was trained on another meaning."""
    try:
        _ = model.places
    except KeyError as error:
        view, column = error.args[0]
        what = f"model.{model.name}@{model.version} reads `{column}`, which `{view}` has no more"
        fix = "train again with `headwater run`, or go back to the release that had it"
        raise HeadwaterError(Issue(code="E057", what=what, fix=fix)) from None
