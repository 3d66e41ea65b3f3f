"""Who writes for a run: an endpoint where the configuration names one, else weights in this process."""

from collections.abc import Callable
from pathlib import Path

from training.config import EndpointConfig
from training.run import Run
from training.weights.places import Weights
from training.writing.generation import TransformersWriter, Writer


def generator_writer(run: Run, stage: str) -> Writer:
    """The frozen generator, which is the base model."""
    return writer_of(run.config.engines.generator, run.base, run.unfinished(stage) / "completions.jsonl")


def writer_of(endpoint: EndpointConfig | None, weights: Callable[[], Weights], journal: Path) -> Writer:
    """A model by its endpoint, which keeps every completion at once, or without one by its weights."""
    if endpoint is None:
        return TransformersWriter(weights())
    from training.writing.endpoint import EndpointWriter  # noqa: PLC0415 - only runs with an endpoint need it

    return EndpointWriter(endpoint, journal)
