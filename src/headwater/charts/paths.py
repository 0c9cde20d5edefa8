"""Points → path data in few bytes.

Coordinates are whole numbers of a unit chosen so that the step between two points is a whole
number of units; the group around a path scales by the unit. A line of 730 points takes 4 KB so,
half of what tenths of pixels take. The scaling is uniform, so that strokes stay even.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Point = tuple[float, float]  # pixels
LONGEST_GAP = 3  # periods
_FINEST = 0.4  # pixels: half of it is the greatest error


@dataclass(frozen=True, slots=True)
class Grid:
    """The unit of a path's coordinates, in pixels."""

    unit: float

    @classmethod
    def of(cls, step: float) -> Grid:
        """The unit for points that are `step` pixels apart."""
        if step < _FINEST / 2:
            return cls(_FINEST)
        return cls(step / max(1, round(step / _FINEST)))

    @property
    def transform(self) -> str:
        """What the group around the paths needs."""
        return f"scale({self.unit:.7g})"

    def width(self, pixels: float) -> float:
        """A stroke's width in units."""
        return pixels / self.unit

    def path(self, points: Sequence[Point], *, closed: bool = False) -> str:
        """Path data: an absolute start, then steps.

        >>> Grid(0.5).path([(0, 5), (1, 4), (2, 4.5)])
        'M0 10l2-2 2 1'
        """
        units = _straightened([(round(x / self.unit), round(y / self.unit)) for x, y in points])
        if not units:
            return ""
        before = units[0]
        steps = []
        for here in units[1:]:
            steps.append(f"{here[0] - before[0]} {here[1] - before[1]}")
            before = here
        joined = " ".join(steps).replace(" -", "-")
        return f"M{units[0][0]} {units[0][1]}l{joined or '0 0'}{'z' if closed else ''}"


def runs(xs: Sequence[float], ys: Sequence[float | None]) -> Iterator[list[Point]]:
    """The points, broken where more than a few values are missing.

    A line goes on over short gaps (a shop's closed days), so that it reads as one.
    """
    run: list[Point] = []
    gap = 0
    for x, y in zip(xs, ys, strict=True):
        if y is None:
            gap += 1
            continue
        if run and gap > LONGEST_GAP:
            yield run
            run = []
        run.append((x, y))
        gap = 0
    if run:
        yield run


def thinned(points: Sequence[Point]) -> list[Point]:
    """At most the lowest and the highest point of each pixel, so that the line looks the same.

    Points are left alone where there are no more than two for each pixel.
    """
    if len(points) < 8 or len(points) <= 2 * (points[-1][0] - points[0][0]):
        return list(points)
    columns: dict[int, list[Point]] = {}
    for point in points[1:-1]:
        columns.setdefault(round(point[0]), []).append(point)
    inner = [point for column in columns.values() for point in _extremes(column)]
    return [points[0], *inner, points[-1]]


def _extremes(column: Sequence[Point]) -> Iterable[Point]:
    def height(point: Point) -> float:
        return point[1]

    return sorted({min(column, key=height), max(column, key=height)})


def _straightened(units: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without the points on the straight way between their neighbours."""
    kept: list[tuple[int, int]] = []
    for here in units:
        if kept and here == kept[-1]:
            continue
        while len(kept) > 1 and _is_between(kept[-2], kept[-1], here):
            kept.pop()
        kept.append(here)
    return kept


def _is_between(first: tuple[int, int], middle: tuple[int, int], last: tuple[int, int]) -> bool:
    across = (middle[0] - first[0]) * (last[1] - first[1]) - (middle[1] - first[1]) * (
        last[0] - first[0]
    )
    return (
        across == 0
        and first[0] <= middle[0] <= last[0]
        and (min(first[1], last[1]) <= middle[1] <= max(first[1], last[1]))
    )
