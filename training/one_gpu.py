"""A process trains on one GPU; several want a launcher."""

from training.errors import StageError


def require_one_gpu(seen: int) -> None:
    """Raise `StageError` where one process sees several GPUs: transformers would copy the model to each."""
    if seen > 1:
        raise StageError(
            f"{seen} GPUs and one process: start it with `accelerate launch` (docs/training-scale.md), "
            "or make one GPU visible with CUDA_VISIBLE_DEVICES"
        )
