"""A model's file as it is written, before it knows of labels and feature views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from headwater.definitions.fields import Record, take_described
from headwater.definitions.files import root_mapping
from headwater.definitions.loader import Files, name_of
from headwater.definitions.model import Described
from headwater.definitions.yamltext import Located
from headwater.errors import HeadwaterError, Issue, Place
from headwater.ids import digest
from headwater.kinds.model.definition import Chosen, Scores, views_of
from headwater.kinds.model.keys import MODEL
from headwater.kinds.model.online import policy_of
from headwater.learning.gates import DEFAULT_GATES, parse_gate
from headwater.learning.model import Gate, LearningSpec, Profit, Span, SplitSpec

HINT: Final = "a model begins with `label:` and `features:`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function that returns what learns: what it says of itself, and a digest of its source."""

    docstring: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One model by its own file; `embargo` is None where it follows from the label."""

    name: str
    place: Place
    files: tuple[str, ...]
    described: Described
    text_digest: str
    label: str
    features: tuple[Chosen, ...]
    learning: LearningSpec
    embargo: timedelta | None = None
    scores: Scores | None = None
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def views(self) -> tuple[str, ...]:
        """The feature views, in the order in which they are named."""
        return views_of(self.label, self.features)

    def place_of(self, key: str) -> Place:
        """Where a key is written, or a view is named."""
        return self.places.get(key, self.place)


def read_file(files: Files) -> Draft | None:
    """The model of a YAML file; what is wrong with it is noted."""
    name = name_of(files.path, files.path[files.path.rfind(".") :], files.issues)
    root = root_mapping(files, HINT)
    if root is None or name is None:
        return None
    return read_draft(name, files, MODEL, root)


def read_draft(
    name: str,
    files: Files,
    keys: Record,
    root: Located,
    function: Function | None = None,
) -> Draft | None:
    """The model of a file's keys, and of the function that it may have."""
    before = len(files.issues)
    values = keys.read_keys(root.mapping, root.place, files.issues)
    if len(files.issues) > before:
        return None
    chosen = _chosen(root.mapping["features"], files.issues)
    places = {each.view: each.place for each in reversed(chosen)}
    places |= {key: located.place for key, located in root.mapping.items()}
    described = take_described(values)
    if function is not None and not described.description:
        described = replace(described, description=function.docstring)
    draft = Draft(
        name=name,
        place=Place(files.path, 1),
        files=files.paths,
        described=described,
        text_digest=digest(*(files.texts[p] for p in files.paths), sorted(files.defaults)),
        label=values["label"],
        features=chosen,
        learning=_learning(values, root.mapping, files, function),
        embargo=values.get("embargo"),
        scores=_scores(values.get("scores")),
        places=places,
    )
    _check_split(draft, files)
    if not draft.views:
        what = "no feature view is named"
        files.wrong(
            "E038", what, draft.place_of("features"), "columns of a label alone are too few"
        )
    return draft if len(files.issues) == before else None


def _chosen(located: Located, issues: list[Issue]) -> tuple[Chosen, ...]:
    """The views and features, each once; E038 for one that is named twice."""
    found: dict[str, Chosen] = {}
    for item in located.items or (located,):
        view, dot, feature = str(item.value).strip().partition(".")
        chosen = Chosen(view=view, feature=feature if dot else "", place=item.place)
        whole = found.get(view)
        if str(chosen) in found or whole is not None:
            fix = "it is in already" if whole is None or dot else "name it once"
            what = f"`{chosen}` is named twice"
            issues.append(Issue(code="E038", what=what, place=item.place, fix=fix))
        else:
            found[str(chosen)] = chosen
    return tuple(found.values())


def _learning(
    values: Mapping[str, Any],
    written: Mapping[str, Located],
    files: Files,
    function: Function | None,
) -> LearningSpec:
    split = dict(values.get("split", {}))
    campaign = values.get("profit")
    usual = "python" if function is not None else "sklearn" if "estimator" in values else "xgboost"
    algorithm = values.get("algorithm", usual)
    if (algorithm == "sklearn") != ("estimator" in values):
        what = "`algorithm: sklearn` and `estimator` go together"
        fix = "estimator: sklearn.ensemble.RandomForestClassifier"
        key = "algorithm" if "algorithm" in written else "estimator"
        files.wrong("E039", what, written[key].place, fix)
    if campaign is not None and campaign.keys() >= {"cost", "gain"}:
        campaign = Profit(**{"response": 1.0} | {k: float(v) for k, v in campaign.items()})
        if campaign.response > 1:
            what = "a share of people responds, from 0 to 1"
            files.wrong("E039", what, written["profit"].place, "response: 0.1 is one in ten")
    return LearningSpec(
        algorithm=algorithm,
        estimator=values.get("estimator", ""),
        function=files.path if function is not None else "",
        source=function.source if function is not None else "",
        parameters=values.get("parameters", {}),
        search=values.get("search", {}),
        trials=values.get("trials", 20),
        seed=values.get("seed", 0),
        split=SplitSpec(**split),
        calibration=values.get("calibration", "auto"),
        recency=values.get("recency", "").rpartition(".")[2],
        groups=tuple(name.rpartition(".")[2] for name in values.get("groups", ())),
        profit=campaign,
        gates=_gates(written.get("gates"), files),
        leakage=values.get("leakage", True),
    )


def _gates(located: Located | None, files: Files) -> tuple[Gate, ...]:
    if located is None:
        return DEFAULT_GATES
    found: list[Gate] = []
    for item in located.items or (located,):
        try:
            found.append(parse_gate(str(item.value), item.place))
        except HeadwaterError as error:
            files.issues.extend(error.issues)
    return tuple(found)


def _scores(values: Any) -> Scores | None:
    """What `scores` says; `scores: true` is all defaults."""
    if not values and not isinstance(values, dict):
        return None
    keys = dict(values) if isinstance(values, dict) else {}
    begins = keys.pop("from", None)
    online = policy_of(keys.pop("online", None))
    return Scores(**keys, begins=begins, online=online)


def _check_split(draft: Draft, files: Files) -> None:
    """E037: parts that lie in the wrong order, or overlap."""
    split = draft.learning.split
    place = draft.place_of("split")
    if split.mode == "random" and (split.train or split.calibrate or split.test):
        what = "a random split has no spans of time"
        files.wrong("E037", what, place, "leave out `mode: random`: a split by time is honest")
    parts: list[tuple[str, Span | None]] = [
        ("train", split.train), ("calibrate", split.calibrate), ("test", split.test),
    ]  # fmt: skip
    stated = [(name, span) for name, span in parts if span is not None]
    for (earlier, first), (later, second) in pairwise(stated):
        if second.start < first.end:
            what = f"`{later}` begins on {second.start}, before `{earlier}` ends on {first.end}"
            fix = "train, then calibrate, then test: a model is judged on what came later"
            files.wrong("E037", what, place, fix)
    if (split.calibrate is None) != (split.test is None):
        missing = "test" if split.test is None else "calibrate"
        what = f"`split` states one part, and not `{missing}`"
        files.wrong("E037", what, place, f"add `{missing}: 2011-05..2011-09`, or state none")
