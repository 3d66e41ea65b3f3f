"""What tests unpickle is data: a pickle can call anything by its name, and the program may have written it.

Not covered: what tests `eval`, `exec` or unmarshal themselves.
"""

import pickle
import sys
from collections.abc import Iterable

_WORDS = ("pickle", "shelve", "load")  # the last for numpy's
_DATA = {
    "builtins": "bool bytearray bytes complex dict float frozenset int list object range set slice str tuple",
    "__builtin__": "bytearray complex frozenset object range set slice unicode xrange",
    "collections": "Counter OrderedDict defaultdict deque",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "pathlib": "PosixPath PurePosixPath PureWindowsPath",
    "pathlib._local": "PosixPath PurePosixPath PureWindowsPath",
    "uuid": "SafeUUID UUID",
    "copyreg": "_reconstructor",
    "copy_reg": "_reconstructor",
    "_codecs": "encode",
    "numpy": "dtype ndarray",
    "numpy._core.multiarray": "_reconstruct scalar",
    "numpy.core.multiarray": "_reconstruct scalar",
    "numpy._core.numeric": "_frombuffer",
    "numpy.core.numeric": "_frombuffer",
}
_ALLOWED = frozenset((module, name) for module, names in _DATA.items() for name in names.split())


def allow_data(texts: Iterable[str]) -> None:
    """Let tests of these texts unpickle nothing else. Such a hook costs a little at every turn, and stays."""
    if any(word in text for text in texts for word in _WORDS):
        sys.addaudithook(_refuse_others)


def _refuse_others(event: str, args: tuple[object, ...]) -> None:
    if event == "pickle.find_class" and args not in _ALLOWED:
        raise pickle.UnpicklingError(
            f"{'.'.join(map(str, args))} is no data, and a program may have named it"
        )
