from __future__ import annotations

import pytest

# So that the suite's assertions tell what they compared, though its file is no test file.
pytest.register_assert_rewrite("tests.unit.online.conformance")
