"""Bounds on what a task carries: the number and size of its tests, and its time limit."""

import json
from collections import Counter
from dataclasses import replace

from service.domain.task import AssertTest, Test
from training.config import TasksConfig
from training.data.source_task import SourceTask, Unusable
from training.tasks.records import test_to_json

ASSERT_CHARACTERS = 16 << 20
"""What the sandbox reads of one assert."""


def bounded(task: SourceTask, config: TasksConfig) -> SourceTask:
    """The task with the tests that fit, public ones first, and no more time than the sandbox gives."""
    kept: list[list[Test]] = [[], []]
    unusable = Counter(task.unusable)
    room_bytes, room = config.tests_bytes, config.tests_limit or len(task.public) + len(task.hidden)
    for tests, into in zip((task.public, task.hidden), kept, strict=True):
        for test in tests:
            size_bytes = len(json.dumps(test_to_json(test)))
            if room == 0:
                unusable[Unusable.BEYOND_LIMIT] += 1
            elif size_bytes > room_bytes or _is_too_long(test):
                unusable[Unusable.TOO_LARGE] += 1
            else:
                room, room_bytes = room - 1, room_bytes - size_bytes
                into.append(test)
    limit_s = task.time_limit_s and min(task.time_limit_s, config.longest_time_limit_s)
    public, hidden = map(tuple, kept)
    return replace(task, public=public, hidden=hidden, unusable=unusable, time_limit_s=limit_s)


def _is_too_long(test: Test) -> bool:
    return isinstance(test, AssertTest) and len(test.source) > ASSERT_CHARACTERS
