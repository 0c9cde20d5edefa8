"""The keys of a model's file."""

from __future__ import annotations

from datetime import date, time
from typing import Any, Final, get_args

from headwater.definitions.fields import (
    DESCRIBED,
    MOVED,
    Anything,
    ByShape,
    Choice,
    Duration,
    FieldType,
    Flag,
    Key,
    ListOf,
    MapOf,
    Names,
    Number,
    Record,
    Schema,
    Text,
)
from headwater.definitions.schemas import Declared, DescribedFiles
from headwater.definitions.settings import Day
from headwater.definitions.yamltext import Located
from headwater.errors import HeadwaterError, Issue
from headwater.features.model import Every
from headwater.kinds.model.online import ONLINE
from headwater.learning.model import Algorithm, CalibrationMethod, Span
from headwater.semantics.periods import read_period

_NO_DAY: Final = date(2, 1, 1)


class SpanOf(FieldType):
    """Days by their calendar: `2011-01`, `2011-05..2011-09`, the last one included."""

    def _expected(self) -> str:
        return "a span such as `2011-01` or `2011-05..2011-09`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        try:
            period = read_period(str(located.value), _NO_DAY)
        except HeadwaterError:
            period = None
        if period is None or period.first.year <= _NO_DAY.year:
            return self.refuse(located, issues, "a split names its days, so that it stays the same")
        return Span(period.first, period.end)

    def _schema(self, _names: Names) -> Schema:
        return {"type": ["string", "integer"], "examples": ["2011-01", "2011-05..2011-09"]}


class TimeOfDay(FieldType):
    """A local time of the day."""

    def _expected(self) -> str:
        return 'a time of the day such as `"07:00"`'

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        try:
            return time.fromisoformat(str(located.value))
        except ValueError:
            return self.refuse(located, issues, "put it in quotes")

    def _schema(self, _names: Names) -> Schema:
        return {"type": "string", "pattern": r"^\d\d:\d\d(:\d\d)?$"}


class CountOrFlag(FieldType):
    """A number, or `true` for the usual one."""

    def _expected(self) -> str:
        return "`true`, or how many"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        value = located.value
        if isinstance(value, bool):
            return 3 if value else 0
        if isinstance(value, int) and 0 <= value <= 50:
            return value
        return self.refuse(located, issues, "from 0 to 50 features explain a score")

    def _schema(self, _names: Names) -> Schema:
        return {"anyOf": [{"type": "boolean"}, {"type": "integer", "minimum": 0, "maximum": 50}]}


SPLIT: Final = Record(
    (
        Key("train", SpanOf(), "the days that train; everything before by default"),
        Key("calibrate", SpanOf(), "the days on which scores are made probabilities"),
        Key("test", SpanOf(), "the days on which the model is judged; the latest"),
        Key("mode", Choice(("time", "random")), "`random` is marked wherever the model is shown"),
        Key("origins", Number(whole=True, minimum=1), "of the backtest; 3 by default"),
    ),
    moved={
        "validation": "did you mean `calibrate`? The search has folds in time of its own",
        "valid": "did you mean `calibrate`? The search has folds in time of its own",
        "test_size": "parts are spans of time: `test: 2011-05..2011-09`",
        "train_size": "parts are spans of time: `test: 2011-05..2011-09`",
        "shuffle": "did you mean `mode: random`?",
        "random_state": "did you mean `seed`, beside `split`?",
        "n_splits": "did you mean `origins`?",
        "gap": "did you mean `embargo`, beside `split`?",
        "embargo": "`embargo` stands beside `split`; it is the label's horizon by default",
    },
)
PROFIT: Final = Record(
    (
        Key("cost", Number(minimum=0), "what contacting one costs", required=True),
        Key("gain", Number(minimum=0), "what one that is won gains", required=True),
        Key("response", Number(minimum=0), "the share that responds; 1 by default"),
    )
)
SCORES: Final = Record(
    (
        Key("batch", Flag(), "whether runs score everybody, as they do by default"),
        Key("every", Choice(get_args(Every)), "how often everybody is scored; `day` by default"),
        Key("by", TimeOfDay(), "until when a day's scores are to be there, the day after"),
        Key("from", Day(), "the first day; the one after the test span by default"),
        Key("online", ONLINE, "whether `headwater serve` answers requests for scores"),
        Key("reasons", CountOrFlag(), "how many features explain each score"),
        Key("where", Text(), "who is scored: a condition over the features"),
    ),
    moved={
        "schedule": '`every: day` and `by: "07:00"`; when runs begin, `headwater.yml` says',
        "start": "did you mean `from`?",
        "begin": "did you mean `from`?",
        "filter": "did you mean `where`?",
        "explain": "did you mean `reasons`?",
    },
)
#: A model in Python is written in Python.
_ALGORITHMS: Final = tuple(name for name in get_args(Algorithm) if name != "python")
_FEATURE: Final = Text(names="features")
_SCIKIT: Final = "did you mean `algorithm`? A class of scikit-learn is its `estimator`"
MODEL: Final = Record(
    (
        *DESCRIBED,
        Key("label", Text(names="labels"), "what is predicted: a file of `labels/`", required=True),
        Key(
            "features",
            ListOf(_FEATURE),
            "feature views, or single features as `view.feature`",
            required=True,
        ),
        Key("algorithm", Choice(_ALGORITHMS), "`xgboost` by default"),
        Key("estimator", Text(), "of `sklearn`: its class, by its full name"),
        Key("parameters", MapOf(Anything()), "of the algorithm, by its library's own names"),
        Key("search", MapOf(ListOf(Anything())), "parameter → values to try"),
        Key("trials", Number(whole=True, minimum=1), "how many combinations; 20 by default"),
        Key("seed", Number(whole=True, minimum=0), "0 by default: the same rows, the same model"),
        Key("split", SPLIT, "what trains, calibrates and tests, by time"),
        Key("embargo", Duration(), "between the parts; the label's horizon by default"),
        Key("calibration", Choice(get_args(CalibrationMethod)), "`auto` by default"),
        Key("groups", ListOf(_FEATURE), "columns by which the model is judged besides"),
        Key("recency", _FEATURE, "the feature of the recency baseline"),
        Key("profit", PROFIT, "of a campaign; chooses the threshold"),
        Key("gates", ListOf(Text(), at_least=0), "conditions to be published"),
        Key("leakage", Flag(), "`false` leaves the audit out, marked wherever the model is shown"),
        Key("scores", ByShape(Flag(), SCORES), "set: everybody is scored, day by day"),
    ),
    moved={
        **MOVED,
        "target": "did you mean `label`? Its definition stands in `labels/`",
        "y": "did you mean `label`?",
        "label_column": "did you mean `label`?",
        "entity": "the entity is the label's",
        "entities": "the entity is the label's",
        "feature_views": "did you mean `features`?",
        "feature_service": "did you mean `features`? A model names what it reads itself",
        "feature_refs": "did you mean `features`? `view.feature`, not `view:feature`",
        "ttl": "`online: {ttl: …}` stands in the feature view",
        "model": _SCIKIT,
        "model_type": _SCIKIT,
        "classifier": _SCIKIT,
        "class": _SCIKIT,
        "flavor": _SCIKIT,
        "params": "did you mean `parameters`?",
        "hyperparameters": "did you mean `parameters`?",
        "param_grid": "did you mean `search`?",
        "param_distributions": "did you mean `search`?",
        "n_iter": "did you mean `trials`?",
        "n_trials": "did you mean `trials`?",
        "random_state": "did you mean `seed`?",
        "test_size": "parts are spans of time: `split: {test: 2011-05..2011-09}`",
        "cv": "the search has folds in time, and `split: {origins: 3}` tests over several",
        "scoring": "figures are always the same; conditions are `gates`",
        "metrics": "figures are always the same; conditions are `gates`",
        "threshold": "`profit` chooses it",
        "experiment": "every training is a version: `headwater versions`",
        "run_id": "every training is a version: `headwater versions`",
        "registered_model_name": "the file's path is its name",
        "stage": "what is published is published; `headwater promote model.NAME@7`",
        "alias": "what is published is published; `headwater promote model.NAME@7`",
        "version": "versions are counted: every training is one",
        "signature": "its inputs are its `features`",
        "artifact_path": "files are kept in the lake",
        "materialized": "a SQL table lives in `tables/`; `models/` holds trained models",
        "config": "a SQL table lives in `tables/`; `models/` holds trained models",
        "tests": "conditions of a model are `gates`",
        "schedule": "`scores: {every: day}`; when runs begin, `headwater.yml` says",
    },
)  # fmt: skip
_RETURNED: Final = ("algorithm", "estimator")
#: Those of a model in Python.
MARK: Final = Record(
    tuple(key for key in MODEL.keys if key.name not in _RETURNED),
    moved={
        name: "what learns is what the function returns" if fix == _SCIKIT else fix
        for name, fix in {**MODEL.moved, **dict.fromkeys(_RETURNED, _SCIKIT)}.items()
    },
)
SCHEMAS: Final[Declared] = {"models": DescribedFiles(folder="models", holds=(MODEL,))}
