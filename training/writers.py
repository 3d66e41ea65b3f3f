"""Who writes for a run: an endpoint where the configuration names one, else weights in this process."""

from training.generation import TransformersWriter, Writer
from training.run import Run


def generator_writer(run: Run, stage: str) -> Writer:
    """The frozen generator, which is the base model. From an endpoint, every completion is kept at once."""
    endpoint = run.config.engines.generator
    if endpoint is None:
        return TransformersWriter(run.base())
    from training.endpoint import EndpointWriter  # noqa: PLC0415 - only runs with an endpoint need it

    return EndpointWriter(endpoint, run.unfinished(stage) / "completions.jsonl")
