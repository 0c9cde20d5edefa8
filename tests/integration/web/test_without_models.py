"""The pages need the extra `web` alone: nothing of models, not even NumPy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in ("numpy", "scipy", "sklearn", "xgboost", "lightgbm", "shap", "skops", "pandas"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())

from fastapi.testclient import TestClient
from headwater.project.facade import Project
from headwater.web.app import create_app
from headwater.web.options import ServeOptions
from pathlib import Path

Project.open(Path.cwd()).run()
options = ServeOptions(project=Path.cwd(), schedule=False)
with TestClient(create_app(options), base_url="http://localhost") as client:
    for path in ("/", "/models", "/v1/models", "/openapi.json"):
        assert client.get(path).status_code == 200, path
    asked = client.post("/v1/models/churn/score", json={"entities": [{"customer": 1}]})
    assert asked.status_code == 404, asked.text
print("shown")
"""


def test_pages_are_shown_without_numpy(tmp_path: Path) -> None:
    (tmp_path / "headwater.yml").write_text("name: small\ntimezone: UTC\n")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "one.sql").write_text("select 1 as n\n")
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "shown\n", done.stderr
