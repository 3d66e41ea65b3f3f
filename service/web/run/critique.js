// A critique in its three parts: what it does and lacks, what to change, whether it is right.

import { el } from "../dom.js";
import { judgmentBadge, scoreBar } from "./badge.js";
import { prose } from "./prose.js";

export function critiqueParts(critique, level = "h4") {
  return el(
    "div",
    { class: "critique" },
    part(level, "Analysis", prose(critique.analysis || "None was given.")),
    part(level, "Suggestions", prose(critique.suggestions || "None were given.")),
    part(level, "Judgment", el("p", { class: "judgment" }, judgmentBadge(critique.judgment), scoreBar(critique.score)), reading(critique)),
  );
}

export function critiqueInTheMaking(text) {
  return el("div", { class: "critique" }, el("div", { class: "prose writing" }, text.slice(-4000)));
}

const part = (level, title, ...content) => el("section", {}, el(level, {}, title), ...content);

// Said only where the critic did not keep to its form.
function reading(critique) {
  if (critique.parsed === "lenient") return el("p", { class: "hint" }, "Not in the form that was asked for; read all the same.");
  if (critique.parsed === "none") return el("div", { class: "hint" }, "Not in the form that was asked for: ", prose(critique.text));
  return null;
}
