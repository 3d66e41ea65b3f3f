"""What is told of a process beside values: names and bounds that both sides go by."""

CALLED = ("input", "print")
"""Functions of the language that tests replace by their own."""
MOST_WARNED = 100
"""Warnings of one answer; each is told with its arguments."""
MOST_LOGGED = 1_000
"""Records of one answer."""

Logged = list[object]
"""Logger, level, message, traceback, line and function."""
