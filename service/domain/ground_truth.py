"""What a trainer's data set knows of a row, as a task: labels, ground truths and verifier metadata.

Two forms are read, as an object or as JSON text: this service's own (`tests`, `entry_point`, `problem`),
and that of LiveCodeBench, APPS and their heirs (`inputs`, `outputs`, `fn_name`), packed or not. A list of
tests may stand alone. Anything else, such as the text of an answer, holds no tests; but what names tests and
cannot be read is refused, as the critic alone would decide in their place.
"""

import base64
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.domain.errors import RequestError
from service.domain.task import Equality

_UNPACKED_BYTES = 64 * 1024 * 1024
_NAMES_TESTS = re.compile(r"""["'](?:tests|inputs|unit_tests|input_output|packed)["']\s*:""")
_OWN = frozenset({"stdin", "args", "kwargs", "assert"})
"""Members of tests in this service's form."""
_ASSERT = "assert "
_WHOLE = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Truth:
    """The tests of a row, as `/judge` takes them, and what else it says of the task."""

    tests: Sequence[object] = ()
    entry_point: str | None = None
    problem: str | None = None
    usual_imports: bool = False

    def fields(self, problem: str) -> dict[str, object]:
        """The task as a request to `/judge` has it; `problem` is what the row's prompt asks."""
        fields = {
            "problem": self.problem or problem,
            "entry_point": self.entry_point,
            "tests": list(self.tests),
        }
        return fields | ({"usual_imports": True} if self.usual_imports else {})


def read_truth(value: object, field: str) -> Truth:
    """Read what `field` of a row holds. Raises `RequestError` for tests that cannot be read."""
    told = _object(value, field)
    for inner in ("unit_tests", "input_output"):
        told = {**told, **_inner(told.get(inner), f"{field}.{inner}")}
    if "packed" in told:
        told = {**told, **_unpacked(told["packed"], field)}
    entry_point = told.get("entry_point") or told.get("fn_name")
    tests = told.get("tests")
    usual_imports = told.get("usual_imports") is True
    if tests is None and ("inputs" in told or "outputs" in told):
        # Programs for such tests are written against judges that import for them.
        usual_imports = told.get("usual_imports") is not False
        tests = _paired(told.get("inputs"), told.get("outputs"), field, str(entry_point or ""))
    if not isinstance(tests, list | tuple | None):
        raise RequestError(f"{field}.tests", "must be a list of tests")
    return Truth(tests or (), _text(entry_point), _text(told.get("problem")), usual_imports)


def _object(value: object, field: str) -> dict[str, Any]:
    value = _decoded(value, field)
    tests = [value] if isinstance(value, str) else value
    if isinstance(tests, list | tuple) and tests and all(map(_is_test, tests)):
        return {"tests": [{"assert": test} if isinstance(test, str) else test for test in tests]}
    return dict(value) if isinstance(value, Mapping) else {}


def _decoded(value: object, field: str) -> object:
    """Read JSON text, and text in that; any other text is as it is."""
    for _ in range(2):
        if not isinstance(value, str) or not value.lstrip().startswith(("{", "[", '"')):
            return value
        text = value
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            if _NAMES_TESTS.search(text):
                raise RequestError(field, "names tests and is no JSON; write it by json.dumps") from None
            return text
    return value


def _is_test(value: object) -> bool:
    """Whether this is a test by its form: in our own, or an assert as text, as MBPP has it."""
    if isinstance(value, str):
        return value.lstrip().startswith(_ASSERT)
    return isinstance(value, Mapping) and not _OWN.isdisjoint(value)


def _inner(value: object, field: str) -> dict[str, Any]:
    """Read what is there for tests alone; text that holds none is refused."""
    told = _object(value, field)
    if isinstance(value, str) and value.strip() and not told:
        raise RequestError(field, "holds no tests in a form that is known")
    return told


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _paired(inputs: object, outputs: object, field: str, name: str) -> list[object]:
    if not isinstance(inputs, list | tuple) or not isinstance(outputs, list | tuple):
        raise RequestError(f"{field}.inputs", "inputs and outputs must be lists")
    if len(inputs) != len(outputs):
        raise RequestError(f"{field}.outputs", f"{len(outputs)} outputs for {len(inputs)} inputs")
    try:
        tests = _calls(name, inputs, outputs) if name else map(_run, inputs, outputs)
        return list(tests)
    except (ValueError, RecursionError):
        raise RequestError(f"{field}.inputs", "arguments and results of a call must be JSON") from None


def _run(given: object, wanted: object) -> dict[str, object]:
    """Printed numbers too are equal by value to LiveCodeBench: 0.50 for 0.5 is right."""
    return {"stdin": _lines(given), "stdout": _lines(wanted), "equality": Equality.NUMBERS.value}


def _lines(text: object) -> object:
    """APPS has some texts as lists of their lines."""
    lines = [line for line in text if isinstance(line, str)] if isinstance(text, list | tuple) else []
    return "\n".join(lines) if isinstance(text, list | tuple) and len(lines) == len(text) else text


def _calls(name: str, inputs: Sequence[object], outputs: Sequence[object]) -> Iterator[dict[str, object]]:
    """Calls as LiveCodeBench judges them: 2.0 for 2 is right there."""
    is_text = any(isinstance(given, str) for given in inputs)
    returned = _json_texts(outputs) if is_text else _returned(outputs)
    for given, wanted in zip(inputs, returned, strict=True):
        args = _arguments(given)
        if not is_text and (source := assert_of(name, args, wanted)) is not None:
            yield {"assert": source}
        else:
            yield {"args": args, "expected": wanted, "equality": Equality.NUMBERS.value}


def assert_of(name: str, args: Sequence[object], expected: object) -> str | None:
    """Write a call as an assert where an argument is keyed by numbers, which APPS and TACO have as texts.

    Such a mapping is no JSON. None for any other call.
    """
    keyed = [_number_keys(value) for value in args]
    if keyed == list(args) or not name.isidentifier():
        return None
    return f"assert {name}({', '.join(map(repr, keyed))}) == {_number_keys(expected)!r}"


def _number_keys(value: object) -> object:
    """Undo what JSON does to a mapping whose keys are whole numbers."""
    if isinstance(value, dict) and value and all(_WHOLE.fullmatch(str(key)) for key in value):
        return {int(key): item for key, item in value.items()}
    return value


def _arguments(given: object) -> list[object]:
    """Arguments come as a list, or as text with one JSON value a line."""
    if isinstance(given, str):
        return [json.loads(line) for line in given.split("\n") if line.strip()]
    return list(given) if isinstance(given, list | tuple) else [given]


def _returned(outputs: Sequence[object]) -> Sequence[object]:
    """What calls return that are no text themselves, as APPS and TACO have them.

    Some of their sources put it into a list of one, others do not: one output alone cannot tell, all those
    of a problem together can. Some write it as JSON; a text that is none is what is returned.
    """
    if all(isinstance(output, list | tuple) and len(output) == 1 for output in outputs):
        return [output[0] for output in outputs if isinstance(output, list | tuple)]
    try:
        return _json_texts(outputs)
    except ValueError:
        return outputs


def _json_texts(outputs: Sequence[object]) -> Sequence[object]:
    return [json.loads(output) if isinstance(output, str) else output for output in outputs]


def _unpacked(packed: object, field: str) -> dict[str, Any]:
    """Unpack NeMo Gym's compressed tests, up to a bound: a little text can hold very much."""
    try:
        stream = zlib.decompressobj()
        text = stream.decompress(base64.b64decode(str(packed), validate=True), _UNPACKED_BYTES)
        if stream.unconsumed_tail:
            raise RequestError(f"{field}.packed", f"holds more than {_UNPACKED_BYTES} bytes")
        return _object(json.loads(text), field)
    except (ValueError, RecursionError, zlib.error):
        raise RequestError(f"{field}.packed", "must be JSON, compressed by zlib, in base64") from None
