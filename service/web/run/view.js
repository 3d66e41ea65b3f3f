// A refinement on the page, drawn anew at most once a frame.

import { el, onceAFrame } from "../dom.js";
import { firstLine } from "../words.js";
import { failurePanel } from "./failure.js";
import { steps, standing, summary } from "./head.js";
import { testMatrix } from "./matrix.js";
import { RoundView } from "./round.js";

export class RunView {
  #views = new Map();
  #changed = new Set();
  #standing = el("p", { class: "standing" });
  #actions = el("div", { class: "run-actions" });
  #summary = el("div");
  #steps = el("div");
  #rounds = el("div", { class: "rounds" });
  #matrix = el("div");
  #verdicts = -1;
  // Told before every name where two refinements are on the page.
  whose = "";

  constructor(refinement, { title = null, request = null, share = null } = {}) {
    this.refinement = refinement;
    this.request = request;
    this.title = el("h2", {}, title ?? "");
    if (share) this.#actions.append(share);
    this.element = el(
      "article",
      { class: "run" },
      el("header", { class: "run-head" }, el("div", {}, this.title, this.#standing), this.#actions),
      this.#summary, this.#steps, this.#rounds, this.#matrix,
    );
  }

  asked(request) {
    this.request = request;
    if (this.title.textContent === "") this.title.textContent = firstLine(request.problem, 160);
    this.#verdicts = -1;
    this.redraw();
  }

  changed(round) {
    for (const each of round === null ? this.refinement.rounds.values() : [round]) this.#changed.add(each);
    this.redraw();
  }

  redraw = onceAFrame(() => this.#draw());

  #draw() {
    const { refinement } = this;
    this.element.classList.toggle("live", !refinement.ended && !refinement.lost);
    this.#standing.textContent = standing(refinement);
    this.#summary.replaceChildren(summary(refinement));
    this.#drawSteps();
    this.#drawRounds();
    this.#drawMatrix();
    if (refinement.problem !== null && !this.element.querySelector(".failure")) this.#rounds.after(failurePanel(refinement.problem));
  }

  // Drawn when they differ, and the keyboard stays where it was.
  #drawSteps() {
    const drawn = steps(this.refinement, this.whose, (round) => this.#viewOf(round).go());
    if (this.#steps.firstElementChild?.isEqualNode(drawn)) return;
    const at = [...this.#steps.querySelectorAll("button")].indexOf(document.activeElement);
    this.#steps.replaceChildren(drawn);
    this.#steps.querySelectorAll("button")[at]?.focus();
  }

  #drawRounds() {
    const { refinement } = this;
    for (const round of this.#changed) {
      this.#viewOf(round).show(round, refinement.before(round), { ended: refinement.ended, selected: refinement.isSelected(round) });
    }
    this.#changed.clear();
    const order = refinement.candidates.flatMap((candidate) => refinement.of(candidate)).map((round) => this.#viewOf(round).element);
    const shown = [...this.#rounds.children];
    if (order.length !== shown.length || order.some((element, place) => element !== shown[place])) this.#rounds.replaceChildren(...order);
  }

  // Drawn when a verdict came, and not with every word.
  #drawMatrix() {
    const verdicts = [...this.refinement.rounds.values()].filter((round) => round.verdict !== null).length;
    if (verdicts === this.#verdicts) return;
    this.#verdicts = verdicts;
    const matrix = testMatrix(this.refinement, this.request, this.whose);
    this.#matrix.replaceChildren(...(matrix ? [matrix] : []));
  }

  #viewOf(round) {
    const key = `${round.candidate}:${round.round}`;
    if (!this.#views.has(key)) this.#views.set(key, new RoundView(round, (this.request?.candidates ?? 1) > 1, this.whose));
    return this.#views.get(key);
  }
}
