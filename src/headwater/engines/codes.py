"""The codes of issues that engines raise."""

SQL_FAILED = "E251"  # the user's SQL does not bind or fails on a row
INEXACT_TYPE = "E252"  # a type that Parquet files cannot hold without loss
NOT_A_QUERY = "E253"  # more than one statement, or no SELECT
DISK_FULL = "E740"
OUT_OF_MEMORY = "E741"
DATA_FILE_BROKEN = "E742"  # missing, cut short or damaged
INTERRUPTED = "E743"
NO_TIME = "E744"  # rows without a time, or with one outside of the calendar
PYTHON_FAILED = "E745"
PYTHON_RESULT = "E746"  # a Python table gave something else than its schema
ENGINE_FAILED = "E749"
