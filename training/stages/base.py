"""Stage `base`: the mini world's base model, from nothing. With real weights there is no such stage."""

from training.base.pretrain import pretrain
from training.base.saving import save_model
from training.base.tokenizer import train_tokenizer
from training.options import Options
from training.run import Run


def run_stage(run: Run, _options: Options) -> None:
    """Fit the tokenizer, pretrain, save."""
    config = run.config
    tokenizer = train_tokenizer(config.model.vocabulary, config.seed)
    model = pretrain(config.model, config.pretrain, tokenizer, config.seed, run.unfinished("base"))
    save_model(model, tokenizer, run.file("base"))
