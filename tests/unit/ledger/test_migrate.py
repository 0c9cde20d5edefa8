from __future__ import annotations

import sys
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from tests.unit.ledger.samples import publication

from headwater.ledger import Ledger, migrate
from headwater.ledger.schema import REVISIONS


def test_every_revision_has_its_migration_in_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(reversed([script.revision for script in scripts])) == REVISIONS


def test_a_ledger_that_is_up_to_date_needs_no_alembic(tmp_path: Path) -> None:
    loaded = {name: sys.modules.pop(name) for name in list(sys.modules) if name[:7] == "alembic"}
    try:
        for _ in range(2):
            with Ledger.open(str(tmp_path / "ledger.db")) as ledger:
                ledger.publish(publication(expected=ledger.epoch or None))
        assert not any(name[:7] == "alembic" for name in sys.modules)
    finally:
        sys.modules.update(loaded)
