"""Classes of the tests in the program, and of the program in the tests, as in one process."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code

_CLASSES = """
import dataclasses, inspect
registered = {}
def register(kind, value): registered[kind] = value; return kind
def of(one): return registered[type(one)]
def only(items, kind): return [item for item in items if isinstance(item, kind)]
def derives(one, other): return issubclass(one, other)
def build(kind, *args): return kind.create(*args)
def told(kind): return kind.__name__, kind.TAG, [*inspect.signature(kind).parameters]
def make(kind, *args, **kwargs): return kind(*args, **kwargs)
def singleton(kind):
    made = {}
    def get(*args):
        if kind not in made: made[kind] = kind(*args)
        return made[kind]
    return get
def polite(kind):
    kind.greet = lambda self: f"hello, {self.v}"
    return kind
def wire(kind, known):
    parameters = inspect.signature(kind).parameters.values()
    return kind(*(known[each.annotation] for each in parameters))
def change(kind): kind.WANTED["a"] = 2
def spoil(kind):
    for name in ("create", "__init__", "_hidden"):
        try: setattr(kind, name, None)
        except AttributeError: pass
def derived(kind):
    class Derived(kind): pass
    return Derived(1)
"""
_KINDS = """
class A:
    TAG = "a"
    def __init__(self, v): self.v = v
    @classmethod
    def create(cls, v): return cls(v + 1)
class B(A): pass
a, b = A(1), B(2)
"""


@pytest.mark.parametrize(
    ("source", "weak"),
    [
        ("assert register(A, 3) is A and of(A(1)) == 3 and of(a) == 3", False),
        (
            "assert only([a, b, 3], B) == [b] and only([a, b, 3], A) == [a, b] and only([a, 3], int) == [3]",
            False,
        ),
        ("assert derives(B, A) and not derives(A, B) and derives(A, object)", False),
        ("assert build(A, 1).v == 2 and type(build(B, 1)) is B and told(A) == ('A', 'a', ['v'])", False),
        ("assert make(A, v=4).v == 4 and isinstance(make(B, 1), A)", False),
        ("S = singleton(A)\nassert S(1) is S(2) and S(3).v == 1", False),
        ("@polite\nclass C(A): pass\nassert C(1).greet() == 'hello, 1' and C(2).greet() == 'hello, 2'", True),
        (
            "class C:\n    def __init__(self, a: A): self.a = a\nassert isinstance(wire(C, {A: a}).a, A)",
            False,
        ),
        ("A.WANTED = {'a': 1}\nchange(A)\nassert A.WANTED == {'a': 2}", True),
        ("spoil(A)\nassert A.create(1).v == 2", False),
        ("try: derived(A)\nexcept TypeError: pass\nelse: assert False", False),
    ],
)
def test_the_program_has_classes_of_the_tests(source: str, weak: bool) -> None:
    found = check_code(_CLASSES, f"{_KINDS}{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, weak), found


_MAPPING = """
from collections.abc import Hashable, MutableMapping
class Table(MutableMapping):
    def __init__(self): self.held = {}
    def __getitem__(self, key): return self.held[key]
    def __setitem__(self, key, value): self.held[key] = value
    def __delitem__(self, key): del self.held[key]
    def __iter__(self): return iter(self.held)
    def __len__(self): return len(self.held)
class Plain: pass
"""


@pytest.mark.parametrize(
    "source",
    [
        "t['a'] = 1\nassert isinstance(t, Mapping) and dict(t) == {'a': 1}",
        "assert isinstance(t, (int, MutableMapping)) and not isinstance(t, Sequence)",
        "assert issubclass(Table, Mapping) and not issubclass(Table, Sequence)",
        "assert not isinstance(Table, Mapping) and not isinstance(Plain(), Mapping) and t == Table()",
    ],
)
def test_an_object_of_the_program_is_what_its_class_derives_from(source: str) -> None:
    imported = "from collections.abc import Mapping, MutableMapping, Sequence\nt = Table()\n"

    assert check_code(_MAPPING, f"{imported}{source}").ended is Ended.PASSED


_DESCRIPTORS = """
import weakref
class Positive:
    def __set_name__(self, owner, name): self.name = "_" + name
    def __get__(self, one, kind=None): return self if one is None else getattr(one, self.name, 0)
    def __set__(self, one, value):
        if value < 0: raise ValueError(self.name)
        setattr(one, self.name, value)
class Typed:
    def __init__(self, kind): self.kind = kind
    def __set_name__(self, owner, name): self.name = name
    def __get__(self, one, kind): return one.__dict__.get(self.name)
    def __set__(self, one, value):
        if not isinstance(value, self.kind): raise TypeError(self.name)
        one.__dict__[self.name] = value
    def __delete__(self, one): del one.__dict__[self.name]
class Weak:
    def __init__(self): self.held = weakref.WeakKeyDictionary()
    def __get__(self, one, kind): return self.held.get(one, 0)
    def __set__(self, one, value): self.held[one] = value
class lazy:
    def __init__(self, function): self.function = function
    def __set_name__(self, owner, name): self.name = name
    def __get__(self, one, kind):
        if one is None: return self
        value = self.function(one)
        setattr(one, self.name, value)
        return value
"""


@pytest.mark.parametrize(
    "source",
    [
        (
            "class K:\n    x, y = Positive(), Positive()\nk, m = K(), K()\nk.x, m.x = 3, 4\n"
            "assert (k.x, m.x, k.y) == (3, 4, 0) and type(K.x) is Positive\n"
            "try: k.x = -1\nexcept ValueError as e: assert str(e) == '_x' and k.x == 3\nelse: assert False"
        ),
        (
            "class K:\n    x = Typed(int)\n    def __init__(self, x): self.x = x\n"
            "k = K(3)\nassert k.x == 3 and K(5).x == 5\n"
            "try: K('a')\nexcept TypeError: pass\nelse: assert False\ndel k.x\nassert k.x is None"
        ),
        "class K: x = Weak()\nk, m = K(), K()\nk.x = 3\nassert (k.x, m.x) == (3, 0)",
        (
            "class K:\n    made = 0\n    @lazy\n    def x(self): K.made += 1; return 5\n"
            "k = K()\nassert k.x == k.x == 5 and K.made == 1 and K().x == 5 and K.made == 2"
        ),
    ],
)
def test_a_descriptor_of_the_program_works_in_a_class_of_the_tests(source: str) -> None:
    found = check_code(_DESCRIPTORS, source)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found
