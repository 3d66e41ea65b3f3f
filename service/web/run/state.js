// What is known of a refinement, from its events. Knows nothing of how it is shown.

export class Refinement {
  id = null;
  status = "queued";
  connected = true;
  // Nobody follows it here any more, though it may go on.
  lost = false;
  notice = null;
  models = null;
  created = null;
  result = null;
  problem = null;
  // What it waits for, when a part that failed has it put off.
  setback = null;
  rounds = new Map();

  // Takes an event in; returns the round that it changed, if it changed one alone.
  apply({ event, data }) {
    const told = TOLD[event];
    if (event.startsWith("round.") || event === "refinement.resumed") this.setback = null;
    return told === undefined ? null : told(this, data) ?? null;
  }

  round(candidate, index) {
    const key = `${candidate}:${index}`;
    if (!this.rounds.has(key)) this.rounds.set(key, empty(candidate, index));
    return this.rounds.get(key);
  }

  before(round) {
    return this.rounds.get(`${round.candidate}:${round.round - 1}`) ?? null;
  }

  get candidates() {
    return [...new Set([...this.rounds.values()].map((round) => round.candidate))].sort((one, other) => one - other);
  }

  of(candidate) {
    return [...this.rounds.values()].filter((round) => round.candidate === candidate).sort((one, other) => one.round - other.round);
  }

  get ended() {
    return ["completed", "failed", "cancelled"].includes(this.status);
  }

  isSelected(round) {
    const chosen = this.result?.selected;
    return chosen !== undefined && chosen.candidate === round.candidate && chosen.round === round.round;
  }
}

function empty(candidate, round) {
  return {
    candidate, round, writing: "", solution: null, edit_similarity: null, saying: "", critique: null, verdict: null, usage: null, seconds: null,
  };
}

const changed = (state, data) => state.round(data.candidate, data.round);

const TOLD = {
  connected(state) { state.connected = true; },
  disconnected(state) { state.connected = false; },
  "refinement.created"(state, data) {
    Object.assign(state, { id: data.id, notice: data.notice, models: data.models, created: data.created });
  },
  "refinement.resumed"(state, data) {
    const stand = new Set(data.rounds.map(({ candidate, round }) => `${candidate}:${round}`));
    for (const key of [...state.rounds.keys()]) if (!stand.has(key)) state.rounds.delete(key);
  },
  "refinement.postponed"(state, data) { state.setback = { title: data.problem.title, again_s: data.again_s }; },
  snapshot(state, data) { taken(state, data.rounds); },
  "round.started"(state, data) {
    state.status = "in_progress";
    return changed(state, data);
  },
  "solution.delta"(state, data) {
    const round = changed(state, data);
    state.status = "in_progress";
    round.writing += data.delta;
    return round;
  },
  "solution.completed"(state, data) {
    return Object.assign(changed(state, data), { solution: data.solution, edit_similarity: data.edit_similarity, writing: "" });
  },
  "critique.delta"(state, data) {
    const round = changed(state, data);
    round.saying += data.delta;
    return round;
  },
  "critique.completed"(state, data) {
    return Object.assign(changed(state, data), { critique: data.critique, saying: "" });
  },
  "verdict.completed"(state, data) {
    return Object.assign(changed(state, data), { verdict: data.verdict });
  },
  "refinement.completed"(state, data) {
    Object.assign(state, { id: data.id, status: "completed", result: data, notice: data.notice, models: data.models, created: data.created });
    taken(state, data.rounds);
  },
  "refinement.failed"(state, data) { Object.assign(state, { status: "failed", problem: data.problem }); },
  "refinement.cancelled"(state) { state.status = "cancelled"; },
};

function taken(state, rounds) {
  for (const each of rounds) Object.assign(state.round(each.candidate, each.round), each, { writing: "", saying: "" });
}
