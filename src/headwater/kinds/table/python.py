"""Tables in Python: `@hw.table(key=…)` over a function whose parameters are upstream names.

The definition is read from the file's syntax alone. The module runs when the table is built.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from headwater.definitions.marks import place_of, read_marked, source_of
from headwater.definitions.modules import load_callable
from headwater.kinds.table.definition import PythonFunction, TableDefinition

if TYPE_CHECKING:
    from headwater.definitions.loader import Files

Function = TypeVar("Function", bound=Callable[..., Any])

_USAGE = 'write `@hw.table(key="id")` over one function that is called as the file'


@overload
def table(function: Function, /) -> Function: ...


@overload
def table(**keys: Any) -> Callable[[Function], Function]: ...


def table(function: Function | None = None, /, **keys: Any) -> Any:
    """Mark a function as a table; the keys are those of a SQL table's header.

    Its parameters are names of upstream tables; it gets an Arrow table for each and returns an
    Arrow table, record batches, or a DuckDB relation.

    >>> @table(key="customer_id")
    ... def rfm(customers, sales): ...
    >>> rfm.__headwater_table__
    {'key': 'customer_id'}
    """

    def mark(marked: Function) -> Function:
        marked.__headwater_table__ = keys  # type: ignore[attr-defined]
        return marked

    return mark if function is None else mark(function)


def load_function(folder: str | os.PathLike[str], function: PythonFunction) -> Callable[..., Any]:
    """The function itself, by running its module below `folder`; raises `HeadwaterError` (E109)."""
    return load_callable(folder, function.module, function.name)


def read_python_table(files: Files) -> TableDefinition | None:
    """The table of one `tables/*.py`; None where there is none, which is noted."""
    from headwater.definitions.fields import INVALID
    from headwater.definitions.files import with_defaults
    from headwater.kinds.table.keys import TABLE, read_tests
    from headwater.kinds.table.sqlfile import build_table, read_test_file

    marked = read_marked(files, "table", _USAGE)
    if marked is None:
        return None
    function = marked.function
    inputs = _parameters(function, files)
    root = with_defaults(marked.keys, files, _USAGE)
    values = TABLE.read(root, files.issues) if root is not None else {}
    values = {} if values is INVALID else values
    values.setdefault("description", marked.docstring)
    returns = function.returns
    python = PythonFunction(
        module=files.path,
        name=function.name,
        inputs=inputs,
        source=source_of(files),
        returns=_annotation(returns) if returns is not None else "",
    )
    tests = (*read_tests(root.get("tests") if root else None, []), *read_test_file(files))
    return build_table(
        function.name, files, values, python=python, references_to=inputs, tests=tests
    )


def _parameters(function: ast.FunctionDef, files: Files) -> tuple[str, ...]:
    arguments = function.args
    odd = arguments.vararg or arguments.kwarg
    if odd is not None or arguments.defaults or any(arguments.kw_defaults):
        place = place_of(files, odd or function)
        fix = "its parameters are names of upstream tables, without defaults, `*` and `**`"
        files.wrong("E109", "a parameter that names no table", place, fix)
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return tuple(argument.arg for argument in every)


def _annotation(node: ast.expr) -> str:
    return (
        node.value
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        else ast.unparse(node)
    )
