"""The parameters that a model's file may set."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from headwater.errors import Issue, did_you_mean

#: Headwater decides these, so that training again gives the same model.
_OURS = {
    "objective": "labels are true or false",
    "application": "labels are true or false",
    "num_class": "labels are true or false",
    "nthread": "one thread gives the same model every time",
    "n_jobs": "one thread gives the same model every time",
    "num_threads": "one thread gives the same model every time",
    "seed": "write `seed` beside `algorithm`",
    "random_state": "write `seed` beside `algorithm`",
    "device": "models are trained on processors",
    "device_type": "models are trained on processors",
    "missing": "missing values are null",
    "deterministic": "it is always on",
    "warm_start": "every training starts anew",
}


def unknown_parameters(
    algorithm: str, given: Mapping[str, object], known: Collection[str]
) -> tuple[Issue, ...]:
    """An issue for each parameter that the algorithm does not know, or that may not be set."""
    issues = []
    for name in given:
        own = name.rpartition("__")[2]  # of a part: `forest__n_jobs`
        if own in _OURS:
            what = f"the parameter `{name}` of {algorithm} cannot be set: {_OURS[own]}"
            issues.append(Issue(code="E025", what=what, fix="take it out"))
        elif name not in known:
            allowed = sorted(set(known) - set(_OURS))
            listed = "it knows " + ", ".join(allowed[:20]) + (", …" if len(allowed) > 20 else "")
            what = f"{algorithm} has no parameter `{name}`"
            issues.append(Issue(code="E025", what=what, fix=did_you_mean(name, allowed, listed)))
    return tuple(issues)


def refused_value(algorithm: str, error: Exception) -> Issue:
    """The issue of values that the library refused."""
    said = " ".join(str(error).split())[:300]
    return Issue(
        code="E025",
        what=f"{algorithm} refused its parameters: {said}",
        fix="mind `parameters` and `search` of the model",
    )
