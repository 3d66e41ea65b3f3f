"""Whether vLLM may be asked: it lives, and has answered once with logprobs, which is slow the first time."""

import json
import os
import urllib.request
from pathlib import Path

URL = "http://127.0.0.1:8000"
WARM = Path("/tmp/warm")  # noqa: S108 - the container's own, where only this user writes


def main() -> None:
    """Raise unless it is ready."""
    urllib.request.urlopen(f"{URL}/health", timeout=5).close()
    if not WARM.exists():
        warm_up(os.environ.get("SERVED_NAME", "critic"))  # noqa: TID251 - as serve.py reads it
        WARM.touch()


def warm_up(model: str) -> None:
    """Ask for one token as a judging does."""
    question = {"role": "user", "content": "Judgment:"}
    wish = {"model": model, "messages": [question], "max_tokens": 1, "logprobs": True, "top_logprobs": 5}
    request = urllib.request.Request(
        f"{URL}/v1/chat/completions", json.dumps(wish).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=100).close()


if __name__ == "__main__":
    main()
