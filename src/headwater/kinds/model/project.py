"""All models of a project beside its labels and feature views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from headwater.definitions.functions import SqlFunction, read_function
from headwater.definitions.loader import ReadContext, Reading
from headwater.definitions.model import Definition
from headwater.errors import Issue, Place, did_you_mean
from headwater.features.labels import HasLabel
from headwater.features.model import HasFeatures
from headwater.ids import NodeId
from headwater.kinds.model.definition import (
    Inputs,
    ModelDefinition,
    ScoresDefinition,
    TrainingSetDefinition,
)
from headwater.kinds.model.drafts import Draft, read_file

_FOLDERS: Final = {"label": "labels", "feature_view": "features"}


def read_models(paths: Iterable[str], context: ReadContext) -> Reading:
    """Models, training sets and scores, and everything that is wrong with the models' files.

    Codes E035 to E039, and those of the keys.
    """
    read = [_read(path, context) for path in paths]
    issues = [issue for _, found in read for issue in found]
    project = _Project(context)
    made: list[Definition] = []
    for draft, _ in read:
        if draft is not None:
            found = list(project.issues(draft))
            issues += found
            if not found and project.is_whole(draft):
                made += project.definitions(draft)
    return Reading(definitions=tuple(made), issues=tuple(issues))


def _read(path: str, context: ReadContext) -> tuple[Draft | None, tuple[Issue, ...]]:
    if not path.endswith(".py"):
        return context.parse((path,), read_file, Draft)
    from headwater.definitions.modules import project_imports
    from headwater.kinds.model.python import read_module

    return context.parse((path, *project_imports(context.tree, path)), read_module, Draft)


@dataclass(frozen=True)
class _Project:
    """What the kinds before this one have read."""

    context: ReadContext

    def named(self, kind: str) -> Mapping[str, Definition]:
        """The definitions of a kind, by name."""
        return {n.name: d for n, d in self.context.definitions.items() if n.kind == kind}

    def is_whole(self, draft: Draft) -> bool:
        """Whether all that it names was read; what is broken itself is told there."""
        views = self.named("feature_view")
        known = (each.view in views for each in draft.features if each.view != draft.label)
        return draft.label in self.named("label") and all(known)

    def issues(self, draft: Draft) -> Iterator[Issue]:
        """What is wrong with a model beside the others."""
        labels, views = self.named("label"), self.named("feature_view")
        if draft.label not in labels and not self._is_broken("label", draft.label):
            place = draft.place_of("label")
            yield _unknown("E035", "label", draft.label, labels, place)
        for chosen in draft.features:
            if chosen.view == draft.label:
                continue
            if chosen.view not in views and not self._is_broken("feature_view", chosen.view):
                yield _unknown("E036", "feature_view", chosen.view, views, chosen.place)
        if not self.is_whole(draft):
            return
        yield from self._entity_issues(draft)
        yield from _embargo_issues(draft, labels[draft.label])
        if _is_scored(draft) and _first_scored(draft) is None:
            what = "`scores` has no first day, as the split has no test span"
            fix = "add `from: 2011-10-01` to `scores`, or state `split`"
            yield Issue(code="E039", what=what, place=draft.place_of("scores"), fix=fix)

    def _is_broken(self, kind: str, name: str) -> bool:
        """Whether there is a file of that name, so that its own mistake was told."""
        paths = self.context.tree.under(_FOLDERS[kind])
        return any(path.rpartition("/")[2].partition(".")[0] == name for path in paths)

    def _entity_issues(self, draft: Draft) -> Iterator[Issue]:
        wanted = _entity(self.named("label")[draft.label])
        for view in draft.views:
            found = _entity(self.named("feature_view")[view])
            if found != wanted:
                what = (
                    f"label `{draft.label}` is about `{wanted}`, and view `{view}` about `{found}`"
                )
                fix = "a model's label and features are about one entity"
                yield Issue(code="E036", what=what, place=draft.place_of(view), fix=fix)

    def definitions(self, draft: Draft) -> Iterator[Definition]:
        """The model, its training set, and its scores if it has them."""
        inputs = self._inputs(draft)
        learning = draft.learning
        label = self.named("label")[draft.label]
        horizon = _horizon(label)
        split = replace(learning.split, embargo=draft.embargo or horizon)
        test = split.test
        common: dict[str, Any] = {
            "place": draft.place,
            "files": draft.files,
            "described": draft.described,
            "inputs": inputs,
            "text_digest": draft.text_digest,
        }
        yield TrainingSetDefinition(
            id=NodeId("training_set", draft.name),
            until=test.end if test is not None else None,
            **common,
        )
        yield ModelDefinition(
            id=NodeId("model", draft.name),
            learning=replace(learning, split=split, horizon=horizon),
            scores=draft.scores,
            timezone=self.context.settings.timezone,
            **common,
        )
        begins = _first_scored(draft)
        if draft.scores is not None and draft.scores.batch and begins is not None:
            yield ScoresDefinition(
                id=NodeId("scores", draft.name),
                scores=draft.scores,
                begins=begins,
                timezone=self.context.settings.timezone,
                **common,
            )

    def _inputs(self, draft: Draft) -> Inputs:
        views = self.named("feature_view")
        sources: dict[str, None] = {}
        for name in draft.views:
            view = views[name]
            assert isinstance(view, HasFeatures)
            sources[view.spec.source] = None
        return Inputs(
            label=draft.label,
            features=draft.features,
            sources=tuple(sources),
            entity=_entity(self.named("label")[draft.label]),
            places=draft.places,
            functions=self._functions(),
        )

    def _functions(self) -> tuple[str, ...]:
        """The texts of the project's SQL functions, which features may call."""
        paths = self.context.paths("functions", ".sql")
        read = (self.context.parse((path,), read_function, SqlFunction)[0] for path in paths)
        return tuple(function.text for function in read if function is not None)


def _entity(definition: Definition) -> str:
    """The table whose key a label or a view is about."""
    assert isinstance(definition, HasFeatures | HasLabel)
    return definition.spec.entity


def _horizon(label: Definition) -> timedelta:
    assert isinstance(label, HasLabel)
    return label.spec.horizon


def _is_scored(draft: Draft) -> bool:
    """Whether everybody is scored by runs."""
    return draft.scores is not None and draft.scores.batch


def _first_scored(draft: Draft) -> date | None:
    """The first day of scores: the stated one, or the one after the test span."""
    if draft.scores is not None and draft.scores.begins is not None:
        return draft.scores.begins
    test = draft.learning.split.test
    return test.end if test is not None else None


def _embargo_issues(draft: Draft, label: Definition) -> Iterator[Issue]:
    """E037 where rows of one part could know the outcomes of the next."""
    horizon = _horizon(label)
    if draft.embargo is not None and draft.embargo < horizon:
        what = f"the embargo is shorter than the label's horizon of {_duration(horizon)}"
        fix = "leave it out: it is the horizon by default"
        yield Issue(code="E037", what=what, place=draft.place_of("embargo"), fix=fix)
    split, embargo = draft.learning.split, draft.embargo or horizon
    for name, earlier, later in (
        ("train", split.train, split.calibrate),
        ("calibrate", split.calibrate, split.test),
    ):
        if earlier is None or later is None:
            continue
        if (
            datetime.combine(later.start, time()) - datetime.combine(earlier.start, time())
            < embargo
        ):
            what = (
                f"no row of `{name}` is left: the outcome of its first day is known only"
                f" {_duration(embargo)} later, when the next part has begun"
            )
            fix = f"begin `{name}` earlier, or the next part later"
            yield Issue(code="E037", what=what, place=draft.place_of("split"), fix=fix)


def _duration(length: timedelta) -> str:
    hours = round(length.total_seconds() / 3600)
    return f"{length.days} days" if hours % 24 == 0 else f"{hours} hours"


def _unknown(code: str, kind: str, name: str, known: Iterable[str], place: Place) -> Issue:
    """A label or a view that there is not."""
    word, folder = kind.replace("_", " "), _FOLDERS[kind]
    otherwise = f"`headwater ls kind:{kind}` lists all; definitions stand in `{folder}/`"
    fix = did_you_mean(name, known, otherwise)
    return Issue(code=code, what=f"unknown {word} `{name}`", place=place, fix=fix)
