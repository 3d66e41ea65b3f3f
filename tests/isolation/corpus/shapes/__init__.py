"""Tests in the shapes of public data sets, each with a program that is right and several that are not."""

from tests.isolation.corpus.shapes.attacked import ATTACKED
from tests.isolation.corpus.shapes.bigcodebench import BIGCODEBENCH
from tests.isolation.corpus.shapes.leetcode import LEETCODE
from tests.isolation.corpus.shapes.mbpp import MBPP
from tests.isolation.corpus.shapes.scripts import SCRIPTS

SHAPES = BIGCODEBENCH | LEETCODE | MBPP | SCRIPTS | ATTACKED
