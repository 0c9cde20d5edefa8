"""What each issue code of engines means."""

from __future__ import annotations

from typing import Final

SQL_FAILED: Final = "E251"
INEXACT_TYPE: Final = "E252"
NOT_A_QUERY: Final = "E253"
DISK_FULL: Final = "E740"
OUT_OF_MEMORY: Final = "E741"
DATA_FILE_BROKEN: Final = "E742"
INTERRUPTED: Final = "E743"
NO_TIME: Final = "E744"
PYTHON_FAILED: Final = "E745"
PYTHON_RESULT: Final = "E746"
ENGINE_FAILED: Final = "E749"

#: Code → meaning, as the reference of error codes prints it.
CODES: Final = {
    SQL_FAILED: "A table's SQL does not bind, or fails on the data.",
    INEXACT_TYPE: "A column has a type that data files cannot hold without loss.",
    NOT_A_QUERY: "One SELECT, or one CREATE FUNCTION, was expected.",
    DISK_FULL: "The disk is full; nothing was published.",
    OUT_OF_MEMORY: "The work does not fit into the memory limit; nothing was published.",
    DATA_FILE_BROKEN: "A data file is missing, cut short or damaged.",
    INTERRUPTED: "The work was stopped; nothing was published.",
    NO_TIME: "Rows have no event time, or one outside of the calendar.",
    PYTHON_FAILED: "A table's Python function raised an error.",
    PYTHON_RESULT: "A table's Python function gave something else than the table's columns.",
    ENGINE_FAILED: "The engine failed in a way that it does not explain.",
}
