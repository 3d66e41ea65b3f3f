"""In the manner of MBPP: asserts on a function or a name, one after the other."""

from sandbox_runner.domain.cases import CodeCase
from tests.isolation.corpus.shapes.shape import Shape

_TREE = """
class Node:
    def __init__(self, data):
        self.data = data
        self.left = None
        self.right = None
root = Node(1)
root.left, root.right = Node(2), Node(3)
root.left.left = Node(4)
root.left.left.left = Node(5)
lean = Node(1)
lean.left = Node(2)
assert is_tree_balanced(root) == False
assert is_tree_balanced(lean) == True
assert is_tree_balanced(None) == True
"""
_MAPPING = """
cases = {1: 2, 3: 4}
assert all(got == expected for got, expected in zip(map(f, cases), cases.values()))
assert not any(map(lambda x: f(x) % 2, cases))
"""
_BY_NAME = "assert ANSWER == 42 and len(TABLE) == 2\nassert TABLE['a'] == ANSWER"

MBPP: dict[str, Shape] = {
    "nodes of a tree": Shape(
        CodeCase(_TREE),
        "def depth(r): return 0 if r is None else 1 + max(depth(r.left), depth(r.right))\ndef is_tree_balanced(r):\n"
        "    return r is None or (abs(depth(r.left) - depth(r.right)) <= 1 and is_tree_balanced(r.left)\n"
        "                         and is_tree_balanced(r.right))\n",
        (
            "def is_tree_balanced(r): return True",
            "class Y:\n    __eq__ = lambda *a: True\ndef is_tree_balanced(r): return Y()",
        ),
    ),
    "functions within map": Shape(
        CodeCase(_MAPPING),
        "def f(x): return x + 1",
        ("def f(x): return x",),
        ("def f(x): raise StopIteration", "class E(StopIteration): pass\ndef f(x): raise E"),
    ),
    "data by its name": Shape(
        CodeCase(_BY_NAME),
        "ANSWER, TABLE = 42, {'a': 42, 'b': 1}",
        ("def ANSWER(): pass\nTABLE = ANSWER", "ANSWER = 42\nclass TABLE: pass", "ANSWER, TABLE = 42, {}"),
    ),
}
