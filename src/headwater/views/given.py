"""What is told of columns that Headwater gives, and no file describes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Kind → column → its meaning.
GIVEN_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "label": {
        "as_of": "the moment that it is told of",
        "day": "the last day of the horizon",
        "label": "whether it came to pass",
    },
    "training_set": {
        "as_of": "the moment that the features are known of",
        "day": "the last day of the label's horizon",
        "label": "whether it came to pass",
    },
    "scores": {
        "as_of": "the moment of its features: the end of the day",
        "day": "the day that it is made after",
        "score": "the chance that the label comes true",
        "version": "the version that gave it",
        "reasons": "what moved it most, in log-odds",
    },
}
