"""Test code beside a program in another process: what works as if they shared one."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.tested_program import PROGRAM
from tests.unit.sandbox.two_sides import check_code


@pytest.mark.parametrize(
    "source",
    [
        "assert f(3) == 4",
        "def check(candidate):\n    assert candidate(3) == 4\n",
        "def check(candidate):\n    assert candidate(3) == 4\ncheck(f)",
        "import solution\nassert solution.f(3) == 4\nassert solution.VERSION == 3",
        "from solution import f as g\nassert g(3) == 4",
        "from solution import *\nassert f(3) == 4 and VERSION == 3",
        "for i in range(5): assert f(i) == i + 1",
        "assert tree() == {'a': (1, {2}, b'x', None, 1.5, 2 + 3j, frozenset({4})), 5: [True]}",
        "assert echo([1], (2,), k={3: 'x'}) == (([1], (2,)), {'k': {3: 'x'}})",
        "assert type(tree()['a']) is tuple",
        "assert count('aab') == Counter('aab') and count('aab')['a'] == 2",
        "assert f(0) == 1 and math.isclose(f(0.1), 1.1)",
        "items = [3, 1, 2]\nassert sort_in_place(items) is None\nassert items == [1, 2, 3]",
        "d = {}\ngrow(into=d)\nassert d == {'new': {1}}",
        "assert sort_by(['bb', 'a'], key=len) == ['a', 'bb']",
        "assert sort_by([1, 2], key=lambda x: -f(x)) == [2, 1]",
        "assert apply(apply, f, 2) == 3",
        "assert list(numbers(3)) == [0, 1, 2]\nassert 2 in numbers(3) and 7 not in numbers(3)",
        "it = numbers(1)\nassert next(it) == 0\nassert next(it, None) is None",
        "assert sum(numbers(4)) == 6",
        "p = Point(3, 4)\nassert p.x == 3 and p.norm() == 5.0 and isinstance(p, Point)",
        "assert not isinstance(f(1), Point) and not isinstance(Point(1, 2), Node)",
        "assert isinstance(Stack(), Stack) and callable(f) and not callable(Point(1, 2))",
        "assert pair() == (1, 2) and pair().b == 2 and pair()[0] == 1",
        "a, b = pair()\nassert (a, b) == (1, 2)",
        "s = Stack()\ns.push(1)\nassert s == [1] and len(s) == 1 and s[0] == 1 and 1 in s",
        "assert Color.RED == 1 and Color.RED + 1 == 2 and Color.RED.name == 'RED' and 2 > Color.RED",
        "assert Shape.ROUND.value == 'round' and Shape('round').name == 'ROUND'",
        "n, seen = chain(2), []\nwhile n:\n    seen.append(n.value)\n    n = n.next\nassert seen == [1, 2]",
        "n = Node(1)\nn.next = Node(2)\nassert n.next.value == 2",
        "b = Bag()\nb[1] = 2\nassert b[1] == 2 and list(b) == [1]\ndel b[1]\nassert len(b) == 0",
        "with Bag() as b:\n    b[1] = 1\nassert len(b) == 0 and str(b) == 'a bag'",
        "import asyncio\nassert asyncio.run(later(3)) == 6",
        "import asyncio\nasync def main(): return await later(3)\nassert asyncio.run(main()) == 6",
        "import asyncio\nasync def a(): return [i async for i in tick(2)]\nassert asyncio.run(a()) == [0, 1]",
        "import asyncio\nasync def a():\n    async with Bits(3) as n: return n\nassert asyncio.run(a()) == 3",
        "assert [5, 6][Color.RED] == 6 and Color.RED << 2 == 4 and 8 >> Color.RED == 4",
        "assert list(range(Color.RED)) == [0] and hex(Color.RED) == '0x1'",
        "assert divmod(Color.RED, 2) == (0, 1) and divmod(7, Color.RED) == (7, 0)",
        "assert f'{Price(1.5):.2f} {Bits(1):x} {Color.RED:>3}' == '1.50 x!   1'",
        "assert list(reversed(Bits(2))) == [2, 1] and list(reversed(Stack([1, 2]))) == [2, 1]",
        "assert isinstance(Table(), dict) and isinstance(Table(), Table) and not isinstance(Table(), list)",
        "assert isinstance(pair(), tuple) and isinstance(Word('a'), str) and isinstance(Color.RED, int)",
        "try: fail('value')\nexcept ValueError as e: assert e.args == ('bad', 3)\nelse: assert False",
        "try: fail('own')\nexcept MyError as e: assert e.code == 9 and str(e) == 'bad'\nelse: assert False",
        "try: fail('own')\nexcept ValueError as e: assert type(e).__name__ == 'MyError'\nelse: assert False",
        "try: fail('told')\nexcept Told as e: assert str(e) == 'told 2'\nelse: assert False",
        "try: fail('odd')\nexcept Odd as e: assert e.code == 3\nelse: assert False",
        "assert str(MyError('mine')) == 'mine'\nassert f(1) == 2",
        "import json\ntry: fail('json')\nexcept json.JSONDecodeError: pass\nelse: assert False",
        "try: fail('unicode')\nexcept UnicodeDecodeError: pass\nelse: assert False",
        "try: fail('os')\nexcept FileNotFoundError as e: assert e.errno == 2\nelse: assert False",
        "try: solution_less()\nexcept NameError: pass\nassert f(1) == 2",
        "import types\nassert isinstance(numbers(1), types.GeneratorType)",
        "import inspect\nassert inspect.isgeneratorfunction(numbers) and inspect.iscoroutinefunction(later)",
        "import inspect\nassert str(inspect.signature(apply)) == '(function, *args)'",
        "import inspect\nassert inspect.ismethod(Point(1, 2).norm) and inspect.isfunction(Point.norm)",
        "import random\nrandom.seed(5)\na = draw(), draw()\nrandom.seed(5)\nassert a == (draw(), draw())",
        "import random\nrandom.seed(5)\na = random.random()\nrandom.seed('b')\nassert a != draw()",
        "c = Crate[int](5)\nassert c.held == 5 and isinstance(c, Crate) and not isinstance(f, Crate)",
        "assert hash(Point(1, 2)) == hash(Point(1, 2)) != hash(Point(1, 3))",
        "assert len({Node(1), Node(1)}) == 2 and len({f, f}) == 1 and {Shape.ROUND: 1}[Shape('round')] == 1",
        "try: hash(Everything())\nexcept TypeError as e: assert 'unhashable' in str(e)\nelse: assert False",
        "try: fail('hint')\nexcept Hinted as e: assert e.hint() == 'a hint' and not hasattr(e, 'other')",
        "try: fail('graded')\nexcept Graded as e: assert e.grade == (6, 'a') and e.table[404] == 'none'",
        "try: fail('graded')\nexcept Graded as e: assert f'{e!r}' == \"graded ('x',)\"",
        "try: fail('graded')\nexcept Graded as e: assert e.__notes__ == ['a note']",
        "assert type(outcome('graded')).grade == (6, 'a') and Graded.grade == 5",
        "e = Detailed('x')\nassert e.details == {'a': [1]} and e.args == ('x',) and e.seen == [('x', {2})]",
        "assert detailed('y').details == {'a': [1]} and isinstance(detailed('y'), Detailed)",
        "assert repr(Graded()) == 'graded ()' and not hasattr(Graded(), 'other')",
        "assert Finer.table == {404: 'none'} and not hasattr(Graded, '_secret')",
        "try: fail('os')\nexcept OSError as e: assert e.filename == '/nonexistent/file'",
        "try: leave(3)\nexcept SystemExit as e: assert e.code == 3\nelse: assert False",
        "try: fail('caused')\nexcept MyError as e: assert type(e.__cause__) is ZeroDivisionError",
        "try: fail('alone')\nexcept MyError as e: assert e.__cause__ is None and e.__suppress_context__",
        "n = 0\ntry: fail('group')\nexcept* ValueError as e: n += len(e.exceptions)\nassert n == 1",
    ],
)
def test_tests_of_an_honest_program_pass(source: str) -> None:
    found = check_code(PROGRAM, source)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


_RAISING = """
class Mine(Exception):
    def __init__(self, code):
        super().__init__(f"no {code}")
        self.code = code
class Worse(Mine): pass
raised = []
def bad(kind=Mine):
    raised.append(kind(7))
    raise raised[-1]
"""


@pytest.mark.parametrize(
    "source",
    [
        "try: apply(bad)\nexcept Mine as e: assert e is raised[0] and e.code == 7\nelse: assert False",
        "try: retry(bad, 3, Mine)\nexcept Mine as e: assert e is raised[2]\nassert len(raised) == 3",
        "try: retry(bad, 3, (KeyError, Mine))\nexcept Mine: pass\nassert len(raised) == 3",
        "try: retry(lambda: bad(Worse), 3, Mine)\nexcept Worse: pass\nassert len(raised) == 3",
        "try: retry(bad, 3, Worse)\nexcept Mine: pass\nassert len(raised) == 1",
        "try: wrapped(bad)\nexcept MyError as e: assert e.__cause__ is raised[0]\nelse: assert False",
        "try: raise_it(Mine, 3)\nexcept Mine as e: assert e.code == 3 and str(e) == 'no 3'",
        "assert apply(lambda k: k, Mine) is Mine and name_of(Mine) == 'Mine'",
        "import json\nassert safe(lambda: json.loads('{'), json.JSONDecodeError) == 'JSONDecodeError'",
        "def own(): raise MyError('x', 9)\nassert safe(own, MyError) == 'MyError'",
        "class Sub(MyError): pass\ndef own(): raise Sub('x')\nassert safe(own, MyError) == 'Sub'",
    ],
)
def test_exceptions_of_the_tests_come_back_as_they_went(source: str) -> None:
    found = check_code(PROGRAM, f"{_RAISING}{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


@pytest.mark.parametrize(
    ("source", "ended", "kind", "line"),
    [
        ("assert f(3) == 5, 'off by one'", Ended.FAILED, "AssertionError", 1),
        ("x = f(3)\nassert x is None", Ended.FAILED, "AssertionError", 2),
        ("assert f(3)[0] == 4", Ended.ERROR, "TypeError", 1),
        ("assert f('x') == 4", Ended.CROSSED, "TypeError", None),
        ("fail('own')", Ended.CROSSED, "MyError", None),
        ("assert Point(1, 2).z == 3", Ended.CROSSED, "AttributeError", None),
        ("import solution\nsolution.g(3)", Ended.CROSSED, "AttributeError", None),
        ("apply(lambda: 1 / 0)", Ended.CROSSED, "ZeroDivisionError", None),
        ("assert f(3) ==", Ended.TEST_FAULT, "SyntaxError", 1),
        ("assert 1 == 2", Ended.TEST_FAULT, "AssertionError", 1),
        ("import nowhere_at_all", Ended.TEST_FAULT, "ModuleNotFoundError", 1),
        ("f(3)\nundefined(3)", Ended.CROSSED, "NameError", None),
        ("f(3)\nraise SystemExit(0)", Ended.TEST_FAULT, "SystemExit", 2),
        ("pass", Ended.TEST_FAULT, "", None),
        ("class Own(Point): pass", Ended.TEST_FAULT, "NotForwardedError", None),
        ("import pickle\npickle.dumps(Point(1, 2))", Ended.TEST_FAULT, "NotForwardedError", None),
        ("f(object())", Ended.TEST_FAULT, "NotForwardedError", None),
        ("Point(1, 2) + 3", Ended.TEST_FAULT, "NotForwardedError", None),
        ("same(Bits(1)) << 2", Ended.TEST_FAULT, "NotForwardedError", None),
        ("divmod(same(Bits(1)), 2)", Ended.TEST_FAULT, "NotForwardedError", None),
        ("assert everything() << 2", Ended.ERROR, "TypeError", 1),
        ("assert isinstance(everything(), int)", Ended.FAILED, "AssertionError", 1),
        ("assert 1 in Bag()", Ended.FAILED, "AssertionError", 1),
        ("fail('group')", Ended.CROSSED, "ExceptionGroup", None),
        ("assert leave(0) is None", Ended.CROSSED, "SystemExit", None),
        ("assert 1 in same(Everything())", Ended.TEST_FAULT, "NotForwardedError", None),
        ("assert 1 in everything()", Ended.ERROR, "TypeError", 1),
        ("assert everything() > 4", Ended.ERROR, "TypeError", 1),
        ("assert everything() == 4", Ended.FAILED, "AssertionError", 1),
        ("assert 4 == everything()", Ended.FAILED, "AssertionError", 1),
        ("assert everything() is True", Ended.FAILED, "AssertionError", 1),
        ("assert [everything()] == [4]", Ended.FAILED, "AssertionError", 1),
        ("assert everything() in (4, 5)", Ended.FAILED, "AssertionError", 1),
        ("assert hashed() in {4, 5}", Ended.FAILED, "AssertionError", 1),
        ("assert {4: 1}[hashed()]", Ended.ERROR, "KeyError", 1),
        ("assert list(everything()) == [4]", Ended.FAILED, "AssertionError", 1),
    ],
)
def test_what_ended_the_tests_is_told_apart(source: str, ended: Ended, kind: str, line: int | None) -> None:
    found = check_code(PROGRAM, source)

    assert (found.ended, found.type) == (ended, kind), found
    if ended is not Ended.CROSSED:
        assert found.line == line, found


@pytest.mark.parametrize(
    "source",
    [
        "e = MyError('bad', code=9)\nassert e.code == 9 and str(e) == 'bad' and e.args == ('bad',)",
        "assert isinstance(MyError('x'), ValueError) and repr(MyError('x')) == \"MyError('x')\"",
        "try: MyError()\nexcept TypeError as e: assert 'message' in str(e)\nelse: assert False",
        "assert str(Told(1, 2)) == 'told 2' and Odd(code=3).code == 3",
        "e = MyError('bad', 9)\nassert same(e) is e and code_of(e) == 9",
        "class Sub(MyError): pass\nassert Sub('x', 2).code == 2 and isinstance(Sub('x'), MyError)",
        "try: raise MyError('x', 2)\nexcept MyError as e: assert e.code == 2",
        "e = ValueError('x')\nassert same(e) is e and name_of(type(e)) == 'ValueError' and text_of(e) == 'x'",
        "e = outcome('own')\nassert isinstance(e, MyError) and e.code == 9 and e is not outcome('own')",
        "e = outcome('os')\nassert isinstance(e, FileNotFoundError) and e.errno == 2",
        "e = outcome('hint')\nassert e.hint() == 'a hint'\nassert str(Hinted('x')) == 'x'",
        "assert [type(e) for e in (outcome('json'), outcome('value'))][1] is ValueError",
        "g = patient()\nnext(g)\nassert g.throw(ValueError('now')) == 'now'",
        "assert [*map(code_of, [MyError('a', 1), MyError('b', 2)])] == [1, 2]",
    ],
)
def test_exceptions_are_values_too(source: str) -> None:
    found = check_code(PROGRAM, f"{source}\nassert f(3) == 4")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


_OWN = """
class Own:
    value = 3
class Equal:
    def __eq__(self, other): return True
    __hash__ = None
o, p = Own(), Own()
"""


@pytest.mark.parametrize(
    "source",
    [
        "assert same(o) is o and same([o, p]) == [o, p] and echo(o, k=p) == ((o,), {'k': p})",
        "s = Stack()\ns.push(o)\ns.push(p)\nassert s.pop() is p and len(s) == 1 and s[0] is o",
        "n = Node(o)\nassert n.value is o and n.value.value == 3\nn.value = p\nassert n.value is p",
        "assert kept(o, [p, o]) == [True, True, 'Own'] and kept(p, [o]) == [False, True, 'Own']",
        "made = memoized(Own)\nassert made() is made() and isinstance(made(), Own) and made().value == 3",
        "assert same(object) is object and same(o) != object()",
    ],
)
def test_an_object_of_the_tests_is_kept_and_handed_back(source: str) -> None:
    found = check_code(PROGRAM, f"{_OWN}{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


_OF_MORE = """
import queue
class Own(queue.Queue): pass
class Equal(Own):
    def __eq__(self, other): return True
    __hash__ = None
o, p = Own(), Own()
"""


@pytest.mark.parametrize(
    "source",
    [
        *(
            "kept(Equal(), [1])",
            "f(o)",
            "sort_by([p, o], lambda x: x)",
            "code_of(o)",
            "text_of(o)",
            "count(o)",
        ),
        *("sort_in_place(o)", "numbers(o).__next__()", "Shape(Equal())"),
    ],
)
def test_a_program_that_asks_an_object_that_is_more_than_the_tests_own_is_not_judged(source: str) -> None:
    found = check_code(PROGRAM, f"{_OF_MORE}try: {source}\nexcept TypeError: pass\nassert f(3) == 4")

    assert (found.ended, found.type) == (Ended.TEST_FAULT, "NotForwardedError"), found


_MOCK = """
from unittest.mock import Mock, MagicMock
store = Mock(suffix="!")
store.find.return_value = {"name": "Ann"}
"""


@pytest.mark.parametrize(
    "source",
    [
        (
            "@counted\ndef add(a, b=2):\n    'Adds.'\n    return a + b\n"
            "assert (add.__name__, add.__doc__, add(1), add.calls) == ('add', 'Adds.', 3, 1)\n"
            "assert counted(lambda: 0).__doc__ is None"
        ),
        "assert curry(lambda a, b, c: a + b + c)(1)(2)(3) == 6 == curry(lambda a, b, c: a + b + c)(1, 2)(3)",
        (
            "@checked\ndef twice(n: int, m=[]) -> int: return n * 2\nassert twice(3) == 6\n"
            "try: twice('3')\nexcept TypeError as e: assert str(e) == 'n'\nelse: assert False"
        ),
        f"{_MOCK}assert Service(store).name(3) == 'Ann!'\nstore.find.assert_called_once_with(3, deep=True)",
        f"{_MOCK}assert apply(MagicMock(side_effect=[4])) == 4",
    ],
)
def test_functions_and_mocks_of_the_tests_are_what_they_are_in_the_program(source: str) -> None:
    found = check_code(PROGRAM, source)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


def test_what_a_function_of_the_tests_takes_by_default_stays_with_them() -> None:
    program = "import inspect\ndef f(g): return repr(inspect.signature(g).parameters['e'].default)\n"

    found = check_code(program, "assert f(lambda x, e=17: x == e) == 'Ellipsis'")

    assert found.ended is Ended.PASSED, found


@pytest.mark.parametrize("trick", ["cheat", "forget"])
def test_a_program_does_not_change_what_a_mock_says_of_its_calls(trick: str) -> None:
    tests = f"service.{trick}()\nstore.find.assert_called_once_with(3)\n"

    found = check_code(PROGRAM, f"{_MOCK}service = Service(store)\nservice.name(4)\n{tests}")

    assert found.ended is not Ended.PASSED, found


def test_data_of_the_program_is_an_answer() -> None:
    assert check_code("N = 4", "assert N == 4", None).ended is Ended.PASSED


def test_an_exception_names_the_line_of_the_program() -> None:
    found = check_code("def f(x):\n    return 1 / x\n", "assert f(0) == 1")

    assert (found.type, found.line) == ("ZeroDivisionError", 2)


def test_equality_of_two_objects_is_the_programs_word_and_marks_the_run() -> None:
    found = check_code(PROGRAM, "assert Point(1, 2) == Point(1, 2) and Point(1, 2) != Point(1, 3)")

    assert (found.ended, found.weak) == (Ended.PASSED, True)


@pytest.mark.parametrize(
    ("source", "ended"),
    [("assert f(3) == A and {f(3): 1}[A]", Ended.PASSED), ("assert f(3) == B", Ended.FAILED)],
)
def test_which_class_an_answer_is_the_program_does_not_say(source: str, ended: Ended) -> None:
    program = (
        "class Any(type):\n    def __eq__(self, other): return True\n    __hash__ = type.__hash__\n"
        "class A(metaclass=Any): pass\nclass B(metaclass=Any): pass\ndef f(x): return A\n"
    )

    found = check_code(program, source)

    assert (found.ended, found.weak) == (ended, False), found


def test_equal_objects_are_one_member_of_a_set_by_the_programs_word() -> None:
    found = check_code(
        PROGRAM, "assert {Point(1, 2): 3}[Point(1, 2)] == 3 and len({Point(1, 2), Point(1, 2)}) == 1"
    )

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


def test_a_released_object_is_forgotten() -> None:
    source = (
        "for i in range(300): Point(i, i)\n"
        "import gc\ngc.collect()\nf(1)\n"
        "assert 'Point' in repr(Point(1, 2))\nassert held() < 20"
    )
    program = PROGRAM + (
        "\ndef held():\n    import gc\n    return sum(type(each) is Point for each in gc.get_objects())\n"
    )

    assert check_code(program, source).ended is Ended.PASSED
