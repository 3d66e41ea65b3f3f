"""Two jails for one test: the program in one, the test's code in the other, a socket between them.

`program_side` answers in the program's jail. `tests_side` asks in the tests' jail, and what it is told is
data to it; what is beside them both have. So no exit, patch or memory search of the program reaches the
test's code, its expectations or its result. Standard library only. Not covered: what a test lets the program
decide, such as whether two of its objects are equal.
"""
