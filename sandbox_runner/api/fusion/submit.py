"""`/submit`: judge a completion, and answer as an EvalResult."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from sandbox_runner.api.answers import Room, Tally
from sandbox_runner.api.fusion.errors import SandboxBrokeError
from sandbox_runner.api.fusion.question import Question, Strong, Weak
from sandbox_runner.api.fusion.results import extension, response_of
from sandbox_runner.api.fusion.wire import EvalResult, EvalTestCase, SubmitRequest
from sandbox_runner.domain.verdict import Integrity, Outcome, TestResult, Tier
from sandbox_runner.judging import Judge

_SHOWN = 1_000


async def evaluate(
    request: SubmitRequest, question: Question, judge: Judge, tier: Tier, room: Room
) -> EvalResult:
    match question.how:
        case Strong():
            results = await _results(question.how, judge, room)
            weak = question.how.otherwise
            if weak is None or results[-1].outcome is not Outcome.INVALID_TEST:
                return _strong(request, question, question.how, results, tier)
        case Weak():
            weak = question.how
    result = room.fit(_usable(await judge.run(weak.program)))
    return _weak(request, question, weak, result, tier)


async def _results(how: Strong, judge: Judge, room: Room) -> list[TestResult]:
    results: list[TestResult] = []
    taken_s = 0.0
    async with aclosing(judge.results(how.submission)) as judged:
        async for result in judged:
            taken_s += result.wall_s
            over = how.total_s is not None and taken_s > how.total_s
            results.append(room.fit(_late(result, taken_s) if over else _usable(result)))
            if over:
                break
    return results


def _late(result: TestResult, taken_s: float) -> TestResult:
    """Charge the case at which the time of all ran out, unless it has failed by itself."""
    if _usable(result).outcome is not Outcome.ACCEPTED:
        return result
    message = f"the cases up to this one took {taken_s:.1f} s, which is more than all together may take"
    return replace(result, outcome=Outcome.TIME_LIMIT, limit="wall", message=message)


def _usable(result: TestResult) -> TestResult:
    if result.outcome is Outcome.INTERNAL_ERROR:
        raise SandboxBrokeError
    return result


def _strong(
    request: SubmitRequest, question: Question, how: Strong, results: Sequence[TestResult], tier: Tier
) -> EvalResult:
    tally = Tally(len(how.submission.cases))
    for result in results:
        tally.add(result)
    language, integrity = how.submission.language, tally.integrity
    if how.shown is None:
        decisive = next((r for r in results if r.outcome is not Outcome.ACCEPTED), results[-1])
        tests = [_entry(decisive, language, None, integrity, tier)]
        _failed_as_a_whole(tests[0])
        tests[0]["exec_info"]["x"] |= {"passed": tally.passed, "total": tally.total}
    else:
        whole = request.config.flag("return_full_case")
        tests = [
            _entry(result, language, shown if whole else _brief(shown, result), integrity, tier)
            for result, shown in zip(results, how.shown, strict=False)
        ]
    body = _body(request, question, tests, accepted=tally.passed == tally.total)
    body["x"] = {"verdict": tally.outcome, "passed": tally.passed, "total": tally.total}
    body["x"] |= {"integrity": integrity, "tier": tier}
    return body


def _weak(
    request: SubmitRequest, question: Question, how: Weak, result: TestResult, tier: Tier
) -> EvalResult:
    printed, nonce, rest = result.stdout.rpartition(how.nonce)
    reached_the_end = bool(nonce) and not rest.strip()
    shown = replace(result, stdout=printed) if nonce else result
    if result.outcome is Outcome.ACCEPTED and not reached_the_end:
        shown = replace(shown, outcome=Outcome.NO_RESULT, message="the program ended before its tests did")
    test = _entry(shown, how.program.language, None, Integrity.WEAK, tier)
    body = _body(request, question, [test], accepted=test["passed"])
    body["x"] = extension(shown, Integrity.WEAK, tier)
    return body


def _entry(
    result: TestResult, language: str, shown: dict[str, Any] | None, integrity: Integrity, tier: Tier
) -> EvalTestCase:
    return {
        "passed": result.outcome is Outcome.ACCEPTED,
        "exec_info": response_of(result, language, integrity, tier),
        "test_info": shown,
    }


def _body(
    request: SubmitRequest, question: Question, tests: list[EvalTestCase], *, accepted: bool
) -> EvalResult:
    return {
        "id": request.id,
        "accepted": accepted,
        "extracted_code": question.extracted.code,
        "full_code": question.full_code,
        "test_code": None,
        "tests": tests,
        "extracted_type": question.extracted.kind,
        "extra": None,
        "x": {},
    }


def _failed_as_a_whole(test: EvalTestCase) -> None:
    """Where one entry stands for all cases, a wrong answer has failed the run, as an assert would have."""
    info = test["exec_info"]
    command = info["run_result"]
    if command is not None and command["return_code"] == 0 and not test["passed"]:
        info["status"] = "Failed"
        command["return_code"] = 1
        command["stderr"] += f"{info['x']['message'] or 'wrong answer'}\n"


def _brief(shown: dict[str, Any], result: TestResult) -> dict[str, Any]:
    """Cut the middle out of long texts of a test that passed; one that failed is shown whole."""
    if result.outcome is not Outcome.ACCEPTED:
        return shown
    return {side: {name: _elided(text) for name, text in streams.items()} for side, streams in shown.items()}


def _elided(text: str) -> str:
    half = _SHOWN // 2
    return text if len(text) <= _SHOWN else f"{text[:half]}...{text[-half:]}"
