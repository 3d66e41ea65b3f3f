"""Which class of dataset judges a submission. None has data here: all judge what comes with the request."""

from collections.abc import Callable, Mapping

from sandbox_runner.api.fusion import assertions, stdio
from sandbox_runner.api.fusion.errors import FusionError
from sandbox_runner.api.fusion.question import Question
from sandbox_runner.api.fusion.run_code import ProgramMaker
from sandbox_runner.api.fusion.wire import SubmitRequest

Ask = Callable[[SubmitRequest, ProgramMaker], Question]

CLASSES: Mapping[str, Ask] = {
    "CommonOJDataset": stdio.common_oj,
    "LiveCodeBenchDataset": stdio.live_code_bench,
    "HumanEvalDataset": assertions.human_eval,
    "MBPPDataset": assertions.mbpp,
    "AutoEvalDataset": assertions.auto_eval,
    "AutoEvalV4Dataset": assertions.auto_eval,
    "AutoEvalV5Dataset": assertions.auto_eval,
    "AutoEvalV6Dataset": assertions.auto_eval,
}
KNOWN: Mapping[str, str] = {
    "code_contests": "CommonOJDataset",
    "live_code_bench": "LiveCodeBenchDataset",
    "humaneval_python": "HumanEvalDataset",
    "shadow_humaneval_python": "HumanEvalDataset",
    "evoeval": "HumanEvalDataset",
    "mbpp": "MBPPDataset",
}
"""Names of public datasets that need no `dataset_type`."""


def class_name_of(dataset: str, dataset_type: str | None) -> str:
    name = KNOWN.get(dataset, dataset_type)
    if name is None:
        raise FusionError(f"no eval class found for dataset {dataset[:100]}")
    if name not in CLASSES:
        raise FusionError(f"eval class {name[:100]} not found")
    return name
