"""What a trainer's data set knows of a row, as a task: labels, ground truths and verifier metadata.

Two forms are read, as an object or as JSON text: this service's own (`tests`, `entry_point`, `problem`),
and that of LiveCodeBench, APPS and their heirs (`inputs`, `outputs`, `fn_name`), packed or not. Anything
else, such as the text of an answer, holds no tests.
"""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.domain.errors import RequestError
from service.domain.task import Equality

_UNPACKED_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Truth:
    """The tests of a row, as `/judge` takes them, and what else it says of the task."""

    tests: Sequence[object] = ()
    entry_point: str | None = None
    problem: str | None = None

    def fields(self, problem: str) -> dict[str, object]:
        """The task as a request to `/judge` has it; `problem` is what the row's prompt asks."""
        return {
            "problem": self.problem or problem,
            "entry_point": self.entry_point,
            "tests": list(self.tests),
        }


def read_truth(value: object, field: str) -> Truth:
    """Read what `field` of a row holds. Raises `RequestError` for tests that cannot be read."""
    told = _object(value)
    for inner in ("unit_tests", "input_output"):
        told = {**told, **_object(told.get(inner))}
    if "packed" in told:
        told = {**told, **_unpacked(told["packed"], field)}
    entry_point = told.get("entry_point") or told.get("fn_name")
    tests = told.get("tests")
    if tests is None and "inputs" in told and "outputs" in told:
        tests = _paired(told["inputs"], told["outputs"], field, calls=bool(entry_point))
    if not isinstance(tests, list | tuple | None):
        raise RequestError(f"{field}.tests", "must be a list of tests")
    return Truth(tests or (), _text(entry_point), _text(told.get("problem")))


def _object(value: object) -> dict[str, Any]:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return dict(value) if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _paired(inputs: object, outputs: object, field: str, *, calls: bool) -> list[object]:
    if not isinstance(inputs, list | tuple) or not isinstance(outputs, list | tuple):
        raise RequestError(f"{field}.inputs", "inputs and outputs must be lists")
    if len(inputs) != len(outputs):
        raise RequestError(f"{field}.outputs", f"{len(outputs)} outputs for {len(inputs)} inputs")
    pairs = list(zip(inputs, outputs, strict=True))
    if not calls:
        return [{"stdin": given, "stdout": wanted} for given, wanted in pairs]
    try:
        return [_call(given, wanted) for given, wanted in pairs]
    except (ValueError, RecursionError):
        raise RequestError(f"{field}.inputs", "arguments and results of a call must be JSON") from None


def _call(given: object, wanted: object) -> dict[str, object]:
    """A call as LiveCodeBench judges it: 2.0 for 2 is right there."""
    return {"args": _arguments(given), "expected": _value(wanted), "equality": Equality.NUMBERS.value}


def _arguments(given: object) -> list[object]:
    """Arguments come as a list, or as text with one JSON value a line."""
    if isinstance(given, str):
        return [json.loads(line) for line in given.split("\n") if line.strip()]
    return list(given) if isinstance(given, list | tuple) else [given]


def _value(wanted: object) -> object:
    return json.loads(wanted) if isinstance(wanted, str) else wanted


def _unpacked(packed: object, field: str) -> dict[str, Any]:
    """Unpack NeMo Gym's compressed tests, up to a bound: a little text can hold very much."""
    try:
        stream = zlib.decompressobj()
        text = stream.decompress(base64.b64decode(str(packed), validate=True), _UNPACKED_BYTES)
        if stream.unconsumed_tail:
            raise RequestError(f"{field}.packed", f"holds more than {_UNPACKED_BYTES} bytes")
        return _object(json.loads(text))
    except (ValueError, RecursionError, zlib.error):
        raise RequestError(f"{field}.packed", "must be JSON, compressed by zlib, in base64") from None
