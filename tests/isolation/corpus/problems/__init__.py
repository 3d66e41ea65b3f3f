"""Problems in the manner of HumanEval, MBPP and APPS, with programs that solve them and programs that do not.

Like `assertions`, nothing here says which is which: CPython does.
"""

from tests.isolation.corpus.problems.answers import ANSWERS
from tests.isolation.corpus.problems.calls import CALLS
from tests.isolation.corpus.problems.objects import OBJECTS

PROBLEMS = ANSWERS | CALLS | OBJECTS
