"""Models in Python: `@hw.model(label=…, features=[…])` over a function that returns what learns.

The definition is read from the file's syntax alone. The function runs in the training's process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from headwater.definitions.marks import Marked, place_of, read_marked
from headwater.ids import digest

if TYPE_CHECKING:
    from headwater.definitions.loader import Files
    from headwater.kinds.model.drafts import Draft

Made = TypeVar("Made", bound=Callable[[], Any])

_USAGE = "write `@hw.model(label=…, features=[…])` over one function that is called as the file"


def model(**keys: Any) -> Callable[[Made], Made]:
    """Mark a function as a model; the keys are those of a model's YAML file.

    It has no parameters, and returns a classifier or a pipeline of scikit-learn, not yet fitted.

    >>> @model(label="churned_90d", features=["customer"])
    ... def churn(): ...
    >>> churn.__headwater_model__
    {'label': 'churned_90d', 'features': ['customer']}
    """

    def mark(marked: Made) -> Made:
        marked.__headwater_model__ = keys  # type: ignore[attr-defined]
        return marked

    return mark


def read_module(files: Files) -> Draft | None:
    """The model of one `models/*.py`; None where there is none, which is noted."""
    from headwater.definitions.files import with_defaults
    from headwater.kinds.model.drafts import Function, read_draft
    from headwater.kinds.model.keys import MARK

    marked = read_marked(files, "model", _USAGE)
    if marked is None:
        return None
    arguments = marked.function.args
    given = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    odd = next((a for a in (*given, arguments.vararg, arguments.kwarg) if a is not None), None)
    if odd is not None:
        fix = "features are named in the mark: what learns gets their values when it is fitted"
        files.wrong("E109", f"a parameter, `{odd.arg}`", place_of(files, odd), fix)
        return None
    root = with_defaults(marked.keys, files, _USAGE)
    function = Function(docstring=marked.docstring, source=_source(marked, files))
    if root is None:
        return None
    return read_draft(marked.function.name, files, MARK, root, function)


def _source(marked: Marked, files: Files) -> str:
    """A digest of all that decides what the function does: not of the mark, whose keys are read."""
    lines = files.text.splitlines()
    del lines[marked.mark.lineno - 1 : marked.mark.end_lineno]
    others = [files.texts[path] for path in files.paths[1:]]
    return digest(lines, others)
