"""What a stand-in for a function of the tests looks like: as what was told of the function."""

import inspect
from collections.abc import Callable
from typing import Any

from sandbox_runner.jail.remote.functions import NAMES


def give_names(callback: object, told: dict[str, Any], read: Callable[[Any], object]) -> None:
    """Let a stand-in for the function look like it."""
    callback.__doc__ = None  # not what its class says
    for name in NAMES:
        if name in told:
            setattr(callback, name, told[name])
    if "parameters" not in told:
        return
    parameters = [
        inspect.Parameter(
            name,
            inspect._ParameterKind(kind),  # noqa: SLF001
            default=... if is_optional else inspect.Parameter.empty,
            annotation=_heard(annotation, read),
        )
        for name, kind, is_optional, annotation in told["parameters"]
    ]
    returns = _heard(told["returns"], read)
    annotations = {each.name: each.annotation for each in parameters} | {"return": returns}
    stated = {name: each for name, each in annotations.items() if each is not inspect.Parameter.empty}
    signature = inspect.Signature(parameters, return_annotation=returns)
    for name, told_of_it in (("__signature__", signature), ("__annotations__", stated)):
        setattr(callback, name, told_of_it)


def _heard(told: list[object], read: Callable[[Any], object]) -> object:
    return read(told[0]) if told else inspect.Parameter.empty
