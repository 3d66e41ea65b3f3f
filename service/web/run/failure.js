// What went wrong, what to do about it, and where to look.

import { el } from "../dom.js";
import { Failure } from "../wire/http.js";

// Takes a Failure, a problem document, or an error that nobody expected.
export function failurePanel(error, again = null) {
  const failure = error instanceof Failure ? error : error instanceof Error ? new Failure("This page has a fault", { detail: String(error) }) : Failure.ofProblem(error);
  return el(
    "div",
    { class: "failure", role: "alert" },
    el("h3", {}, failure.title),
    failure.detail && failure.fields.length === 0 && el("p", {}, failure.detail),
    failure.fields.length > 0 && el("ul", {}, ...failure.fields.map(({ field, message }) => el("li", {}, el("code", {}, field), ` ${message}`))),
    remedy(failure),
    failure.requestId && el("p", { class: "hint" }, "Request ", el("code", {}, failure.requestId)),
    again && el("button", { type: "button", onclick: again }, "Try again"),
  );
}

export const wantsKey = ({ status }) => status === 401 || status === 403;

function remedy({ status, retryAfter }) {
  if (wantsKey({ status })) return el("p", {}, "Give a key of this gateway under “API key”.");
  if (retryAfter !== null) return el("p", {}, `There may be room again in ${retryAfter} s.`);
  return null;
}
