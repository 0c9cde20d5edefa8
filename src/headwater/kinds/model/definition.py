"""What a model's file says, frozen: the model, its training set, and its scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time

from headwater.definitions.model import Described
from headwater.errors import Place
from headwater.features.model import Every, FeatureSet
from headwater.ids import NodeId
from headwater.learning.model import LearningSpec
from headwater.online.policy import OnlinePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Features that a model reads: one of a view, or all of it."""

    view: str
    feature: str = ""
    place: Place = Place()

    def __str__(self) -> str:
        return f"{self.view}.{self.feature}" if self.feature else self.view


def views_of(label: str, features: Iterable[Chosen]) -> tuple[str, ...]:
    """The feature views among what is chosen; the label's own columns are none."""
    return tuple(dict.fromkeys(chosen.view for chosen in features if chosen.view != label))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What rows are made of: a label (a training set), or none (scores), and features.

    `sources` are the relations that the views read, and `entity` the table whose key is theirs.
    `sets` are the views compiled: the graph adds them.
    """

    label: str
    features: tuple[Chosen, ...]
    sources: tuple[str, ...]
    entity: str
    places: Mapping[str, Place] = field(default_factory=dict)
    functions: tuple[str, ...] = ()  # texts of the project's own SQL functions
    sets: tuple[FeatureSet, ...] = ()

    @property
    def views(self) -> tuple[str, ...]:
        """The feature views, in the order in which they are named."""
        return views_of(self.label, self.features)

    @property
    def given(self) -> tuple[Chosen, ...]:
        """Columns of the label's own rows, which later come with a request."""
        return tuple(chosen for chosen in self.features if chosen.view == self.label)

    def place_of(self, name: str, otherwise: Place) -> Place:
        """Where a view, a feature or the label is named."""
        return self.places.get(name, otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDefinition:
    """A model: what it learns from, how, and what it has to meet to be published.

    `learning` lacks what only the graph knows: keys and columns.
    """

    id: NodeId
    place: Place
    files: tuple[str, ...]
    described: Described
    inputs: Inputs
    learning: LearningSpec
    text_digest: str
    scores: Scores | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What the key `scores` says."""

    batch: bool = True  # False: nobody is scored but by requests
    every: Every = "day"
    by: time | None = None  # local time of the day after, until which they are to be there
    begins: date | None = None  # the first day; None: the one after the test span
    online: OnlinePolicy | None = None  # set: requests are answered
    reasons: int = 0  # how many features explain each score
    where: str = ""  # who is scored, over the features


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSetDefinition:
    """The rows that a model learns from: it comes from the model's file."""

    id: NodeId
    place: Place
    files: tuple[str, ...]
    described: Described
    inputs: Inputs
    text_digest: str
    until: date | None = None  # the end of the test span: later rows would train nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoresDefinition:
    """The scores of a model, day by day: they come from the model's file."""

    id: NodeId
    place: Place
    files: tuple[str, ...]
    described: Described
    inputs: Inputs
    scores: Scores
    text_digest: str
    begins: date
    timezone: str = "UTC"
