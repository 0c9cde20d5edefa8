"""What each issue code of the lake means."""

from __future__ import annotations

from typing import Final

REMOTE_LAKE: Final = "E860"
UNUSABLE_FOLDER: Final = "E861"
NO_SPACE: Final = "E760"
OLD_LEDGER: Final = "E761"
FILE_MISSING: Final = "E762"
FILE_DAMAGED: Final = "E763"
NO_CATALOG: Final = "W764"

#: Code → meaning, as the reference of error codes prints it.
CODES: Final = {
    REMOTE_LAKE: "The lake is a URL; lakes are local folders.",
    UNUSABLE_FOLDER: "The lake's folder cannot be made, read or written.",
    NO_SPACE: "The disk has too little free space for what a step is going to write.",
    OLD_LEDGER: "The ledger is older than the lake: it was restored from a backup.",
    FILE_MISSING: "A data file that the ledger refers to is not in the lake.",
    NO_CATALOG: "The catalog file could not be written; releases do not depend on it.",
    FILE_DAMAGED: "A data file is not what was written: another size, or no Parquet file.",
}
