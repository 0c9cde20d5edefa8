"""Landed deliveries as relations of a session: what came, on which days, and what broke a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from headwater.contracts.quoting import quote
from headwater.contracts.relation import Relation
from headwater.engines.protocol import InputRelation, Session
from headwater.graph.node import Node, Schema
from headwater.kinds.source.bind import META
from headwater.kinds.source.readers.model import Landed
from headwater.kinds.source.redelivery import Day, Decision

LANDED, REJECTED, SUPERSEDED, DROPPED = (
    "__headwater_landed",
    "__headwater_rejected",
    "__headwater_superseded",
    "__headwater_dropped",
)

#: What quarantined rows carry besides the columns of landed ones.
QUARANTINE: Schema = (("_raw", "VARCHAR"), ("_rules", "VARCHAR[]"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What one load landed, shown to a session as `LANDED` and `REJECTED`."""

    landed: tuple[Landed, ...]
    time: str | None
    rows: Schema  # of landed rows
    counts: dict[str, dict[Day, int]] = field(default_factory=dict)  # per delivery and day

    @property
    def delivered(self) -> int:
        """Rows delivered, as counted apart from the reading of them."""
        return sum(one.delivered for one in self.landed)

    def days_in_order(self) -> list[tuple[str, list[Day]]]:
        """Each delivery with the days on which it has rows, in the order of arrival."""
        return [
            (name, sorted(days, key=lambda d: (d is None, d)))
            for name, days in (
                (o.delivery.name, self.counts.get(o.delivery.name, {})) for o in self.landed
            )
        ]


def show_landed(landed: Sequence[Landed], node: Node, session: Session, time: str | None) -> Intake:
    """Bind the landed files, and count their rows by delivery and day."""
    rows: Schema = (*node.schema, *META)
    good = [path for one in landed for path in one.rows]
    bad = [path for one in landed for path in one.rejected]
    session.bind_inputs(
        [
            InputRelation(name=LANDED, schema=rows, files=tuple(good)),
            InputRelation(name=REJECTED, schema=(*rows, *QUARANTINE), files=tuple(bad)),
        ]
    )
    intake = Intake(landed=tuple(landed), time=time, rows=rows)
    day = day_sql(time)
    both = " UNION ALL ".join(
        f"SELECT _file, {day} AS day, count(*) AS n FROM {name} GROUP BY ALL"
        for name in (LANDED, REJECTED)
    )
    for name, when, count in session.fetch(f"SELECT _file, day, sum(n) FROM ({both}) GROUP BY ALL"):
        intake.counts.setdefault(name, {})[when] = int(count)
    return intake


def day_sql(time: str | None, prefix: str = "") -> str:
    """The local day of a row; NULL where the source has no time."""
    return f"CAST({prefix}{quote(time)} AS DATE)" if time else "CAST(NULL AS DATE)"


def show_superseded(decision: Decision, session: Session) -> None:
    """Bind the (delivery, day) pairs that are superseded."""
    import pyarrow as pa

    pairs = sorted(decision.superseded, key=lambda p: (p[0], p[1] or date.min))
    table = pa.table(
        {
            "_file": pa.array([name for name, _ in pairs], pa.string()),
            "day": pa.array([day for _, day in pairs], pa.date32()),
        }
    )
    schema: Schema = (("_file", "VARCHAR"), ("day", "DATE"))
    session.bind_inputs([InputRelation(name=SUPERSEDED, schema=schema, rows=table)])


def fresh_sql(
    relation: str, time: str | None, decision: Decision, *, superseded: bool = False
) -> str:
    """The rows of a landed relation that count, or those that give way (`superseded`)."""
    if superseded:
        return f"SELECT l.* FROM {relation} l {_superseded('SEMI', time, decision)}"
    dropped = f"ANTI JOIN {DROPPED} d ON {_SAME_ROW}" if decision.dropped else ""
    return f"SELECT l.* FROM {relation} l {_superseded('ANTI', time, decision)} {dropped}"


def dropped_sql(relation: str, columns: str, time: str | None, decision: Decision) -> str:
    """The rows of a landed relation that stay dropped, with the rules that they once broke."""
    return (
        f"SELECT {columns}, _raw, d._rules FROM (SELECT l.* FROM {relation} l "
        f"{_superseded('ANTI', time, decision)}) l JOIN {DROPPED} d ON {_SAME_ROW}"
    )


_SAME_ROW = "l._file = d._file AND l._row = d._row"


def _superseded(join: str, time: str | None, decision: Decision) -> str:
    """The join that leaves only what is superseded (SEMI), or all else (ANTI)."""
    if not decision.superseded:
        return "WHERE FALSE" if join == "SEMI" else ""
    day = day_sql(time, "l.")
    same = f"l._file = s._file AND {day} IS NOT DISTINCT FROM s.day"
    return f"{join} JOIN {SUPERSEDED} s ON {same}"


def fresh_relation(time: str | None, decision: Decision) -> Relation:
    """The landed rows that are to be judged, in the order of their delivery."""
    if not decision.superseded and not decision.dropped:
        return Relation.named(LANDED, order=("_file", "_row"), typed=True)
    fresh = fresh_sql(LANDED, time, decision)
    return Relation.query(fresh, order=("_file", "_row"), typed=True)


def files_of(landed: Sequence[Landed]) -> list[Path]:
    """All staged files, good and rejected."""
    return [path for one in landed for path in (*one.rows, *one.rejected)]
