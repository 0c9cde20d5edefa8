"""Tests of a project: given rows, incremental against full, rules over what is published."""

from headwater.project.testing.data import check_published
from headwater.project.testing.model import (
    DataResult,
    Difference,
    NearMatch,
    Proof,
    UnitResult,
)
from headwater.project.testing.proof import prove_incremental
from headwater.project.testing.unit import run_unit_tests

__all__ = [
    "DataResult",
    "Difference",
    "NearMatch",
    "Proof",
    "UnitResult",
    "check_published",
    "prove_incremental",
    "run_unit_tests",
]
