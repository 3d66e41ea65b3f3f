// Sends a refinement and shows its events as they come. Everything a model wrote enters as text, never as markup.
"use strict";

const form = document.querySelector("form");
const rounds = document.querySelector("#rounds");
const notice = document.querySelector("#notice");
const summary = document.querySelector("#summary");
const stop = document.querySelector("#stop");
let running = null;

function round(index) {
  let item = rounds.children[index];
  if (!item) {
    item = document.createElement("li");
    item.innerHTML = '<div class="columns"><pre class="code"></pre><pre class="critique"></pre></div><p class="badge"></p>';
    rounds.append(item);
  }
  return { code: item.querySelector(".code"), critique: item.querySelector(".critique"), badge: item.querySelector(".badge") };
}

function judged(badge, critique) {
  const score = critique.score === null ? "" : ` (${Math.round(critique.score * 100)} % likely correct)`;
  badge.textContent = `Judgment: ${critique.judgment ?? "none"}${score}`;
  badge.className = `badge ${critique.judgment ?? ""}`;
}

const show = {
  "solution.delta": (data) => { round(data.round).code.textContent += data.delta; },
  "solution.completed": (data) => { round(data.round).code.textContent = data.solution; },
  "critique.delta": (data) => { round(data.round).critique.textContent += data.delta; },
  "critique.completed": (data) => { judged(round(data.round).badge, data.critique); },
  "verdict.completed": (data) => { summary.textContent = `Tests: ${data.verdict.outcome} (${data.verdict.passed} of ${data.verdict.total})`; },
  "refinement.completed": (data) => {
    notice.textContent = data.notice ?? "";
    summary.textContent = `Stopped: ${data.stop_reason.replaceAll("_", " ")} after ${data.selected.round} revision(s), ${data.seconds.toFixed(1)} s. ${summary.textContent}`;
  },
  "refinement.failed": (data) => { summary.textContent = data.detail ?? data.title; },
};

function request() {
  const fields = new FormData(form);
  const text = (name) => fields.get(name).trim() || null;
  return {
    problem: text("problem"), entry_point: text("entry_point"), solution: text("solution"),
    tests: text("tests") === null ? [] : JSON.parse(text("tests")), stream: true,
  };
}

function authorization() {
  const key = new FormData(form).get("key").trim();
  return key ? { Authorization: `Bearer ${key}` } : {};
}

async function* frames(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let buffer = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (buffer + value).split("\n\n");
    buffer = parts.pop();
    for (const part of parts) {
      const lines = Object.fromEntries(part.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)));
      yield { event: lines.event, data: JSON.parse(lines.data) };
    }
  }
}

async function refine(event) {
  event.preventDefault();
  running?.abort();
  running = new AbortController();
  rounds.replaceChildren();
  summary.textContent = "";
  stop.hidden = false;
  try {
    const response = await fetch("/refine", {
      method: "POST", headers: { "Content-Type": "application/json", ...authorization() }, body: JSON.stringify(request()), signal: running.signal,
    });
    if (!response.ok) {
      const problem = await response.json();
      summary.textContent = [problem.detail ?? problem.title, ...(problem.errors ?? []).map((e) => `${e.field}: ${e.message}`)].join("; ");
      return;
    }
    for await (const { event: name, data } of frames(response)) show[name]?.(data);
  } catch (error) {
    summary.textContent = error.name === "AbortError" ? "Stopped." : String(error.message);
  } finally {
    stop.hidden = true;
  }
}

async function tellNotices() {
  const response = await fetch("/v1/models", { headers: authorization() });
  if (!response.ok) return;
  const models = await response.json();
  notice.textContent = [...new Set(models.data.map((model) => model.notice).filter(Boolean))].join(" ");
}

form.addEventListener("submit", refine);
stop.addEventListener("click", () => running?.abort());
tellNotices();
