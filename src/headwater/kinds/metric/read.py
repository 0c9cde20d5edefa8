"""Metrics from `metrics/*.yml`, and the rollups that they want."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headwater.definitions.loader import ReadContext, Reading

if TYPE_CHECKING:
    from headwater.definitions.schemas import DescribedFiles


@dataclass(frozen=True, slots=True)
class MetricFiles:
    """Reads metrics; nothing of it is loaded in a project that has none."""

    kind: str = "metric"
    is_relation: bool = False

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """Folder → the endings of the files that it may hold."""
        return {"metrics": (".yml", ".yaml")}

    def read(self, context: ReadContext) -> Reading:
        """All metrics with their rollups, and what is wrong with their files."""
        paths = (*context.paths("metrics", ".yml"), *context.paths("metrics", ".yaml"))
        if not paths:
            return Reading()
        from headwater.kinds.metric.project import read_metrics

        return read_metrics(paths, context)

    def schemas(self) -> Mapping[str, DescribedFiles]:
        """What editors are told of its files."""
        from headwater.kinds.metric.keys import SCHEMAS

        return SCHEMAS


@dataclass(frozen=True, slots=True)
class NoFiles:
    """Rollups have no files: they come with the metrics for which they are kept."""

    kind: str = "rollup"
    is_relation: bool = False

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """No folder."""
        return {}

    def read(self, context: ReadContext) -> Reading:
        """Nothing."""
        del context
        return Reading()

    def schemas(self) -> Mapping[str, DescribedFiles]:
        """No file to describe."""
        return {}


METRIC_FILES: Final = MetricFiles()
NO_FILES: Final = NoFiles()
