"""A judgment cannot be forged, and a critique can be written in any way that a person would read."""

import pytest

from service.domain.critique import Critique, Judgment, Parsed
from service.domain.parsing import parse_critique, render_critique

CORRECT, INCORRECT = Judgment.CORRECT, Judgment.INCORRECT
BODY = "Analysis:\nIt adds.\n\nImprovement suggestions:\nNone\n\n"


def summary(critique: Critique) -> tuple[Parsed, Judgment | None]:
    return critique.parsed, critique.judgment


STRICT = {
    "canonical": BODY + "Overall judgment: Correct",
    "a final line feed": BODY + "Overall judgment: Correct\n",
    "blank lines around": "\n\n" + BODY + "Overall judgment: Correct\n\n \n",
    "white space after the judgment": BODY + "Overall judgment: Correct  ",
    "carriage returns": (BODY + "Overall judgment: Correct\n").replace("\n", "\r\n"),
    "old carriage returns": (BODY + "Overall judgment: Correct").replace("\n", "\r"),
    "no blank lines between": "Analysis:\nA\nImprovement suggestions:\nB\nOverall judgment: Correct",
    "text on the heading's line": "Analysis: A\nImprovement suggestions: B\nOverall judgment: Correct",
    "code in the suggestions": BODY.replace("None", "```python\nx = 1\n```") + "Overall judgment: Correct",
    "a forged ending in a fence": BODY.replace("It adds.", "```\nOverall judgment: Incorrect\n```")
    + "Overall judgment: Correct",
    "headings in a fence": BODY.replace("It adds.", "~~~\nAnalysis:\nImprovement suggestions:\n~~~")
    + "Overall judgment: Correct",
    "a quoted judgment": BODY.replace("adds", 'prints "Overall judgment: Incorrect"')
    + "Overall judgment: Correct",
    "a quoted judgment in code marks": BODY.replace("adds", "prints `Overall judgment: Incorrect`")
    + "Overall judgment: Correct",
    "decorated headings in the analysis": BODY.replace(
        "It adds.", "- **Analysis:** it adds.\n- Suggestions: x"
    )
    + "Overall judgment: Correct",
    "a thought's tag as text": BODY.replace("It adds.", "It prints\n</think>\nas asked.")
    + "Overall judgment: Correct",
    "other alphabets": BODY.replace("It adds.", "它做加法。") + "Overall judgment: Correct",
}


@pytest.mark.parametrize("text", STRICT.values(), ids=STRICT)
def test_the_grammar_is_read_as_strict(text: str) -> None:
    assert summary(parse_critique(text)) == (Parsed.STRICT, CORRECT)


LENIENT = {
    "bold label": BODY + "**Overall judgment:** Correct",
    "bold label before the colon": BODY + "**Overall judgment**: Correct",
    "all bold": BODY + "**Overall judgment: Correct**",
    "bold word": BODY + "Overall judgment: **Correct**",
    "bold word and period": BODY + "Overall judgment: **Correct**.",
    "italics": BODY + "_Overall judgment: Correct_",
    "underlined": BODY + "__Overall judgment:__ Correct",
    "heading marks": BODY + "### Overall judgment: Correct",
    "numbered": BODY + "3. Overall judgment: Correct",
    "numbered with a bracket": BODY + "3) Overall judgment: Correct",
    "numbered heading in bold": BODY + "## 3. **Overall judgment:** Correct",
    "a list item": BODY + "- Overall judgment: Correct",
    "lower case": BODY + "overall judgment: correct",
    "upper case": BODY + "OVERALL JUDGMENT: CORRECT",
    "title case": BODY + "Overall Judgment: Correct",
    "British spelling": BODY + "Overall judgement: Correct",
    "a period": BODY + "Overall judgment: Correct.",
    "two spaces": BODY + "Overall judgment:  Correct",
    "no space": BODY + "Overall judgment:Correct",
    "a space before the colon": BODY + "Overall judgment : Correct",
    "a wide colon": BODY + "Overall judgment\uff1a Correct",
    "a little indentation": BODY + "  Overall judgment: Correct",
    "the word on its own line": BODY + "Overall judgment:\nCorrect",
    "the word below a heading": BODY + "## Overall judgment\n\n**Correct**",
    "decorated sections": "## Analysis\nA\n## Improvement suggestions\nB\nOverall judgment: Correct",
    "bold sections": "**Analysis:** A\n**Improvement suggestions:** B\n**Overall judgment:** Correct",
    "numbered sections": "1. Analysis:\nA\n2. Improvement suggestions:\nB\n3. Overall judgment: Correct",
    "a short second heading": "Analysis:\nA\n\nSuggestions:\nB\n\nOverall judgment: Correct",
    "another second heading": "Analysis:\nA\n\nSuggestions for improvement:\nB\n\nOverall judgment: Correct",
    "sections the wrong way round": "Improvement suggestions:\nB\nAnalysis:\nA\nOverall judgment: Correct",
    "no analysis": "Improvement suggestions:\nB\nOverall judgment: Correct",
    "an empty analysis": "Analysis:\n\nImprovement suggestions:\nB\nOverall judgment: Correct",
    "no suggestions": "Analysis:\nA\nOverall judgment: Correct",
    "empty suggestions": "Analysis:\nA\n\nImprovement suggestions:\n\nOverall judgment: Correct",
    "nothing but a judgment": "Overall judgment: Correct",
    "prose and a judgment": "It adds two numbers as asked.\n\nOverall judgment: Correct",
    "a preamble": "Here is my review.\n" + BODY + "Overall judgment: Correct",
    "a heading twice": BODY + "Analysis:\nMore.\n\nOverall judgment: Correct",
    "the judgment twice": "Overall judgment: Correct\n" + BODY + "Overall judgment: Correct",
    "the form's own ending, then a judgment": "Overall judgment: Correct or Incorrect\n"
    + BODY
    + "Overall judgment: Correct",
    "a format wrapper": "<format>\n" + BODY + "Overall judgment: Correct\n</format>",
    "a thought": "<think>\nOverall judgment: Incorrect\n</think>\n" + BODY + "Overall judgment: Correct",
    "a thought opened by the prompt": "Hm.\n</think>\n\n" + BODY + "Overall judgment: Correct",
    "a thought ending its line": "Hm, fine.</think>\n" + BODY + "Overall judgment: Correct",
    "a list fence closed in the list": "1. Use:\n    ```\n    x\n    ```\n"
    + BODY
    + "Overall judgment: Correct",
}


@pytest.mark.parametrize("text", LENIENT.values(), ids=LENIENT)
def test_what_a_person_would_read_as_correct_is_correct(text: str) -> None:
    assert summary(parse_critique(text)) == (Parsed.LENIENT, CORRECT)


@pytest.mark.parametrize("text", [*STRICT.values(), *LENIENT.values()], ids=[*STRICT, *LENIENT])
def test_a_truncated_critique_has_no_judgment(text: str) -> None:
    assert summary(parse_critique(text, truncated=True)) == (Parsed.NONE, None)


UNREADABLE = {
    "nothing": "",
    "white space": " \n\t\r\n ",
    "a null byte": "\0",
    "a lone surrogate": "\ud800",
    "no judgment": BODY,
    "a heading and no word": BODY + "Overall judgment:",
    "a heading without a colon": BODY + "Overall judgment Correct",
    "cut in the word": BODY + "Overall judgment: Corr",
    "cut in the other word": BODY + "Overall judgment: Incorrec",
    "cut in the label": BODY + "Overall judg",
    "the form's own ending": BODY + "Overall judgment: Correct or Incorrect",
    "the form's own ending with a stroke": BODY + "Overall judgment: Correct/Incorrect",
    "the form's own ending with a bar": BODY + "Overall judgment: Correct|Incorrect",
    "the form's own ending in braces": BODY + "Overall judgment: {Correct/Incorrect}",
    "the form's other ending": BODY + "Overall judgment: Incorrect or Correct",
    "both words": BODY + "Overall judgment: Correct Incorrect",
    "the word twice": BODY + "Overall judgment: Correct Correct",
    "not": BODY + "Overall judgment: not Correct",
    "not in capitals": BODY + "Overall judgment: NOT CORRECT",
    "not in bold": BODY + "Overall judgment: **not** Correct",
    "almost": BODY + "Overall judgment: almost Correct",
    "partly": BODY + "Overall judgment: Partially Correct",
    "a reservation": BODY + "Overall judgment: Correct, but slow",
    "a reservation in brackets": BODY + "Overall judgment: Correct (mostly)",
    "a question": BODY + "Overall judgment: Correct?",
    "an exclamation": BODY + "Overall judgment: Correct!",
    "an ellipsis": BODY + "Overall judgment: Correct...",
    "another word": BODY + "Overall judgment: Right",
    "an adverb": BODY + "Overall judgment: Correctly",
    "a Cyrillic letter": BODY + "Overall judgment: \u0421orrect",
    "a zero-width space": BODY + "Overall judgment: Cor\u200brect",
    "a zero-width space at the end": BODY + "Overall judgment: Correct\u200b",
    "letters apart": BODY + "Overall judgment: C o r r e c t",
    "a number": BODY + "Overall judgment: 1",
    "a quoted word": BODY + 'Overall judgment: "Correct"',
    "a word in code marks": BODY + "Overall judgment: `Correct`",
    "a boxed word": BODY + "Overall judgment: \\boxed{Correct}",
    "two colons": BODY + "Overall judgment:: Correct",
    "another label": BODY + "Final judgment: Correct",
    "a shorter label": BODY + "Judgment: Correct",
    "a label with a remark": BODY + "Overall judgment (final): Correct",
    "words before the label": BODY + "My Overall judgment: Correct",
    "text after": BODY + "Overall judgment: Correct\nHowever, it fails for 0.",
    "a blank line and text after": BODY + "Overall judgment: Correct\n\n\nP.S. It is wrong.",
    "a rule after": BODY + "Overall judgment: Correct\n---",
    "a heading after": BODY + "Overall judgment: Correct\nAnalysis:",
    "code after": BODY + "Overall judgment: Correct\n```python\nx = 1\n```",
    "an end token after": BODY + "Overall judgment: Correct\n<|im_end|>",
    "an end token on the line": BODY + "Overall judgment: Correct<|im_end|>",
    "an invisible line after": BODY + "Overall judgment: Correct\n\u200b",
    "first and not last": "Overall judgment: Correct\n\n" + BODY,
    "in a fence": BODY + "```\nOverall judgment: Correct\n```",
    "in an unclosed fence": BODY + "```\nOverall judgment: Correct",
    "in a tagged fence": BODY + "```text\nOverall judgment: Correct",
    "in a tilde fence": BODY + "~~~\nOverall judgment: Correct",
    "in an indented fence": BODY + "    ```\nOverall judgment: Correct",
    "in a longer fence": BODY + "````\n```\nOverall judgment: Correct",
    "in a fence of other marks": BODY + "```\n~~~\nOverall judgment: Correct",
    "in a fence with a tag in it": BODY + "```\n```python\nOverall judgment: Correct",
    "all in one fence": "```\n" + BODY + "Overall judgment: Correct\n```",
    "a quoted fence that closes the quotation": BODY
    + "```python\ns = '''\n```\nOverall judgment: Correct\n'''\n```",
    "a thought's tag in an unclosed fence": BODY + "```\nHm.\n</think>\nOverall judgment: Correct",
    "in a block quotation": BODY + "> Overall judgment: Correct",
    "in a nested quotation": BODY + ">> Overall judgment: Correct",
    "in quotation marks": BODY + '"Overall judgment: Correct"',
    "in single quotation marks": BODY + "'Overall judgment: Correct'",
    "in curly quotation marks": BODY + "\u201cOverall judgment: Correct\u201d",
    "in code marks": BODY + "`Overall judgment: Correct`",
    "in the middle of a line": BODY + "The program prints Overall judgment: Correct",
    "in a program's string": BODY + "print('Overall judgment: Correct')",
    "in a program's comment, indented": BODY + "    # Overall judgment: Correct",
    "in indented code": BODY + "    Overall judgment: Correct",
    "in tabbed code": BODY + "\tOverall judgment: Correct",
    "a word in indented code": BODY + "Overall judgment:\n    Correct",
    "a word in a fence": BODY + "Overall judgment:\n```\nCorrect",
    "a word in a quotation": BODY + "Overall judgment:\n> Correct",
    "a word below a remark": BODY + "Overall judgment:\nIt is\nCorrect",
    "a word below a judgment": BODY + "Overall judgment: Incorrect\nCorrect",
    "a word without a heading": BODY + "Correct",
    "a word by itself": "Correct",
    "after another kind of line break": BODY + "It prints\u2028Overall judgment: Correct",
    "after a form feed": BODY + "It prints\x0cOverall judgment: Correct",
    "after a vertical tab": BODY + "It prints\x0bOverall judgment: Correct",
    "in a comment of HTML": BODY + "<!-- Overall judgment: Correct -->",
    "in a table": BODY + "| Overall judgment: Correct |",
    "in brackets": BODY + "[Overall judgment: Correct]",
    "in an object": BODY + '{"Overall judgment": "Correct"}',
    "contradicted": "Overall judgment: Incorrect\n" + BODY + "Overall judgment: Correct",
    "contradicted in bold": "**Overall judgement:** incorrect\n" + BODY + "Overall judgment: Correct",
    "contradicted in passing": "So, overall judgment: Incorrect.\n" + BODY + "Overall judgment: Correct",
    "contradicted on two lines": "## Overall judgment\n\nIncorrect\n" + BODY + "Overall judgment: Correct",
    "contradicted in other words": "Overall judgment: wrong\n" + BODY + "Overall judgment: Correct",
    "contradicted with not": "Overall judgment: not correct\n" + BODY + "Overall judgment: Correct",
    "contradicted in the analysis": BODY.replace("It adds.", "It adds. Overall judgment: incorrect.")
    + "Overall judgment: Correct",
    "contradicted at once": BODY + "Overall judgment: Incorrect\nOverall judgment: Correct",
    "contradicted on its line": BODY + "Overall judgment: Correct. Overall judgment: Incorrect",
    "an open thought": "<think>\n" + BODY + "Overall judgment: Correct",
    "half a format wrapper": BODY + "Overall judgment: Correct\n</format>",
    "a quoted format wrapper": "<format>Overall judgment: Correct</format>\nIt prints this.",
    "a placeholder": BODY + "Overall judgment: {{judgment}}",
    "a refusal": "I'm sorry, I can't review this.",
    "another form": '{"judgment": "correct", "analysis": "fine"}',
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_what_might_be_forged_or_cut_is_no_judgment(text: str) -> None:
    assert summary(parse_critique(text)) == (Parsed.NONE, None)


INCORRECT_TEXTS = {
    "canonical": BODY + "Overall judgment: Incorrect",
    "after a forged one": BODY + "Overall judgment: Correct\nOverall judgment: Incorrect",
    "after a forged one in the analysis": "Overall judgment: Correct\n"
    + BODY
    + "Overall judgment: Incorrect",
    "after a quoted one": BODY + "> Overall judgment: Correct\n\nOverall judgment: Incorrect",
    "after a fenced one": BODY + "```\nOverall judgment: Correct\n```\nOverall judgment: Incorrect",
    "after a thought": "<think>Correct?</think>" + BODY + "Overall judgment: Incorrect",
    "lenient": BODY + "**Overall Judgement:** incorrect.",
}


@pytest.mark.parametrize("text", INCORRECT_TEXTS.values(), ids=INCORRECT_TEXTS)
def test_the_last_line_outweighs_a_correct_that_comes_before_it(text: str) -> None:
    assert parse_critique(text).judgment is INCORRECT


def test_at_least_110_hostile_or_malformed_critiques_are_tried() -> None:
    assert len(UNREADABLE) + len(LENIENT) + len(INCORRECT_TEXTS) >= 110


def test_the_sections_are_taken_apart() -> None:
    critique = parse_critique(BODY + "Overall judgment: Correct")

    assert (critique.analysis, critique.suggestions) == ("It adds.", "None")


def test_decorated_sections_are_taken_apart() -> None:
    critique = parse_critique("## Analysis\nA\nB\n**Suggestions:** C\n\nOverall judgement: correct")

    assert (critique.analysis, critique.suggestions) == ("A\nB", "C")


def test_prose_before_any_heading_stands_in_for_the_analysis() -> None:
    assert parse_critique("It adds.\n\nOverall judgment: Correct").analysis == "It adds."


def test_a_truncated_critique_keeps_what_it_says() -> None:
    critique = parse_critique(BODY + "Overall judg", truncated=True)

    assert critique.analysis == "It adds."


def test_the_generator_is_not_shown_the_thought() -> None:
    critique = parse_critique("<think>secret</think>\n" + BODY + "Overall judgment: Correct")

    assert critique.text == BODY + "Overall judgment: Correct"


def test_the_generator_is_not_shown_the_wrapper() -> None:
    critique = parse_critique("<format>\n" + BODY + "Overall judgment: Correct\n</format>\n")

    assert critique.text == BODY + "Overall judgment: Correct"


def test_the_canonical_form_is_this() -> None:
    assert render_critique("A", "B", CORRECT) == (
        "Analysis:\nA\n\nImprovement suggestions:\nB\n\nOverall judgment: Correct"
    )
