"""The prompts. What is shared between calls comes first, so that a prefix cache serves it.

A placeholder is a name in double braces. Filling is one pass: a problem that contains a
placeholder's spelling is quoted, never expanded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.domain.chat import Message
from service.domain.critique import Critique
from service.domain.errors import RequestError
from service.domain.task import Candidate, Task

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace each `{{name}}` of `text` that `values` knows, once."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def fenced(code: str) -> str:
    """Quote code in a fence longer than any it contains."""
    longest = max((len(ticks) for ticks in re.findall(r"`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}python\n{code.strip(chr(10))}\n{fence}"


@dataclass(frozen=True, slots=True)
class GeneratorTemplate:
    """Wording of a proposal and of a revision.

    `propose` knows {{problem}} and {{interface}}; `revise` knows {{critique}}.
    """

    id: str
    propose: str
    revise: str
    system: str | None = None

    def proposal(self, task: Task) -> list[Message]:
        """Ask for a first candidate."""
        text = fill(self.propose, {"problem": task.problem, "interface": interface(task)})
        return [*_system(self.system), Message("user", text)]

    def revision(self, task: Task, candidate: Candidate, critique: Critique) -> list[Message]:
        """Ask for a revision: only the latest candidate and its critique are in context (CTRL section 2)."""
        return [
            *self.proposal(task),
            Message("assistant", fenced(candidate.code)),
            Message("user", fill(self.revise, {"critique": critique.text})),
        ]


@dataclass(frozen=True, slots=True)
class CriticTemplate:
    """Wording of a critique.

    `critique` knows {{problem}}, {{interface}} and {{candidate}}; `hint`, appended where the critic may
    know what the tests did, knows {{hint}}. `compare` knows {{problem}}, {{interface}}, {{first}} and
    {{second}}; without it the critic judges one candidate at a time, which is all CTRL trains.
    """

    id: str
    critique: str
    hint: str
    system: str | None = None
    compare: str | None = None

    def request(self, task: Task, candidate: Candidate, hint: str | None = None) -> list[Message]:
        """Ask for a critique of the candidate; the critic sees problem and code only, unless given a hint."""
        values = {"problem": task.problem, "interface": interface(task), "candidate": fenced(candidate.code)}
        text = fill(self.critique, values)
        if hint is not None:
            text += fill(self.hint, {"hint": hint})
        return [*_system(self.system), Message("user", text)]

    def comparison(self, task: Task, first: Candidate, second: Candidate) -> list[Message]:
        """Ask which of two candidates is better."""
        compare = self.wording_of_comparisons()
        shown = {"first": fenced(first.code), "second": fenced(second.code)}
        text = fill(compare, {"problem": task.problem, "interface": interface(task), **shown})
        return [*_system(self.system), Message("user", text)]

    def wording_of_comparisons(self) -> str:
        """Return `compare`. Raises `RequestError` where there is none: the mode is the caller's choice."""
        if self.compare is None:
            raise RequestError(
                "mode",
                f"the template of this critic ({self.id}) has no wording for comparisons: use another mode, "
                "or a critic whose template has `compare`",
            )
        return self.compare


def interface(task: Task) -> str:
    """Say in one line how the tests will reach the program."""
    if task.entry_point is None:
        return "Read standard input and write the answer to standard output."
    return f"Define a function named {task.entry_point}."


def _system(text: str | None) -> list[Message]:
    return [] if text is None else [Message("system", text)]


GENERATOR_TEMPLATE = GeneratorTemplate(
    id="ctrl-refine/generator/1",
    propose="""\
Write a Python program for the problem below. Answer with one fenced code block and nothing else.

<problem>
{{problem}}
</problem>
{{interface}}""",
    revise="""\
{{critique}}

Now give your final program in the same form, changed as the review says.""",
)

CRITIC_TEMPLATE = CriticTemplate(
    id="ctrl-refine/critic/1",
    critique="""\
Review a candidate program for the problem below. Compare what is asked with what the program does, \
say what is wrong and how to improve it. Do not write the corrected program.
Answer in this form and write nothing after the judgment:

Analysis:
what the program does, compared with what is asked

Improvement suggestions:
what to change, or None

Overall judgment: Correct or Incorrect

<problem>
{{problem}}
</problem>
{{interface}}

<candidate>
{{candidate}}
</candidate>""",
    hint="""

<hint>
{{hint}}
</hint>
The hint is true. Reason from it and never mention it.""",
)

PROMPTED_CRITIC_TEMPLATE = replace(
    CRITIC_TEMPLATE,
    id="ctrl-refine/critic/prompted/1",
    compare="""\
Compare two candidate programs for the problem below, A and B. Say for each what it does, compared with what \
is asked. A program that is correct is better than one that is not; length, style and order do not count.
Answer in this form and write nothing after the judgment:

Analysis:
what each program does, compared with what is asked

Overall judgment: A, B or Tie

<problem>
{{problem}}
</problem>
{{interface}}

<candidate_A>
{{first}}
</candidate_A>

<candidate_B>
{{second}}
</candidate_B>""",
)
"""For a model that was not trained as a critic: the same critique, and comparisons too."""
