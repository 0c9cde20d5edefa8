"""A classifier that a function of the user puts together, of parts of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from headwater.errors import HeadwaterError, Issue
from headwater.learning.algorithms import skops
from headwater.learning.algorithms.parameters import unknown_parameters
from headwater.learning.algorithms.protocol import Estimator, Examples

_NAME: Final = "what the function returns"
_FIX: Final = "return a classifier or a pipeline of scikit-learn, as `make_pipeline(…)`"


@dataclass(frozen=True, slots=True)
class PythonAlgorithm:
    """What a function returns; it is called for each training, so that none sees another's.

    Without the function, what was learnt can only be read.
    """

    make: Callable[[], Any] | None = None
    name: str = "python"
    file: str = skops.FILE
    one_hot: bool = True

    @property
    def defaults(self) -> Mapping[str, object]:
        """The function says them."""
        return {}

    def check(self, parameters: Mapping[str, object]) -> tuple[Issue, ...]:
        """What is wrong with what the function returns, and the names of parameters."""
        try:
            known = self._made().get_params()
        except HeadwaterError as error:
            return error.issues
        return unknown_parameters(_NAME, parameters, known)

    def fit(self, examples: Examples, parameters: Mapping[str, object], seed: int) -> Estimator:
        """Learn; every part draws by the seed, unless the function says by what."""
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline

        made = self._made().set_params(**parameters)
        made.set_params(**dict(_settled(made.get_params(), seed)))
        if not skops.takes_missing(made):
            made = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), made)
        return skops.learn(_NAME, made, examples, seed)

    def load(self, content: bytes, width: int) -> Estimator:
        """Read what skops wrote, of trusted types alone."""
        return skops.load(content, width)

    def _made(self) -> Any:
        """What the function returns; E024 where it cannot be a model."""
        from sklearn.base import is_classifier

        assert self.make is not None, "what was learnt cannot be learnt again"
        made = self.make()
        if isinstance(made, type) or not hasattr(made, "get_params"):
            what = f"the function returns {_described(made)}, which is no classifier"
            raise HeadwaterError(Issue(code="E024", what=what, fix=_FIX))
        foreign = sorted({_class_name(part) for part in _parts(made) if not _is_known(part)})
        if foreign:
            what = f"`{foreign[0]}` is no class of scikit-learn: to read it would run its code"
            fix = "take parts of scikit-learn; xgboost and lightgbm are an `algorithm` in YAML"
            raise HeadwaterError(Issue(code="E024", what=what, fix=fix))
        if not is_classifier(made):
            what = f"the function returns {_described(made)}, which is no classifier"
            raise HeadwaterError(Issue(code="E024", what=what, fix=_FIX))
        return made


def _settled(known: Mapping[str, Any], seed: int) -> Iterator[tuple[str, object]]:
    """By what each part draws, where nothing is said, and on how many threads it learns."""
    for name, value in known.items():
        own = name.rpartition("__")[2]
        if own == "random_state" and value is None:
            yield name, seed
        elif own == "n_jobs" and value is not None:
            yield name, 1


def _parts(made: Any) -> Iterator[Any]:
    """The estimator and those in it."""
    yield made
    for value in made.get_params().values():
        if hasattr(value, "get_params") and not isinstance(value, type):
            yield value


def _is_known(part: Any) -> bool:
    return type(part).__module__.startswith("sklearn.")


def _class_name(part: Any) -> str:
    return type(part).__qualname__


def _described(made: Any) -> str:
    if made is None:
        return "nothing"
    if isinstance(made, type):
        return f"the class `{made.__qualname__}` itself"
    return f"a `{_class_name(made)}`"
