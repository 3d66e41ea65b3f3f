// One refinement from its request, or from its link, to its end.

import { el } from "../dom.js";
import { exactly } from "../wire/exact.js";
import { follow } from "./follow.js";
import { Refinement } from "./state.js";
import { RunView } from "./view.js";

export class Session {
  #gateway;
  #leaving = new AbortController();
  #clock = null;
  // Stopped or left before it had an id.
  #unwanted = false;

  constructor(gateway, { title, share } = {}) {
    this.#gateway = gateway;
    this.refinement = new Refinement();
    this.view = new RunView(this.refinement, { title, share });
  }

  // In the background: it outlives this page, and others can watch it by its link, where it is followed from its
  // first event. Streamed: its first words are to be had before anybody has followed the link.
  async begin(request) {
    const body = { ...request, background: true, stream: true };
    const stream = await this.#gateway.ask("/refine", { method: "POST", body, headers: { "Idempotency-Key": oneTime() } });
    const id = stream.headers.get("Location").split("/").pop();
    await stream.body.cancel();
    this.refinement.id = id;
    if (this.#unwanted) await this.stop();
    this.#leaving.signal.throwIfAborted();
    this.view.asked(request);
    return id;
  }

  async open(id) {
    this.refinement.id = id;
    const response = await this.#gateway.ask(`/refine/${encodeURIComponent(id)}/request`, { signal: this.#leaving.signal });
    const text = await response.text();
    const request = { ...JSON.parse(text), tests: exactly(text).tests };
    this.view.asked(request);
    return request;
  }

  async watch(heard) {
    this.#clock = setInterval(() => this.view.redraw(), 1000);
    try {
      for await (const event of follow(this.#gateway, this.refinement.id, this.#leaving.signal)) {
        const round = this.refinement.apply(event);
        this.view.changed(round);
        heard?.(event);
      }
    } catch (error) {
      this.refinement.lost = true;
      throw error;
    } finally {
      clearInterval(this.#clock);
      this.view.changed(null);
    }
  }

  get runs() {
    return this.refinement.id !== null && !this.refinement.ended;
  }

  async stop() {
    this.#unwanted = true;
    if (this.runs) {
      await this.#gateway.ask(`/refine/${encodeURIComponent(this.refinement.id)}`, { method: "DELETE" });
    }
  }

  // Stops watching. The refinement goes on, if anybody can know of it.
  leave() {
    this.#unwanted ||= this.refinement.id === null;
    this.#leaving.abort();
    clearInterval(this.#clock);
  }
}

// randomUUID is for secure contexts alone; a gateway may be reached without TLS.
const oneTime = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export function shareButton(tell) {
  const onclick = async ({ currentTarget: button }) => {
    const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    button.textContent = copied ? "The link is copied" : "The address bar has the link";
    tell(button.textContent);
  };
  return el("button", { type: "button", class: "quiet", onclick }, "Copy link");
}
