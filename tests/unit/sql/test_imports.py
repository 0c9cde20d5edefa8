"""Importing the room costs neither the engine nor the parser."""

from __future__ import annotations

import subprocess
import sys


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; import headwater.sql; from headwater.sql import Relation, fingerprint;"
        "from headwater.sql import TemplateCache, Binder, column_comments;"
        "print([name for name in ('duckdb', 'sqlglot', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
