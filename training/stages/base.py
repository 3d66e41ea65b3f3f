"""Stage `base`: the mini world's base model, from nothing. Real weights need no such stage."""

from rich.console import Console

from training.options import Options
from training.run import Run


def run_stage(run: Run, _options: Options) -> None:
    """Fit the tokenizer, pretrain, save; nothing where the run starts from real weights."""
    if run.config.base is not None:
        Console(stderr=True).print(f"nothing to do: the run starts from {run.base()}", highlight=False)
        return
    _from_nothing(run)


def _from_nothing(run: Run) -> None:
    from training.base.pretrain import new_model, pretrain  # noqa: PLC0415 - torch is slow to load
    from training.base.saving import save_model  # noqa: PLC0415
    from training.base.tokenizer import train_tokenizer  # noqa: PLC0415

    model_config, config = run.config.scratch
    tokenizer = train_tokenizer(model_config.vocabulary, run.config.seed)
    model = new_model(model_config, tokenizer, run.config.seed)
    model = pretrain(model, config, tokenizer, run.config.seed, run.unfinished("base"))
    save_model(model, tokenizer, run.file("base"))
