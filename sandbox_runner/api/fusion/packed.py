"""Read `base64(zlib(pickle(str)))`, as LiveCodeBench ships its tests, without unpickling anything.

A pickle is a program. This reads the few instructions that make one string and refuses every other.
"""

import base64
import pickletools
import zlib
from itertools import islice

_MAX_BYTES = 64 << 20
_MAX_INSTRUCTIONS = 32
_STRINGS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"})
_HARMLESS = frozenset({"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "STOP"})


class NotPackedError(ValueError):
    """Something else than one packed string."""


def unpack(text: str) -> str:
    return _only_string(_inflate(text))


def _inflate(text: str) -> bytes:
    try:
        inflating = zlib.decompressobj()
        data = inflating.decompress(base64.b64decode(text, validate=True), _MAX_BYTES)
    except (ValueError, zlib.error) as error:
        raise NotPackedError(type(error).__name__) from None
    if not inflating.eof:
        raise NotPackedError(f"more than {_MAX_BYTES} bytes, or cut short")
    return data


def _only_string(data: bytes) -> str:
    instructions = _instructions(data)
    strange = [name for name, _ in instructions if name not in _STRINGS | _HARMLESS]
    if strange:
        raise NotPackedError(f"pickle instruction {strange[0]}")
    strings = [argument for name, argument in instructions if name in _STRINGS]
    if len(strings) != 1 or instructions[-1][0] != "STOP":
        raise NotPackedError("not one string")
    return str(strings[0])


def _instructions(data: bytes) -> list[tuple[str, object]]:
    try:
        listed = islice(pickletools.genops(data), _MAX_INSTRUCTIONS)
        return [(opcode.name, argument) for opcode, argument, _ in listed]
    except Exception as error:  # noqa: BLE001 - the reader of the standard library raises what it likes
        raise NotPackedError(type(error).__name__) from None
