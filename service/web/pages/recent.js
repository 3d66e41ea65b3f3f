// The refinements that were begun or opened in this browser. Ids alone are kept here; what they were, the gateway knows.

import { byId, el } from "../dom.js";
import { firstLine, spaced } from "../words.js";
import { recall, remember } from "./memory.js";

const KEPT = 12;

export function addRecent(ids) {
  const name = ids.join(",");
  remember("recent", [name, ...recall("recent", []).filter((each) => each !== name)].slice(0, KEPT));
}

export class Recent {
  #gateway;
  #dialog = byId("recent");
  #list = byId("recent-list");

  constructor(gateway) {
    this.#gateway = gateway;
    byId("recent-open").addEventListener("click", () => this.#open());
    byId("recent-close").addEventListener("click", () => this.#dialog.close());
  }

  async #open() {
    this.#list.replaceChildren(el("li", { class: "hint" }, "Asking the gateway …"));
    this.#dialog.showModal();
    const known = [];
    for (const name of recall("recent", [])) {
      const item = await this.#item(name);
      if (item !== null) known.push(item);
    }
    this.#list.replaceChildren(...(known.length ? known : [el("li", { class: "hint" }, "None yet, or none that the gateway still keeps.")]));
  }

  async #item(name) {
    const ids = name.split(",");
    try {
      const request = await this.#gateway.json(`/refine/${encodeURIComponent(ids[0])}/request`);
      const who = [request.generator, ids.length > 1 ? "two critics" : request.critic].filter(Boolean).map(spaced).join(", ");
      const close = () => this.#dialog.close();
      return el("li", {}, el("a", { href: `/#${name}`, onclick: close }, firstLine(request.problem, 100)), el("span", { class: "hint" }, who));
    } catch (failure) {
      // Forgotten, or another tenant's: not worth a line. Anything else is.
      return failure.status === 404 ? null : el("li", { class: "hint" }, failure.title ?? String(failure));
    }
  }
}
