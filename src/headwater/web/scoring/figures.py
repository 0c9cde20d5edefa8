"""What Prometheus sees of scoring: a registry of our own, for the process has other users."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from headwater.project.serving.scored import Role, Scored

#: Seconds: scoring takes a fraction of a millisecond.
_BUCKETS: Final = (
    0.00025,
    0.0005,
    0.00075,
    0.001,
    0.002,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.5,
    1,
    5,
)
MEDIA_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

#: A gauge's name, what it is, names of its labels, and its values.
Gauge = tuple[str, str, Sequence[str], Iterable[tuple[Sequence[str], float]]]


class Figures:
    """Counts and times since the process began, and what stands at the moment of asking."""

    def __init__(self, standing: Callable[[], Iterable[Gauge]]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Standing(standing))
        self._requests = self._counter(
            "headwater_score_requests", "Requests for scores.", "model", "code"
        )
        self._scores = self._counter(
            "headwater_scores",
            "Answers, one for each entity.",
            "model",
            "version",
            "role",
            "status",
        )
        self._missing = self._counter(
            "headwater_score_missing_features", "Features without a value.", "model"
        )
        self._seconds = Histogram(
            "headwater_score_request_seconds",
            "Time of a request, from its headers to its answer.",
            ("model",),
            buckets=_BUCKETS,
            registry=self._registry,
        )

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(name, what, labels, registry=self._registry)

    def request(self, model: str, status: int, seconds: float) -> None:
        """One request was answered; an unknown model has no name here: anyone may invent one."""
        self._requests.labels(model, str(status)).inc()
        self._seconds.labels(model).observe(seconds)

    def answers(self, model: str, role: Role, scored: Sequence[Scored]) -> None:
        """Entities were scored."""
        tally = Tally((str(each.version), each.status) for each in scored)
        for (version, status), number in tally.items():
            self._scores.labels(model, version, role, status).inc(number)
        missing = sum(len(each.missing) for each in scored)
        if missing:
            self._missing.labels(model).inc(missing)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)


class _Standing(Collector):
    """Gauges that are read when somebody asks."""

    def __init__(self, standing: Callable[[], Iterable[Gauge]]) -> None:
        self._standing = standing

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is depends on the moment."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The gauges of this moment."""
        for name, what, labels, values in self._standing():
            family = GaugeMetricFamily(name, what, labels=labels)
            for names, value in values:
                family.add_metric(names, value)
            yield family


def age_s(moment: datetime, now: datetime) -> float:
    """Seconds since a moment."""
    return (now - moment).total_seconds()
