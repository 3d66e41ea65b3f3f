"""A normal form is kept exactly: votes and remembered rewards take two programs of one form for the same."""

from service.domain.normal_form import normalized


def test_a_new_name_never_meets_one_that_was_there() -> None:
    assert normalized("x = v0 = 1") == normalized("v0 = x = 1")
    assert normalized("x = 1\nprint(v0)") != normalized("x = 1\nprint(x)")


def test_what_is_too_deep_to_be_written_back_is_compared_as_text() -> None:
    deep = "(x)" + "+1" * 1000

    assert normalized(deep) == deep


def test_layout_that_means_something_is_kept() -> None:
    assert normalized("if a:\n    b()\n    c()") != normalized("if a:\n    b()\nc()")
    assert normalized("f( 'x' )  # why") == normalized('f("x")')


def test_an_argument_has_any_name_and_a_function_its_own() -> None:
    """A name of the caller's, such as a keyword of a function that is not the program's, is kept."""
    assert normalized("def f(a): return f(a=1)") == normalized("def f(b): return f(b=1)")
    assert normalized("def f(a): return a") != normalized("def g(a): return a")
    assert normalized("print(end=1)") != normalized("print(sep=1)")
    assert normalized("def f(**a): f(**a)") == normalized("def f(**b): f(**b)")


def test_what_is_not_python_is_compared_as_text() -> None:
    assert normalized(" int main() {}\n") == "int main() {}"
