"""The prompts of rows that came with the request."""

from pydantic import JsonValue

from sandbox_runner.api.fusion import provided
from sandbox_runner.api.fusion.wire import Prompt, TestConfig

_STDIO = "Write a complete {language} program that reads standard input and writes standard output."


def prompt_of(data: dict[str, JsonValue], class_name: str, config: TestConfig) -> Prompt:
    labels = data.get("labels") or {}
    return {
        "id": identity(data),
        "prompt": _text(data, class_name, config),
        "labels": provided.parsed(labels, "labels") if isinstance(labels, str) else labels,
    }


def identity(data: dict[str, JsonValue]) -> JsonValue:
    return data.get("id", data.get("task_id", data.get("name")))


def _text(data: dict[str, JsonValue], class_name: str, config: TestConfig) -> str:
    content = provided.text(data, "content", "prompt", "text")
    if class_name == "CommonOJDataset":
        return f"{content}\n\n{_STDIO.format(language=config.language or 'python')}"
    if class_name == "MBPPDataset":
        tests = provided.member(data, "test" if "test" in data else "test_list")
        first = tests[0] if isinstance(tests, list) and tests else ""
        return f"{content} Your code should satisfy these tests:\n\n{first}"
    return content
