// Which program passed which test: a table of tests by rounds. A cell tells more when asked.

import { el } from "../dom.js";
import { counted, roundName, seconds, spaced } from "../words.js";
import { testName } from "./tests.js";

const TESTS = 50;
const CHARS = 2000;

export function testMatrix(refinement, request, whose) {
  const rounds = [...refinement.rounds.values()].filter((round) => round.verdict?.tests.length);
  if (!rounds.length) return null;
  rounds.sort((one, other) => one.candidate - other.candidate || one.round - other.round);
  const several = refinement.candidates.length > 1;
  const detail = el("div", { class: "test-detail", role: "region", "aria-label": `${whose}What a test did`, "aria-live": "polite" });
  const body = el("tbody");
  const total = Math.max(...rounds.map((round) => round.verdict.tests.length));
  const row = (test) => testRow(test, rounds, request, detail);
  body.append(...Array.from({ length: Math.min(total, TESTS) }, (_, test) => row(test)));
  return el(
    "section",
    { class: "matrix", "aria-label": `${whose}Tests` },
    el("h3", {}, "Tests"),
    el("div", { class: "scrolls", tabindex: "0", role: "group", "aria-label": `${whose}Tests by rounds` }, el("table", {}, heading(rounds, several), body)),
    total > TESTS && rest(body, total, row),
    detail,
  );
}

function heading(rounds, several) {
  const names = rounds.map((round) => el("th", { scope: "col" }, several ? `${round.candidate + 1}.${round.round}` : roundName(round.round)));
  return el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Test"), ...names));
}

function rest(body, total, row) {
  const onclick = ({ currentTarget }) => {
    currentTarget.remove();
    for (let test = TESTS; test < total; test++) body.append(row(test));
  };
  return el("button", { type: "button", class: "quiet small", onclick }, `Show ${counted(total - TESTS, "further test")}`);
}

function testRow(test, rounds, request, detail) {
  const name = testName(request?.tests?.[test], request?.entry_point);
  const cells = rounds.map((round) => el("td", {}, cell(round, test, detail)));
  return el("tr", {}, el("th", { scope: "row" }, `${test + 1}. `, el("code", {}, name)), ...cells);
}

function cell(round, test, detail) {
  const ran = round.verdict.tests[test];
  if (ran === undefined) return "–";
  const passed = ran.outcome === "accepted";
  const label = `Test ${test + 1}, ${roundName(round.round).toLowerCase()}: ${spaced(ran.outcome)}`;
  const onclick = () => detail.replaceChildren(...told(label, ran));
  return el("button", { type: "button", class: `cell ${passed ? "correct" : "incorrect"}`, "aria-label": label, title: spaced(ran.outcome), onclick }, passed ? "✓" : "✗");
}

function told(label, ran) {
  const texts = { "It returned or printed": ran.actual, Message: ran.message, "Standard output": ran.stdout === ran.actual ? "" : ran.stdout, "Standard error": ran.stderr };
  const parts = Object.entries(texts).filter(([, text]) => text !== "").flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, el("pre", {}, short(text)))]);
  return [el("h4", {}, label), el("dl", {}, ...parts, el("dt", {}, "Processor time"), el("dd", {}, seconds(ran.cpu_s)))];
}

const short = (text) => (text.length > CHARS ? `${text.slice(0, CHARS)} … ${counted(text.length - CHARS, "more character")}` : text);
