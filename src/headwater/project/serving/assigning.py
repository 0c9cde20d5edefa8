"""Which entities a challenger answers for: pure, and the same in every process and on every day.

An entity's place in `[0, 1)` depends on the model, the challenger and the key, and on nothing else:
whoever is in at 5 % is in at 10 % too, and the next challenger draws anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

_SPAN = 2**53  # as fine as a float is


def is_challenged(salt: str, key: Sequence[object], share: float) -> bool:
    """Whether an entity falls into a share; `salt` names what is drawn for: `churn@8`."""
    return share > 0 and place_of(salt, key) < share


def place_of(salt: str, key: Sequence[object]) -> float:
    """The place of an entity, from 0 up to 1. A number and its text are two entities.

    >>> round(place_of("churn@8", (12346,)), 6), round(place_of("churn@8", ("12346",)), 6)
    (0.531224, 0.826064)
    """
    digest = blake2b(repr((salt, *key)).encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / _SPAN
