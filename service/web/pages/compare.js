// Two critics on one problem, beside each other: the same draft for both, as far as a seed can say so.

import { el } from "../dom.js";
import { Session, shareButton } from "../run/session.js";
import { Failure } from "../wire/http.js";
import { putInAddress } from "./address.js";
import { addRecent } from "./recent.js";

export class ComparePage {
  constructor(desk) {
    this.desk = desk;
    this.sessions = [new Session(desk.gateway, { share: shareButton(desk.tell) }), new Session(desk.gateway)];
    this.element = el("div", { class: "compare" }, ...this.sessions.map((session) => session.view.element));
  }

  async begin() {
    const { form } = this.desk;
    const request = form.refinement();
    const critics = [form.text("critic"), form.text("other_critic")];
    if (critics[0] === critics[1]) {
      throw new Failure("Choose two critics", { status: 422, fields: [{ field: "other_critic", message: "Choose another one than the first." }] });
    }
    const seed = request.sampling.seed ?? Math.floor(Math.random() * 2 ** 31);
    const ids = await this.#both((session, place) => session.begin({ ...request, critic: critics[place], sampling: { seed } })).catch(async (error) => {
      await this.stop().catch(() => {}); // one alone compares nothing
      throw error;
    });
    this.#name(critics);
    putInAddress(ids);
    await this.#watch(ids);
  }

  async open(ids) {
    const requests = await Promise.all(this.sessions.map((session, place) => session.open(ids[place])));
    this.#name(requests.map((request) => request.critic));
    this.desk.asked(requests[0]);
    this.desk.form.fill({ other_critic: requests[1].critic });
    await this.#watch(ids);
  }

  #name(critics) {
    this.sessions.forEach((session, place) => {
      session.view.title.textContent = critics[place];
      session.view.whose = `${critics[place]}: `;
    });
  }

  async #watch(ids) {
    addRecent(ids);
    await this.#both((session) => session.watch((event) => this.desk.heard(event, session.refinement, session.view.whose)));
  }

  // Waits for both even if one fails, so that the other is neither lost nor cut off.
  async #both(work) {
    const settled = await Promise.allSettled(this.sessions.map(work));
    for (const { reason } of settled.filter(({ status }) => status === "rejected")) throw reason;
    return settled.map(({ value }) => value);
  }

  get ids() {
    const ids = this.sessions.map((session) => session.refinement.id);
    return this.sessions.some((session) => session.runs) && !ids.includes(null) ? ids : [];
  }

  async stop() {
    await Promise.all(this.sessions.map((session) => session.stop()));
  }

  leave() {
    for (const session of this.sessions) session.leave();
  }
}
