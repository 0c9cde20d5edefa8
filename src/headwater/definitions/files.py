"""The mapping that a definition file consists of, completed by the defaults of its folder."""

from __future__ import annotations

from dataclasses import replace

from headwater.definitions.loader import Files
from headwater.definitions.yamltext import Located, read_yaml
from headwater.errors import Place


def root_mapping(files: Files, hint: str) -> Located | None:
    """The keys of a YAML file; None where it is empty, broken or no mapping, which is noted."""
    root, issues = read_yaml(files.path, files.text)
    files.issues.extend(issues)
    if root is None:
        if not issues:
            files.wrong("E104", "the file is empty", Place(files.path), hint)
        return None
    return with_defaults(root, files, hint)


def with_defaults(root: Located, files: Files, hint: str) -> Located | None:
    """The mapping with the keys that `headwater.yml` gives to its folder where it lacks them."""
    if not root.is_mapping:
        what = f"expected keys and values, got {root.describe()}"
        files.wrong("E113", what, root.place, hint)
        return None
    return replace(root, value={**files.defaults, **root.mapping})
