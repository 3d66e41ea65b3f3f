"""Names by which tests come to what they expect, though they do not import them: the program mostly did.

One that defines such a name itself would be asked what it is compared with.
"""

import ast
import sys
from collections.abc import Sequence

_WORDS = frozenset(
    {
        "isclose",
        "allclose",
        "array_equal",
        "approx",
        "raises",
        "deepcopy",
        "lru_cache",
        "wraps",
        "partial",
        "permutations",
        "combinations",
        "combinations_with_replacement",
        "zip_longest",
        "defaultdict",
        "OrderedDict",
        "namedtuple",
        "Decimal",
        "Fraction",
        "dataclass",
        "Mock",
        "MagicMock",
        "AsyncMock",
        "patch",
        "mock_open",
        "contextmanager",
        "suppress",
        "nullcontext",
        "redirect_stdout",
        "StringIO",
        "timedelta",
    }
)
_COMPUTING = ("math", "itertools", "functools", "heapq", "bisect")


def decide(own: Sequence[str], source: str, entry_point: str | None) -> bool:
    """Whether tests with this source use such a name that is the program's own, beside what they test.

    Where they use nothing else of the program, that is what they test.
    """
    aids = {
        name for name in own if name != entry_point and _is_like_an_aid(name, is_told=entry_point is not None)
    }
    if not aids:
        return False
    nodes = [*ast.walk(ast.parse(source))]
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    owners = [node.value for node in nodes if isinstance(node, ast.Attribute)]
    asked = {owner.id for owner in owners if isinstance(owner, ast.Name)}
    aids = {name for name in aids & used if name in asked or name not in sys.stdlib_module_names}
    return bool(aids - _bound(nodes)) and not used.intersection(own) <= aids


def _is_like_an_aid(name: str, *, is_told: bool) -> bool:
    """`is_told`: what is under test is known, and is not this."""
    if is_told and any(hasattr(sys.modules.get(module), name) for module in _COMPUTING):
        return True
    return name in _WORDS or name in sys.stdlib_module_names or name.startswith("assert")


def _bound(nodes: Sequence[ast.AST]) -> set[str]:
    """What the tests import or define themselves."""
    bound = {(each.asname or each.name) for each in nodes if isinstance(each, ast.alias)}
    return bound | {each.name for each in nodes if isinstance(each, ast.FunctionDef | ast.ClassDef)}
