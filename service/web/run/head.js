// A refinement in short: where it stands, what came of it, what it took.

import { el } from "../dom.js";
import { capital, number, percent, roundName, seconds, spaced } from "../words.js";
import { judgmentBadge } from "./badge.js";

export function standing(refinement) {
  if (refinement.status === "completed") return `Finished: ${spaced(refinement.result.stop_reason)}`;
  if (refinement.status === "cancelled") return "Stopped";
  if (refinement.status === "failed") return "Failed";
  if (refinement.lost) return "Not followed any more";
  if (!refinement.connected) return "Connecting again …";
  if (refinement.setback !== null) return `${refinement.setback.title}; tried again in ${seconds(refinement.setback.again_s)} …`;
  if (refinement.status === "queued") return "Waiting for its turn …";
  const last = [...refinement.rounds.values()].at(-1);
  if (last === undefined) return "Begins …";
  return `${roundName(last.round)}: ${last.solution === null ? "the generator writes …" : "the critic reads …"}`;
}

export function summary(refinement) {
  const { result, models } = refinement;
  const rounds = refinement.rounds.size;
  const last = [...refinement.rounds.values()].filter((round) => round.critique !== null).at(-1);
  const judgment = result ? result.judgment : last?.critique.judgment;
  const verdict = [...refinement.rounds.values()].filter((round) => (result ? refinement.isSelected(round) : round.verdict)).at(-1)?.verdict;
  return el(
    "dl",
    { class: "summary" },
    fact("Judgment", judgment === undefined ? "–" : judgmentBadge(judgment)),
    fact("Tests", verdict ? `${verdict.passed} of ${verdict.total}` : "–"),
    fact("Programs", number(rounds)),
    fact("Tokens", result ? tokens(result.usage) : "–"),
    fact("Time", result ? seconds(result.seconds) : elapsed(refinement)),
    models && fact("Generator", models.generator.name),
    models && fact("Critic", models.critic.name),
  );
}

function tokens(usage) {
  const all = number(usage.prompt_tokens + usage.completion_tokens);
  const title = `${number(usage.prompt_tokens)} read, ${number(usage.cached_tokens)} of them from a cache; ${number(usage.completion_tokens)} written`;
  return el("span", { title }, all);
}

function elapsed(refinement) {
  if (refinement.created === null || refinement.ended) return "–";
  return seconds(Math.max(0, Math.round(Date.now() / 1000 - refinement.created)));
}

const fact = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));

// A way along the rounds: one step each, with the score it had.
export function steps(refinement, whose, go) {
  const several = refinement.candidates.length > 1;
  const items = [...refinement.rounds.values()]
    .sort((one, other) => one.candidate - other.candidate || one.round - other.round)
    .map((round) => el("li", {}, step(round, several, refinement.isSelected(round), go)));
  return el("ol", { class: "steps", "aria-label": `${whose}Rounds` }, ...items);
}

function step(round, several, selected, go) {
  const judgment = round.critique === null ? "open" : round.critique.judgment ?? "unknown";
  const score = round.critique?.score ?? null;
  const name = several ? `${round.candidate + 1}.${round.round}` : roundName(round.round);
  const told = [capital(judgment === "open" ? "not judged yet" : judgment), score !== null && percent(score)].filter(Boolean).join(", ");
  return el(
    "button",
    { type: "button", class: `step ${judgment}${selected ? " selected" : ""}`, onclick: () => go(round) },
    el("span", { class: "step-name" }, name),
    el("span", { class: "step-score" }, told),
  );
}

