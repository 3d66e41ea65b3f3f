"""The HTTP sides of trainers, as their sources have them: what they send, read, repeat and give up on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

Json = dict[str, Any]

CHATML = "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
END = "<|im_end|><|endoftext|>"


def rollout(problem: str, answer: str) -> tuple[str, str]:
    """A query and its prompt, as a tokenizer decodes them with `skip_special_tokens=False`."""
    prompt = CHATML.format(problem)
    return f"{prompt}{answer}{END}", prompt


@dataclass
class OpenRLHF:
    """`SingleTurnAgentExecutor`: a new connection for each of five attempts, whatever the failure was."""

    urls: Sequence[str]
    pause_s: float = 0.0
    attempts: int = 0
    posts: list[Json] = field(default_factory=list)

    async def reward(self, problem: str, answer: str, label: object = None) -> Json | None:
        """Return what a rollout is updated with; None is a lost reward."""
        query, prompt = rollout(problem, answer)
        try:
            return (await self.batch([query], [prompt], [label]))[0]
        except RuntimeError:
            return None

    async def batch(
        self, queries: Sequence[str], prompts: Sequence[str], labels: Sequence[object]
    ) -> list[Json]:
        """Share a batch out among the URLs: of a batch of one, all but the first get nothing."""
        share = (len(queries) + len(self.urls) - 1) // len(self.urls)
        cuts = [slice(number * share, (number + 1) * share) for number in range(len(self.urls))]
        bodies = [{"query": queries[cut], "prompts": prompts[cut], "labels": labels[cut]} for cut in cuts]
        try:
            async with asyncio.TaskGroup() as group:
                posts = [
                    group.create_task(self._post(url, body))
                    for url, body in zip(self.urls, bodies, strict=True)
                ]
        except* RuntimeError as lost:
            raise lost.exceptions[0] from lost
        return [post.result() for post in posts]

    async def _post(self, url: str, body: Json) -> Json:
        for _ in range(5):
            self.attempts += 1
            try:
                timeout = aiohttp.ClientTimeout(total=180)
                async with (
                    aiohttp.ClientSession(timeout=timeout) as session,
                    session.post(url, json=body) as response,
                ):
                    response.raise_for_status()
                    answer: Json = await response.json()
                    self.posts.append(body)
                    return answer
            except aiohttp.ClientError:
                await asyncio.sleep(self.pause_s)
        raise RuntimeError("no answer in five attempts")


@dataclass
class Slime:
    """`remote_rm`: one session for all, ten attempts, every exception repeated."""

    session: aiohttp.ClientSession
    url: str
    attempts: int = 0

    async def reward(self, prompt: object, response: str, label: object = None) -> Any:
        """Return the body, which is the reward; raises what the last attempt raised."""
        for attempt in range(10):
            self.attempts += 1
            try:
                body = {"prompt": prompt, "response": response, "label": label}
                async with self.session.post(self.url, json=body) as answer:
                    answer.raise_for_status()
                    return await answer.json()
            except Exception:
                if attempt == 9:
                    raise
        raise AssertionError


async def verl_discriminator(session: aiohttp.ClientSession, router: str, text: str) -> float:
    """The score of verl's discriminative reward model: the last probability of the last datum."""
    body = {"model": "mini-critic", "input": text, "use_activation": False}
    async with session.post(f"{router}/classify", json=body) as response:
        response.raise_for_status()
        answer = await response.json()
        score: float = answer["data"][-1]["probs"][-1]
        return score
