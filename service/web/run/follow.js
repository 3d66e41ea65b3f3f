// Follows a refinement to its end, over lost connections: it goes on after the last event that arrived.

import { eventsOf } from "../wire/events.js";
import { Failure } from "../wire/http.js";

const ENDINGS = new Set(["refinement.completed", "refinement.failed", "refinement.cancelled"]);
const ATTEMPTS = 8;
// No answer, or one that says that the gateway, or what stands before it, has none for the moment.
const MAY_PASS = new Set([0, 429, 502, 503, 504]);
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;

export async function* follow(gateway, id, signal) {
  const place = `/refine/${encodeURIComponent(id)}`;
  let last = 0;
  for (let failed = 0; failed < ATTEMPTS; failed++) {
    try {
      const response = await gateway.ask(`${place}/events`, { signal, headers: last ? { "Last-Event-ID": `${last}` } : {} });
      yield { event: "connected", data: {} };
      for await (const event of eventsOf(response)) {
        if (event.id !== null && Number(event.id) > last) {
          last = Number(event.id);
          failed = 0;
        }
        if (event.event === "events.trimmed") yield { event: "snapshot", data: await gateway.json(place, { signal }) };
        else yield event;
        if (ENDINGS.has(event.event)) return;
        if (event.event === "refinement.interrupted" && event.data.resumable === false) {
          throw new Failure("The gateway stopped", { detail: "It kept this refinement in its memory alone. Send it again.", status: 410 });
        }
      }
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error;
    }
    yield { event: "disconnected", data: {} };
    await pause(Math.min(FIRST_PAUSE_MS * 2 ** failed, LONGEST_PAUSE_MS), signal);
  }
  throw new Failure("The connection is lost", { detail: "The refinement goes on without this page. Open its link again later." });
}

// A network that breaks off in the middle is a TypeError of the reader.
function mayPass(error) {
  if (error instanceof Failure) return MAY_PASS.has(error.status);
  return error instanceof TypeError;
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
