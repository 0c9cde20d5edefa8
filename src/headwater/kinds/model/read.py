"""Models from `models/*.yml` and `models/*.py`, with their training sets and scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headwater.definitions.loader import ReadContext, Reading

if TYPE_CHECKING:
    from headwater.definitions.schemas import DescribedFiles


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Reads models; nothing of it is loaded in a project that has none."""

    kind: str = "model"
    is_relation: bool = False

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """Folder → the endings of the files that it may hold."""
        return {"models": (".yml", ".yaml", ".py")}

    def read(self, context: ReadContext) -> Reading:
        """All models with what comes with them, and what is wrong with their files."""
        paths = [
            path
            for path in context.tree.under("models")
            if path.endswith((".yml", ".yaml", ".py"))
            and not (path.endswith(".py") and path.rpartition("/")[2].startswith("_"))
        ]
        if not paths:
            return Reading()
        from headwater.kinds.model.project import read_models

        return read_models(paths, context)

    def schemas(self) -> Mapping[str, DescribedFiles]:
        """What editors are told of its files."""
        from headwater.kinds.model.keys import SCHEMAS

        return SCHEMAS


@dataclass(frozen=True, slots=True)
class NoFiles:
    """Training sets and scores have no files: they come with their model."""

    kind: str
    is_relation: bool

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """No folder."""
        return {}

    def read(self, context: ReadContext) -> Reading:
        """Nothing."""
        del context
        return Reading()

    def schemas(self) -> Mapping[str, DescribedFiles]:
        """No file to describe."""
        return {}


MODEL_FILES: Final = ModelFiles()
NO_TRAINING_FILES: Final = NoFiles("training_set", is_relation=False)
NO_SCORE_FILES: Final = NoFiles("scores", is_relation=True)
