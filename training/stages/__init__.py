"""The stages in order; each reads what the ones before it left in the run's folder.

A stage is the module of its name here, with `run_stage(run, options)`; it is imported only when it runs:
torch is slow to load.
"""

STAGES = {
    "base": "pretrain",
    "tasks": "solve",
    "solve": "solve",
    "hints": "solve",
    "synthesize": "synthesize",
    "sft": "sft",
    "screen": "screen",
    "grpo": "grpo",
    "sizes": "sizes",
    "export": "export",
    "evaluate": "evaluate",
    "report": "evaluate",
}
"""Stage → the last section of the configuration that matters to it; all sections before it matter too."""

READS: dict[str, tuple[str, ...]] = {
    "base": (),
    "tasks": (),
    "solve": ("base", "tasks"),
    "hints": ("tasks", "solve"),
    "synthesize": ("base", "tasks", "hints"),
    "sft": ("base", "tasks", "synthesize"),
    "screen": ("base", "tasks", "hints", "synthesize", "sft"),
    "grpo": ("base", "tasks", "hints", "synthesize", "sft", "screen"),
    "sizes": ("base", "tasks", "hints", "synthesize", "screen"),
    "export": ("base", "synthesize", "sft", "grpo"),
    "evaluate": ("base", "tasks", "sft", "grpo", "sizes"),
    "report": ("grpo", "evaluate"),
}
"""Stage → the stages whose output it reads: it counts as done only on what they left last."""

DOES = {
    "base": "Make a base model of the mini world from nothing; where the run has real weights, nothing.",
    "tasks": "Draw problems of the mini world, or read, filter and decontaminate those of a data set.",
    "solve": "Sample several drafts a problem from the generator.",
    "hints": "Run every draft on all tests; what they did becomes a hint.",
    "synthesize": "Write critiques with the hint in view; drop those that leak it or that tests contradict.",
    "sft": "Stage I: learn these critiques without the hint.",
    "screen": "Find the drafts that the critic of stage I gets repaired at times, for stage II to learn on.",
    "grpo": "Stage II: reinforce critiques whose greedy revision by the frozen generator passes all tests.",
    "sizes": "Train base models and critics of other sizes, in the mini world.",
    "export": "Hand over the weights, with their manifests.",
    "evaluate": "Measure the critic beside its baselines on unseen problems.",
    "report": "Write tables, plots and a verdict on each claim.",
}
"""Stage → what it does, for people."""

DISTRIBUTED = ("sft", "grpo")
"""Stages that run on every process of `accelerate launch` or `torchrun`; the others are for one process."""
