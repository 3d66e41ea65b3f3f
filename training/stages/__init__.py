"""The stages in order; each reads what the ones before it left in the run's folder."""

STAGES = {
    "base": "training.stages.base",
    "tasks": "training.stages.tasks",
    "solve": "training.stages.solve",
    "hints": "training.stages.hints",
    "synthesize": "training.stages.synthesize",
    "sft": "training.stages.sft",
    "export": "training.stages.export",
    "evaluate": "training.stages.evaluate",
}
"""Stage name → module with `run_stage(run, options)`, imported only when it runs: torch is slow to load."""
