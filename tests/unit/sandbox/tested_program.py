"""A program with one of everything that tests can reach."""

PROGRAM = """
import math
import random
import warnings
from collections import Counter, namedtuple
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Generic, TypeVar

VERSION = 3

class Color(IntEnum):
    RED = 1

class Shape(Enum):
    ROUND = "round"

class MyError(ValueError):
    def __init__(self, message, code=7):
        super().__init__(message)
        self.code = code

@dataclass(frozen=True)
class Point:
    x: int
    y: int
    def norm(self):
        return math.hypot(self.x, self.y)

Pair = namedtuple("Pair", "a b")

class Stack(list):
    def push(self, item):
        self.append(item)

class Node:
    def __init__(self, value, following=None):
        self.value, self.next = value, following

class Bag:
    def __init__(self): self.items = {}
    def __setitem__(self, key, item): self.items[key] = item
    def __getitem__(self, key): return self.items[key]
    def __delitem__(self, key): del self.items[key]
    def __len__(self): return len(self.items)
    def __iter__(self): return iter(self.items)
    def __str__(self): return "a bag"
    def __enter__(self): return self
    def __exit__(self, *exc): self.items.clear()

class Bits:
    def __init__(self, n): self.n = n
    def __lshift__(self, k): return Bits(self.n << k)
    def __divmod__(self, k): return divmod(self.n, k)
    def __index__(self): return self.n
    def __reversed__(self): return iter([self.n, 1])
    def __format__(self, form): return form + "!"
    async def __aenter__(self): return self.n
    async def __aexit__(self, *exc): self.n = 0

class Price(float): pass
class Table(dict): pass
class Word(str): pass

class Told(Exception):
    def __str__(self): return "told " + str(len(self.args))

class Odd(Exception):
    def __init__(self, *, code): self.code = code

class Crate(Generic[TypeVar("T")]):
    def __init__(self, held): self.held = held

class Graded(Exception):
    grade, table, _secret = 5, {404: "none"}, 1
    def __repr__(self): return f"graded {self.args}"

class Finer(Graded): grade = (6, "a")

class Detailed(Exception):
    def __init__(self, text):
        super().__init__(text)
        self.details, self.seen = {"a": [1]}, [(text, {2})]
def detailed(text): return Detailed(text)

class Hinted(Exception):
    def hint(self): return "a hint"

class Everything:
    def __eq__(self, other): return True
    def __gt__(self, other): return True
    def __contains__(self, item): return True
    def __iter__(self): return iter([self])
    def __bool__(self): return True

class Hashed(Everything):
    def __hash__(self): return 4

class OldWay(UserWarning): pass

def warn(kind=DeprecationWarning):
    warnings.warn("old way", kind)
    return 1
def draw(): return random.random()

def everything(): return Everything()
def hashed(): return Hashed()

def f(x):
    return x + 1

def fail(kind):
    if kind == "own": raise MyError("bad", 9)
    if kind == "hint": raise Hinted()
    if kind == "unicode": b"\\xff".decode()
    if kind == "json":
        import json
        json.loads("{")
    if kind == "os": open("/nonexistent/file")
    if kind == "told": raise Told(1, 2)
    if kind == "graded":
        error = Finer("x")
        error.add_note("a note")
        raise error
    if kind == "odd": raise Odd(code=3)
    if kind == "group": raise ExceptionGroup("several", [ValueError()])
    if kind == "alone": raise MyError("bad") from None
    if kind == "caused":
        try: 1 / 0
        except ZeroDivisionError as error: raise MyError("bad") from error
    raise ValueError("bad", 3)

def outcome(kind):
    try: fail(kind)
    except Exception as error: return error
def same(x): return x
def code_of(error): return error.code
def text_of(error): return str(error)
def patient():
    try: yield
    except ValueError as error: yield str(error)
def kept(x, items): return [x in items, bool(x), type(x).__name__]
def memoized(kind):
    made = []
    def get():
        if not made: made.append(kind())
        return made[0]
    return get
def leave(code): raise SystemExit(code)
def raise_it(kind, *args): raise kind(*args)
def name_of(kind): return kind.__name__
def safe(function, kind):
    try: return function()
    except kind as error: return type(error).__name__
def retry(function, times, kind):
    for left in range(times, 0, -1):
        try: return function()
        except kind:
            if left == 1: raise
def wrapped(function):
    try: return function()
    except Exception as error: raise MyError("bad") from error

def sort_in_place(items): items.sort()
def grow(*, into): into["new"] = {1}
def sort_by(items, key): return sorted(items, key=key)
def count(text): return Counter(text)
def numbers(n):
    for i in range(n): yield i
def pair(): return Pair(1, 2)
def chain(n):
    node = None
    for value in range(n, 0, -1): node = Node(value, node)
    return node
def tree(): return {"a": (1, {2}, b"x", None, 1.5, 2 + 3j, frozenset({4})), 5: [True]}
def echo(*args, **kwargs): return args, kwargs
async def later(x): return x * 2
async def tick(n):
    for i in range(n):
        await later(i)
        yield i
def apply(function, *args): return function(*args)

import functools, inspect
def counted(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return function(*args, **kwargs)
    wrapper.calls = 0
    return wrapper
def curry(function):
    most = len(inspect.signature(function).parameters)
    return lambda *a: function(*a) if len(a) >= most else curry_on(function, a, most)
def curry_on(function, had, most):
    return lambda *a: function(*had, *a) if len(had + a) >= most else curry_on(function, had + a, most)
def checked(function):
    def wrapper(*args):
        for name, value in inspect.signature(function).bind(*args).arguments.items():
            if not isinstance(value, function.__annotations__.get(name, object)): raise TypeError(name)
        return function(*args)
    return wrapper
class Service:
    def __init__(self, store): self.store = store
    def name(self, key): return self.store.find(key, deep=True)["name"] + self.store.suffix
    def cheat(self): self.store.find.assert_called_once_with = lambda *a: None
    def forget(self): self.store.find.reset_mock()
"""
