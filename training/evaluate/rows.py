"""The rows of an evaluation: keys for code, names for people. † knows more than problem and code."""

ZERO_SHOT = "zero-shot"
RESAMPLE = "resample"
MOST_FREQUENT = "most-frequent"
ANY_RESAMPLE = "any-resample"
APPROVED = "approved"
CONTENTLESS = "contentless"
VERDICT = "verdict"
EXECUTION = "execution"
SELF = "self"
SELF_HINTED = "self-hinted"
LARGER = "larger"
SFT = "sft"
SFT_GREEDY = "sft-greedy"
CTRL = "ctrl"
CTRL_GREEDY = "ctrl-greedy"
ORACLE = "oracle"

NAMES = {
    ZERO_SHOT: "zero-shot",
    RESAMPLE: "fresh resample",
    MOST_FREQUENT: "resamples, most frequent",
    ANY_RESAMPLE: "resamples, any right †",
    APPROVED: "resamples till CTRL approves",
    CONTENTLESS: "contentless critique",
    VERDICT: "true verdict alone †",
    EXECUTION: "raw execution feedback †",
    SELF: "self-critique",
    SELF_HINTED: "self-critique, execution †",
    LARGER: "larger untrained critic",
    SFT: "CTRL-SFT",
    SFT_GREEDY: "CTRL-SFT, greedy",
    CTRL: "CTRL",
    CTRL_GREEDY: "CTRL, greedy",
    ORACLE: "oracle †",
}

MAIN = "main"
"""The run's own model among the sizes."""


def seed_row(seed: int) -> str:
    """Key of the critic that reinforcement made under another seed."""
    return f"{CTRL}-seed-{seed}"


def unstopped_row(key: str) -> str:
    """Key of the same reviewer going on after it has said Correct."""
    return f"{key}-unstopped"


def critic_row(size: str) -> str:
    """Key of the critic of a size, in the table of critics and generators."""
    return f"critic-{size}"
