"""Messages are bounded, quoted and say where."""

from sandbox_runner.domain import explain


def test_an_error_names_type_text_and_last_line_of_the_program() -> None:
    message = explain.of_error({"type": "ValueError", "text": "bad", "line": 3, "source": "return int(x)"})

    assert message == "ValueError: bad\nsolution.py line 3: return int(x)"


def test_a_long_text_is_cut_and_the_line_kept() -> None:
    message = explain.of_error({"type": "E", "text": "x" * 5_000, "line": 3, "source": "boom()"})

    assert len(message) <= explain.MESSAGE_LIMIT
    assert message.endswith("solution.py line 3: boom()")


def test_control_characters_are_escaped() -> None:
    message = explain.of_error({"type": "E", "text": "\x1b[2J\r\u202e\ud800", "line": None, "source": ""})

    assert message == "E: \\x1b[2J\\r\\u202e\\ud800"


def test_a_forged_error_of_odd_types_is_still_a_bounded_message() -> None:
    message = explain.of_error({"type": ["x"] * 10_000, "text": {"a": None}, "line": "3", "source": 4})

    assert len(message) <= explain.MESSAGE_LIMIT


def test_a_returned_value_is_shown_bounded() -> None:
    assert explain.of_value((1, {2: {3}})) == "(1, {2: {3}})"
    assert len(explain.of_value([0] * 10_000)) <= explain.RETURNED_LIMIT
    assert explain.of_value(7**20_000) == "<a very large integer>"


def test_an_unknown_signal_has_a_number() -> None:
    assert explain.of_signal(11) == "killed by SIGSEGV"
    assert explain.of_signal(99) == "killed by signal 99"
