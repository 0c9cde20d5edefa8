"""The lake: immutable data files in a local folder, compaction, vacuum, and the catalog file."""

from headwater.lake.catalog import CatalogTable, write_catalog
from headwater.lake.compaction import CompactionGroup, compaction_plan
from headwater.lake.folder import FoundFile, Lake
from headwater.lake.vacuum import VacuumOutcome, VacuumPlan, execute_vacuum, vacuum_plan

__all__ = [
    "CatalogTable",
    "CompactionGroup",
    "FoundFile",
    "Lake",
    "VacuumOutcome",
    "VacuumPlan",
    "compaction_plan",
    "execute_vacuum",
    "vacuum_plan",
    "write_catalog",
]
