// One round: the program, what changed in it, what the critic and the tests said.

import { CodeView } from "../code/view.js";
import { el } from "../dom.js";
import { capital, counted, percent, roundName, seconds } from "../words.js";
import { judgmentBadge, outcomeBadge } from "./badge.js";
import { critiqueInTheMaking, critiqueParts } from "./critique.js";

export class RoundView {
  #head = el("header");
  #critique = el("div", { class: "critique-place" });
  #shown = null;

  constructor(round, several, whose) {
    this.name = several ? `Candidate ${round.candidate + 1}, ${roundName(round.round).toLowerCase()}` : roundName(round.round);
    this.#code = new CodeView(`${whose}Program: ${capital(this.name)}`);
    this.element = el("section", { class: "round", "aria-label": whose + this.name, tabindex: "-1" }, this.#head, this.#code.element, this.#critique);
  }

  #code;

  show(round, before, { ended, selected }) {
    this.element.classList.toggle("selected", selected);
    this.#head.replaceChildren(el("h3", {}, this.name), ...marks(round, selected), facts(round));
    if (round.solution === null) this.#code.writing(round.writing);
    else this.#code.show(before?.solution ?? null, round.solution);
    this.#showCritique(round, ended);
  }

  go() {
    this.element.scrollIntoView({ block: "start" });
    this.element.focus({ preventScroll: true });
  }

  // Kept while it is the same: somebody may have opened more of it, or selected text in it.
  #showCritique(round, ended) {
    const subject = round.critique ?? round.saying;
    if (subject === this.#shown && subject !== "") return;
    this.#shown = subject;
    if (round.critique !== null) this.#critique.replaceChildren(critiqueParts(round.critique));
    else if (round.saying !== "") this.#critique.replaceChildren(critiqueInTheMaking(round.saying));
    else this.#critique.replaceChildren(el("p", { class: "hint" }, silence(round, ended)));
  }
}

function silence(round, ended) {
  if (ended) return "The critic was not asked.";
  return round.solution === null ? "The generator writes." : "The critic reads.";
}

function marks(round, selected) {
  const { critique, verdict } = round;
  return [
    critique && judgmentBadge(critique.judgment),
    verdict && outcomeBadge(verdict.outcome, `${verdict.passed} of ${counted(verdict.total, "test")}`),
    selected && el("span", { class: "badge chosen" }, "the answer"),
  ].filter(Boolean);
}

function facts(round) {
  const told = [
    round.edit_similarity !== null && `${percent(round.edit_similarity)} kept`,
    round.usage && counted(round.usage.prompt_tokens + round.usage.completion_tokens, "token"),
    round.seconds !== null && seconds(round.seconds),
  ];
  return el("span", { class: "facts" }, told.filter(Boolean).join(" · "));
}
