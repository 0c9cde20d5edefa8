"""The audit for leaks: whether a model knows what nobody can know when it is asked.

Each check says what it measured, its limit, and whether that is an alarm. The gate `leaks = 0`
counts alarms.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from headwater.learning.audit_features import missingness, single_features
from headwater.learning.audit_rebuilt import frozen_leaks, lagged_leaks
from headwater.learning.fitting import Trained
from headwater.learning.identity import entities_of
from headwater.learning.leaks import LIMITS, NO_EVIDENCE, Availability, Evidence, Limits
from headwater.learning.model import LABEL, LearningSpec
from headwater.learning.report import Leak

__all__ = ["Availability", "Evidence", "Limits", "audit_rows"]

#: Rows of the training part that features are looked at one by one in.
_MOST_ROWS = 100_000


def audit_rows(
    rows: pa.Table,
    trained: Trained,
    spec: LearningSpec,
    evidence: Evidence = NO_EVIDENCE,
    limits: Limits = LIMITS,
) -> tuple[Leak, ...]:
    """What the audit found, alarms first; nothing where the spec switches it off."""
    if not spec.leakage:
        return ()
    found = [_availability(each, limits) for each in evidence.availability]
    if evidence.frozen is not None:
        found += frozen_leaks(rows, evidence.frozen, evidence.cut, spec)
    train = _sample(rows.filter(pa.array(trained.splits == "train")), spec.seed)
    labels = train.column(LABEL).to_numpy().astype(np.bool_)
    if labels.any() and not labels.all():
        entities = entities_of(train, spec.keys)
        found += single_features(train, labels, entities, spec.columns, limits)
        found += missingness(train, labels, entities, spec.columns, limits)
    if evidence.lagged is not None:
        test = rows.filter(pa.array(trained.splits == "test"))
        found += lagged_leaks(test, evidence.lagged, trained.model, spec, limits)
    found += _overlap(rows, trained, spec)
    return tuple(sorted(found, key=lambda leak: not leak.alarm))


def _sample(rows: pa.Table, seed: int) -> pa.Table:
    if rows.num_rows <= _MOST_ROWS:
        return rows
    chosen = np.random.default_rng(seed).choice(rows.num_rows, _MOST_ROWS, replace=False)
    return rows.take(pa.array(np.sort(chosen)))


def _availability(source: Availability, limits: Limits) -> Leak:
    """Whether values are those that were loaded by then."""
    untold = source.merged + source.missing_files
    share = min(1.0, untold / source.corrections) if source.corrections else 0.0
    if not source.is_told:
        alarm, text = True, f"{source.source} does not say when its rows were loaded"
    elif not source.is_used:
        alarm, text = True, f"features read {source.source} as it is now, not as it was known then"
    else:
        alarm = share > limits.untold
        text = (
            f"{source.source}: {source.corrections:,} later corrections are kept apart, "
            f"{untold:,} cannot be told apart any more"
        )
    return Leak(
        check="availability",
        feature="",
        alarm=alarm,
        measured=share if source.is_told and source.is_used else None,
        limit=limits.untold,
        text=text,
    )


def _overlap(rows: pa.Table, trained: Trained, spec: LearningSpec) -> Iterator[Leak]:
    """Entities that are both trained and tested on.

    Split by time that is how a model is used: it scores those whom it has seen before. Split at
    random their other rows, of later moments among them, tell the answer.
    """
    entities = entities_of(rows, spec.keys)
    if entities is None:
        return
    trained_on = np.unique(entities[trained.splits == "train"])
    tested_on = np.unique(entities[trained.splits == "test"])
    both = np.intersect1d(trained_on, tested_on)
    is_random = spec.split.mode == "random"
    share = len(both) / len(tested_on) if len(tested_on) else 0.0
    reason = "the split is random" if is_random else "by design of a split by time"
    yield Leak(
        check="entity_overlap",
        feature="",
        alarm=is_random and len(both) > 0,
        measured=share,
        limit=0.0 if is_random else None,
        text=f"{len(both):,} of {len(tested_on):,} entities tested on were trained on, {reason}",
    )
