// Several programs for one problem, ranked by the critic, the tests, or both.

import { CodeView } from "../code/view.js";
import { el } from "../dom.js";
import { judgmentBadge, outcomeBadge, scoreBar } from "../run/badge.js";
import { critiqueParts } from "../run/critique.js";
import { failurePanel } from "../run/failure.js";
import { counted, firstLine, number, percent, seconds } from "../words.js";

export class JudgePage {
  #leaving = new AbortController();

  constructor(desk) {
    this.desk = desk;
    this.element = el("article", { class: "judging live" }, el("p", { class: "standing" }, "The programs are judged …"));
  }

  async begin() {
    const { form } = this.desk;
    const [request, letters] = [form.judging(), form.letters()];
    try {
      const answer = await this.desk.gateway.json("/judge", { method: "POST", body: request, signal: this.#leaving.signal });
      this.element.classList.remove("live");
      this.element.replaceChildren(head(request, answer), podium(request, answer, letters));
      this.desk.tell(answer.best === null ? "None could be judged." : `Solution ${letters[answer.best]} is ranked first.`);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
      this.element.classList.remove("live");
      this.element.replaceChildren(el("p", { class: "standing" }, "Stopped"));
    }
  }

  get ids() {
    return [];
  }

  async stop() {
    this.#leaving.abort();
  }

  leave() {
    this.#leaving.abort();
  }
}

function head(request, { model, usage, seconds: took, judge_version: version }) {
  const tokens = usage.prompt_tokens + usage.completion_tokens;
  const told = [model.name, counted(request.votes, "vote"), `${number(tokens)} tokens`, seconds(took)].join(" · ");
  return el("header", { class: "run-head" }, el("div", {}, el("h2", {}, firstLine(request.problem, 160)), el("p", { class: "standing", title: version }, told)));
}

function podium(request, { results, ranking }, letters) {
  const order = ranking.length ? ranking : results.map((_, place) => place);
  return el("ol", { class: "podium" }, ...order.map((place, rank) => el("li", {}, judged(results[place], request.solutions[place], letters[place], rank))));
}

function judged(result, code, letter, rank) {
  const name = `Solution ${letter}`;
  const program = new CodeView(`Program: ${name}`);
  program.show(null, code);
  return el(
    "section",
    { class: `round${rank === 0 && result.score !== null ? " selected" : ""}`, "aria-label": name },
    el("header", {}, el("span", { class: "rank" }, `${rank + 1}`), el("h3", {}, name), ...marks(result)),
    program.element,
    result.critique ? critiqueParts(result.critique) : el("p", { class: "hint critique-place" }, basis(result)),
    result.error && failurePanel(result.error),
  );
}

function marks({ status, judgment, score, verdict, votes, comparisons }) {
  const cast = votes.correct + votes.incorrect + votes.unparsed;
  return [
    status === "ok" ? judgment && judgmentBadge(judgment) : el("span", { class: "badge unknown" }, status === "error" ? "not judged" : "abstained"),
    scoreOf(score, comparisons),
    verdict && outcomeBadge(verdict.outcome, `${verdict.passed} of ${counted(verdict.total, "test")}`),
    cast > 1 && el("span", { class: "facts" }, `${votes.correct} of ${counted(cast, "vote")} for correct`),
    comparisons && el("span", { class: "facts" }, `${comparisons.wins} won, ${comparisons.losses} lost, ${comparisons.ties} even`),
  ].filter(Boolean);
}

function scoreOf(score, comparisons) {
  if (score === null) return null;
  return comparisons ? el("span", { class: "facts" }, `${percent(score)} of comparisons won`) : scoreBar(score);
}

const BASIS = { tests: "The tests decided; the critic was not asked.", no_code: "This is no program.", comparisons: "The critic compared it with the others." };
const basis = (result) => BASIS[result.basis] ?? "There is no critique.";
