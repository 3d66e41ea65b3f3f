// How a judgment, a score and an outcome look. Never by colour alone.

import { el } from "../dom.js";
import { capital, percent, spaced } from "../words.js";

const SIGNS = { correct: "✓", incorrect: "✗", accepted: "✓" };

export function judgmentBadge(judgment) {
  if (judgment === null) return el("span", { class: "badge unknown" }, "no judgment");
  return el("span", { class: `badge ${judgment}` }, sign(SIGNS[judgment]), capital(judgment));
}

export function outcomeBadge(outcome, text = spaced(outcome)) {
  const kind = outcome === "accepted" ? "correct" : "incorrect";
  return el("span", { class: `badge ${kind}` }, sign(SIGNS[outcome] ?? "✗"), text);
}

export function scoreBar(score) {
  if (score === null) return null;
  const text = `${percent(score)} likely correct`;
  const bar = el("span", { class: "score-bar" });
  bar.style.setProperty("--score", `${score}`);
  return el("span", { class: "score", title: `${score}` }, bar, text);
}

const sign = (text) => el("span", { class: "sign", "aria-hidden": "true" }, text);
