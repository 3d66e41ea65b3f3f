"""The program is found in whatever a model writes around it."""

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import extraction
from service.domain.extraction import extract_code
from service.domain.syntax import TOKENS, parsed
from service.domain.templates import fenced

PROGRAM = "n = int(input())\nprint(n + 1)"
FUNCTION = "def double(n):\n    return 2 * n"

THOUGHT = "<|channel|>analysis<|message|>"
FINAL = "<|start|>assistant<|channel|>final<|message|>"
ONE_BLOCK = {
    "python": f"```python\n{PROGRAM}\n```",
    "Python": f"```Python\n{PROGRAM}\n```",
    "py": f"```py\n{PROGRAM}\n```",
    "python3": f"```python3\n{PROGRAM}\n```",
    "python 3.11": f"```python 3.11\n{PROGRAM}\n```",
    "a space before the tag": f"``` python\n{PROGRAM}\n```",
    "attributes": f"```{{.python .numberLines}}\n{PROGRAM}\n```",
    "no tag": f"```\n{PROGRAM}\n```",
    "a wrong tag": f"```text\n{PROGRAM}\n```",
    "tildes": f"~~~python\n{PROGRAM}\n~~~",
    "four marks": f"````python\n{PROGRAM}\n````",
    "unclosed": f"```python\n{PROGRAM}",
    "unclosed, a line feed": f"```python\n{PROGRAM}\n",
    "prose around": f"Here it is:\n\n```python\n{PROGRAM}\n```\n\nIt adds one.",
    "inline code around": f"Use ```n + 1```:\n```python\n{PROGRAM}\n```",
    "inline code first": f"```n + 1``` it is:\n```python\n{PROGRAM}\n```",
    "carriage returns": f"```python\n{PROGRAM}\n```\n".replace("\n", "\r\n"),
    "blank lines in the fence": f"```python\n\n\n{PROGRAM}\n\n```",
    "in a list": "1. So:\n   ```python\n   n = int(input())\n   print(n + 1)\n   ```",
    "a thought": f"<think>\n```python\nprint(0)\n```\n</think>\n```python\n{PROGRAM}\n```",
    "a thought of Gemma 4": f"<|channel>thought\n```\nx = 1\n```\n<channel|>```python\n{PROGRAM}\n```<turn|>",
    "a thought of Mistral": f"[THINK]x = f(2)[/THINK]```python\n{PROGRAM}\n```</s>",
    "a thought of Seed": f"<seed:think>x = f(2)</seed:think>```python\n{PROGRAM}\n```<seed:eos>",
    "a thought opened by the prompt": f"Maybe\n```\nx = 2\n```\n</think>\n\n```python\n{PROGRAM}\n```",
    "a thought that ends before the fence": f"Maybe x.</think>```python\n{PROGRAM}\n```",
    "tokens that end a turn": f"```python\n{PROGRAM}\n```<|im_end|>\n<|endoftext|>",
    "channels": f"{THOUGHT}Hm.<|end|>{FINAL}```python\n{PROGRAM}\n```<|return|>",
    "a program in a channel before": f"{THOUGHT}\n```python\nx = f(2)\n```\n<|end|>{FINAL}{PROGRAM}",
    "a channel alone": f"<|channel|>final<|message|>```python\n{PROGRAM}\n```",
    "a channel of a form": f"<|channel|>final <|constrain|>code<|message|>```python\n{PROGRAM}\n```",
    "channels and a call": f"""{THOUGHT}Hm.<|end|>\
<|start|>assistant<|channel|>commentary to=functions.run <|constrain|>json<|message|>{{}}<|call|>\
<|start|>functions.run to=assistant<|channel|>commentary<|message|>ok<|end|>{FINAL}{PROGRAM}""",
    "a turn before": f"{FINAL}x = 1<|end|><|start|>user<|message|>No.<|end|>{FINAL}{PROGRAM}",
    "channels whose tokens were dropped": f"analysisMaybe x.assistantfinal```python\n{PROGRAM}\n```",
    "no fence": PROGRAM,
    "no fence, blank lines": f"\n\n{PROGRAM}\n\n",
    "no fence after a thought": f"<think>Hm.</think>\n\n{PROGRAM}",
}


@pytest.mark.parametrize("completion", ONE_BLOCK.values(), ids=ONE_BLOCK)
def test_the_only_program_is_found(completion: str) -> None:
    assert extract_code(completion) == PROGRAM


SEVERAL = {
    "a sample input after": f"```python\n{PROGRAM}\n```\nInput:\n```\n5\n```",
    "a sample input before": f"Input:\n```\n5\n```\n```python\n{PROGRAM}\n```",
    "a sample input tagged as a program": f"```python\n{PROGRAM}\n```\n```python\n5\n```",
    "samples, and no tags at all": f"```\n3\n1 2 3\n```\n```\n{PROGRAM}\n```\n```\nYES\n```",
    "a sample output that is a word": f"```\n{PROGRAM}\n```\n```\nYES\n```",
    "a sample assignment": f"```python\n{PROGRAM}\n```\n```text\nn = 5\n```",
    "a shell command": f"```python\n{PROGRAM}\n```\n```bash\npython main.py\n```",
    "a session": f"```python\n{PROGRAM}\n```\n```pycon\n>>> 1 + 1\n2\n```",
    "another language": f"```cpp\nint main() {{}}\n```\n```python\n{PROGRAM}\n```",
    "an empty block": f"```python\n{PROGRAM}\n```\n```python\n```",
    "a body left out": f"```python\n{PROGRAM}\n```\n```python\npass\n```",
    "a comment": f"```python\n{PROGRAM}\n```\n```python\n# that is all\n```",
    "a draft before": f"```python\nprint(0)\n```\nNo:\n```python\n{PROGRAM}\n```",
    "a longer draft before": f"```python\nimport sys\n{PROGRAM}\n```\nShorter:\n```python\n{PROGRAM}\n```",
    "a broken draft before": f"```python\nprint(\n```\nNo:\n```python\n{PROGRAM}\n```",
    "a broken fragment after": f"```python\n{PROGRAM}\n```\nwhere\n```python\n    print(\n```",
    "a cut version after": f"```python\n{PROGRAM}\n```\nShorter:\n```python\nprint(int(",
}


@pytest.mark.parametrize("completion", SEVERAL.values(), ids=SEVERAL)
def test_the_program_wins_over_what_surrounds_it(completion: str) -> None:
    assert extract_code(completion) == PROGRAM


USES = {
    "a call": "print(double(4))",
    "an assertion": "assert double(4) == 8",
    "a test": "def test_double():\n    assert double(4) == 8",
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_use_of_the_program_is_not_the_program(use: str) -> None:
    assert extract_code(f"```python\n{FUNCTION}\n```\nSo:\n```python\n{use}\n```") == FUNCTION


def test_a_final_version_that_repeats_a_definition_is_the_program() -> None:
    final = f"{FUNCTION}\n\nprint(double(int(input())))"

    assert extract_code(f"```python\n{FUNCTION}\n```\nAll:\n```python\n{final}\n```") == final


def test_a_program_with_a_syntax_error_is_not_replaced_by_a_note() -> None:
    broken = "def f(:\n    return 1"

    assert extract_code(f"```python\n{broken}\n```\n```\nn = 3\n```") == broken


def test_a_complete_version_wins_over_one_that_may_be_cut() -> None:
    assert extract_code(f"```python\n{PROGRAM}\n```\n```python\nn = int(input())") == PROGRAM


NESTED = 's = """\n```\ntext\n```\n"""\nprint(s)'


@pytest.mark.parametrize(
    "completion",
    [NESTED, fenced(NESTED), f"```python\n{NESTED}\n```", f"Here:\n```python\n{NESTED}\n```\nDone."],
    ids=["bare", "a longer fence", "the same fence", "the same fence and prose"],
)
def test_a_program_may_contain_fences(completion: str) -> None:
    assert extract_code(completion) == NESTED


def test_a_broken_program_that_contains_many_fences_ends_at_the_first() -> None:
    assert extract_code("```python\n(\n" + "```\n" * 20) == "("


def test_many_broken_blocks_are_not_parsed_over_and_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that repeats itself must not hold up everybody else's event loop."""
    read: list[int] = []

    def counting(code: str) -> ast.Module | None:
        read.append(len(code))
        return parsed(code)

    monkeypatch.setattr(extraction, "parsed", counting)
    broken = "x = 1\n" * 1_000 + "def f(:"
    completion = f"```python\n{broken}\n```\n" * 32

    assert extract_code(completion) == broken
    assert sum(read) < 2 * len(completion)


@pytest.mark.parametrize(
    "block",
    [
        "a;" * 3_000,
        "a\n" * 3_000,
        "(a)+" * 1_500 + "a",
        "f'{a}{b}';" * 600,
        "a;" * 3_000 + ")",
        "a;" * 49_000,
    ],
    ids=["marks", "lines", "brackets", "fields", "broken", "one too long"],
)
def test_what_is_parsed_of_a_completion_has_a_bound_in_words_and_marks(
    block: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By characters alone the densest took ten seconds."""
    costs: list[int] = []

    def weighing(code: str) -> ast.Module:
        costs.append(len(re.findall(r"\w+|[^\w\s]|\n", code)))
        return parse(code)

    parse = ast.parse
    monkeypatch.setattr(ast, "parse", weighing)

    assert extract_code(f"```python\n{block}\n```\n" * 32).startswith(block.strip())
    assert sum(costs) <= 2 * TOKENS


def test_of_many_blocks_the_last_are_read() -> None:
    broken = "a;" * 3_000 + ")"

    assert extract_code(f"```python\n{broken}\n```\n" * 31 + f"```python\n{PROGRAM}\n```") == PROGRAM


@pytest.mark.parametrize(
    "opening",
    [
        "<think>",
        "[THINK]",
        "<seed:think>",
        "<|channel>thought",
        "<|channel|>analysis<|message|>",
        "<|start|>assistant<|channel|>analysis<|message|>",
    ],
)
def test_a_thought_without_an_end_holds_no_program(opening: str) -> None:
    assert extract_code(f"{opening}\n```python\n{PROGRAM}\n```") == ""


@pytest.mark.parametrize(
    "code", ['print("<|channel|>final<|message|>")', 'a = "</think>```"', "analysis = 1", "# <|x|>"]
)
def test_a_program_that_speaks_of_thoughts_is_whole(code: str) -> None:
    assert extract_code(f"{code}\n{PROGRAM}") == f"{code}\n{PROGRAM}"


def test_a_program_too_long_to_parse_is_still_a_program() -> None:
    long = "x = 1\n" * 20_000 + PROGRAM

    assert extract_code(f"```python\n{long}\n```") == long


def test_a_program_too_deep_to_parse_is_still_a_program() -> None:
    deep = "-" * 50_000 + "1"

    assert extract_code(f"```python\n{deep}\n```") == deep


def test_a_doubtful_escape_warns_nobody() -> None:
    assert extract_code("```python\nprint('\\d')\n```") == "print('\\d')"


def test_nothing_comes_of_nothing() -> None:
    assert extract_code("") == ""


@given(
    st.lists(st.sampled_from(["```", "~~~", "python", "\n", "\r\n", "x = 1", "(", "  ", "</think>", '"""']))
)
def test_any_completion_gives_some_text(parts: list[str]) -> None:
    assert isinstance(extract_code("".join(parts)), str)


programs = st.lists(
    st.sampled_from(["x = 1", "print('```')", "if x:\n    y = 2", "# ~~~", "s = '''\n````\n'''", ""]),
    min_size=1,
).map(lambda lines: "\n".join(["import sys", *lines]).strip("\n"))


@given(programs)
def test_what_a_template_quotes_is_extracted_whole(program: str) -> None:
    assert extract_code(fenced(program)) == program
