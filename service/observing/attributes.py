"""Names of spans and of what they carry: those of OpenTelemetry's GenAI conventions, else `ctrl.*`.

Names and numbers only: no attribute may hold a program, a prompt, a critique or a key.
"""

REFINEMENT, ROUND, JUDGING, CRITIQUE = "refinement", "round", "judging", "critique"
ACCEPTED = "accepted"
"""A durable refinement's beginning: its `refinement` spans, one for each gateway, are below it."""
CHAT, SANDBOX = "chat", "sandbox"
"""What a span is called; a call to a model adds the model's name."""

ERROR_TYPE = "error.type"

OPERATION = "gen_ai.operation.name"
MODEL = "gen_ai.request.model"
TEMPERATURE = "gen_ai.request.temperature"
TOP_P = "gen_ai.request.top_p"
MAX_TOKENS = "gen_ai.request.max_tokens"
SEED = "gen_ai.request.seed"
CHOICES = "gen_ai.request.choice.count"
STREAMED = "gen_ai.request.stream"
FINISH_REASONS = "gen_ai.response.finish_reasons"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"

REFINEMENT_ID = "ctrl.refinement.id"
GENERATOR, CRITIC = "ctrl.generator", "ctrl.critic"
ENDED = "ctrl.ended"
"""How a refinement ended: a stop reason, `failed` or `cancelled`."""
ROUNDS = "ctrl.rounds"
CANDIDATE_INDEX, ROUND_INDEX = "ctrl.candidate", "ctrl.round"
JUDGMENT, SCORE = "ctrl.judgment", "ctrl.score"
OUTCOME, TESTS_PASSED, TESTS_TOTAL, TIER = (
    "ctrl.outcome",
    "ctrl.tests.passed",
    "ctrl.tests.total",
    "ctrl.tier",
)
ROLE = "ctrl.role"
"""In which role a model is called: generator, critic, or chat for one called by its name."""
SANDBOX_WORK = "ctrl.sandbox.work"
MODE, VOTES, SOLUTIONS, FAILED = "ctrl.mode", "ctrl.votes", "ctrl.solutions", "ctrl.failed"
CANCELLED = "ctrl.cancelled"
