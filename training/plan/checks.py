"""What cannot work, or not well, each in one sentence with a remedy."""

from collections.abc import Iterator

from training.plan.architecture import architecture_of
from training.plan.planner import COLOCATE, Planner

USABLE = 0.92
"""Share of a GPU's memory that the parts may fill; the rest is CUDA's, NCCL's and fragmentation."""
_FEWEST_SEQUENCES = 8
"""At a time on one copy of a served model; below this a server wastes its GPUs."""


def warnings(planner: Planner) -> list[str]:
    """All of them, in the order of the pipeline."""
    return [*_fits(planner), *_served(planner), *_divides(planner), *_roles(planner)]


def _fits(planner: Planner) -> Iterator[str]:
    memory = planner.clock.cluster.memory_gb
    whole = "fsdp2 gathers the whole reference: take zero3 for hardware.sharding, or "
    remedies = {
        "sft": "lower sft.batch and raise sft.accumulation, train with sft.lora, or take more GPUs",
        "grpo": "lower grpo.micro_batch, train with grpo.lora, or give more GPUs to training",
    }
    for name, stage in (("sft", planner.sft()), ("grpo", planner.grpo())):
        if stage.total_gb > USABLE * memory:
            yield (
                f"{name} does not fit: {stage.total_gb:.1f} GB on a GPU of {memory:.0f} GB, of which "
                f"{USABLE:.0%} can be used: {whole * (stage.parts_gb['gathered reference'] > 0)}"
                f"{remedies[name]}"
            )


def _served(planner: Planner) -> Iterator[str]:
    grpo, split = planner.config.grpo, planner.hardware.tensor_parallel
    length = grpo.max_prompt_tokens + grpo.max_completion_tokens + grpo.max_revision_tokens
    for role, serving in planner.serving().items():
        if serving.sequences(length) < _FEWEST_SEQUENCES:
            yield (
                f"{role} does not fit: {serving.weights_gb:.1f} GB of weights leave {serving.cache_gb:.1f} "
                "GB for keys and values: raise hardware.tensor_parallel, or serve it on GPUs of its own"
            )
    for role, gpus in (
        ("sampler_gpus", planner.hardware.sampler_gpus),
        ("generator_gpus", planner.hardware.generator_gpus),
    ):
        if gpus % split:
            yield f"hardware.{role} = {gpus} is no multiple of tensor_parallel = {split}: change either"


def _divides(planner: Planner) -> Iterator[str]:
    grpo, trainers, rollouts = planner.config.grpo, planner.clock.cluster.trainers, planner.rollouts()
    product = f"grpo.prompts x generations = {grpo.prompts} x {grpo.generations}"
    if grpo.prompts % grpo.mini_batches:
        yield f"grpo.prompts = {grpo.prompts} does not divide into {grpo.mini_batches} mini-batches"
    elif rollouts % (trainers * grpo.mini_batches):
        yield (
            f"{product} does not divide by {trainers} GPUs x {grpo.mini_batches} mini-batches: "
            "change grpo.prompts or the number of GPUs that train"
        )
    elif (rollouts // trainers // grpo.mini_batches) % planner.micro_batch():
        yield (
            f"grpo.micro_batch = {planner.micro_batch()} does not divide the "
            f"{rollouts // trainers // grpo.mini_batches} critiques of a mini-batch on one GPU"
        )
    if grpo.prompts % trainers and rollouts % trainers == 0:
        yield (
            f"grpo.prompts = {grpo.prompts} is no multiple of the {trainers} GPUs that train: each "
            "gets parts of groups and samples in one go, so no reward is found meanwhile: change either"
        )
    if planner.drafts() < grpo.prompts:
        yield (
            f"{planner.drafts()} drafts are left for GRPO and a step needs {grpo.prompts}: "
            "lower synthesize.problems or raise solve.problems"
        )
    if planner.examples() < planner.config.sft.batch * planner.config.sft.accumulation * planner.sft().gpus:
        yield f"sft has at most {planner.examples()} examples, less than one batch: lower sft.accumulation"


def _roles(planner: Planner) -> Iterator[str]:
    config, hardware = planner.config, planner.hardware
    served = config.grpo.vllm not in (None, COLOCATE)
    if served and not hardware.sampler_gpus:
        yield "grpo.vllm names a server, but hardware.sampler_gpus is 0: it runs on GPUs not counted here"
    if not served and hardware.sampler_gpus:
        yield "hardware.sampler_gpus are idle: grpo.vllm names no server"
    if config.in_one_process:
        return
    if config.grpo.vllm is None:
        yield "grpo.vllm is not set: sampling with transformers is several times slower than with vLLM"
    endpoint = config.engines.generator
    if endpoint is None:
        yield "engines.generator is not set: every process would load the generator beside its training"
    elif architecture_of(endpoint.model) is None:
        yield f"the sizes of the generator {endpoint.model} are unknown here: those of the base stand for it"
