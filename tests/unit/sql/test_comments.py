"""Comments beside a column document it."""

from __future__ import annotations

import pytest

from headwater.sql import column_comments

STYLES = """/*
description: One row, one line.
*/
with w as (select a -- inner
  from t)
select distinct
  invoice,                                   -- Invoice number; `C…` is a return.
  _row                      as line,         -- Position in the delivered file.
                                             -- Counts from one.
  trim(description)         as description,  /* Product text */
  customer_id                                -- Null for a guest.
  , quantity * price as amount -- Net
  , case when a then 1 -- inner
      else 2 end as k
  , max(x) -- unnamed
  -- about the next one, not beside it
  , country, -- Where
  t.zone z /* zone */,
  (select max(b) -- inner
     from u) as "big one", -- Big
  '-- no comment' as s,
  is_x -- last
from invoices -- the table
"""


def test_all_styles() -> None:
    assert column_comments(STYLES) == {
        "invoice": "Invoice number; `C…` is a return.",
        "line": "Position in the delivered file. Counts from one.",
        "description": "Product text",
        "customer_id": "Null for a guest.",
        "amount": "Net",
        "country": "Where",
        "z": "zone",
        "big one": "Big",
        "is_x": "last",
    }


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select a -- A\nunion all select b -- B", {"a": "A"}),
        ("from t select a, -- A\n b /* B */", {"a": "A", "b": "B"}),
        ("select a /* A */, b /* B */ from t", {"a": "A", "b": "B"}),
        ("select a + b -- sum\nfrom t", {}),
        ("select * -- all\nfrom t", {}),
        ("select a, -- A\n  --\n  b from t", {"a": "A"}),
        ("select name: a + 1, -- N\n b from t", {"name": "N"}),
        ("select 'unclosed -- A\nfrom t", {}),
        ("", {}),
    ],
)
def test_small_ones(sql: str, expected: dict[str, str]) -> None:
    assert column_comments(sql) == expected
