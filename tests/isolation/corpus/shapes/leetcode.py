"""In the manner of LeetCode: objects of classes that only the tests have, for a method of `Solution`."""

from sandbox_runner.domain.cases import CodeCase
from tests.isolation.corpus.shapes.shape import Shape

_LIST = """
class ListNode:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next
def build(values):
    head = None
    for value in reversed(values): head = ListNode(value, head)
    return head
def dump(node):
    out = []
    while node:
        out.append(node.val)
        node = node.next
    return out
head = build([1, 2, 3, 4])
tail = head.next.next.next
assert Solution().reverseList(head) is tail
assert dump(tail) == [4, 3, 2, 1]
assert dump(Solution().reverseList(build([7]))) == [7] and Solution().reverseList(None) is None
"""
_ORACLE = """
class Master:
    def __init__(self, secret): self._secret, self.calls, self.solved = secret, 0, False
    def guess(self, word):
        self.calls += 1
        self.solved |= word == self._secret
        return sum(a == b for a, b in zip(word, self._secret))
    def is_solved(self): return self.solved and self.calls <= 4
for secret in ("acckzz", "eiowzz"):
    master = Master(secret)
    assert Solution().find(["acckzz", "ccbazz", "eiowzz", "abcczz"], master) is None
    assert master.is_solved() and master.solved is True
"""

LEETCODE: dict[str, Shape] = {
    "nodes of a list": Shape(
        CodeCase(_LIST),
        "class Solution:\n    def reverseList(self, head):\n        last = None\n"
        "        while head: head.next, last, head = last, head, head.next\n        return last\n",
        (
            "class Solution:\n    def reverseList(self, head): return head",
            (
                "class Solution:\n    def reverseList(self, head):\n        while head and head.next: head = head.next\n"
                "        return head"
            ),
            "class Y:\n    val = next = None\n    __eq__ = lambda *a: True\nclass Solution:\n    def reverseList(self, head): return Y()",
            (
                "class Y(int):\n    __eq__ = lambda *a: True\n    __hash__ = None\nclass Solution:\n    def reverseList(self, head):\n"
                "        last = None\n        while head: head.val, head.next, last, head = Y(9), last, head, head.next\n"
                "        return last\n"
            ),
        ),
    ),
    "an oracle that is asked": Shape(
        CodeCase(_ORACLE),
        "class Solution:\n    def find(self, words, master):\n        while words:\n            word = words[0]\n            n = master.guess(word)\n"
        "            if n == 6: return\n"
        "            words = [w for w in words if sum(a == b for a, b in zip(w, word)) == n and w != word]\n",
        (
            "class Solution:\n    def find(self, words, master): master.guess(words[0])",
            "class Solution:\n    def find(self, words, master): master.is_solved = lambda: True",
            "class Solution:\n    def find(self, words, master): master.guess = lambda word: 6",
            (
                "class Solution:\n    def find(self, words, master):\n"
                "        type(master).is_solved = lambda self: True\n        vars(master)['solved'] = True"
            ),
        ),
    ),
}
