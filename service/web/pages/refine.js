// One refinement on the stage.

import { Session, shareButton } from "../run/session.js";
import { addRecent } from "./recent.js";
import { putInAddress } from "./address.js";

export class RefinePage {
  constructor(desk) {
    this.desk = desk;
    this.session = new Session(desk.gateway, { share: shareButton(desk.tell) });
  }

  get element() {
    return this.session.view.element;
  }

  async begin() {
    const id = await this.session.begin(this.desk.form.refinement());
    putInAddress([id]);
    await this.#watch([id]);
  }

  async open([id]) {
    const request = await this.session.open(id);
    this.desk.asked(request);
    await this.#watch([id]);
  }

  async #watch(ids) {
    addRecent(ids);
    await this.session.watch((event) => this.desk.heard(event, this.session.refinement));
  }

  // What goes on although this page may have lost it.
  get ids() {
    return this.session.runs ? [this.session.refinement.id] : [];
  }

  stop() {
    return this.session.stop();
  }

  leave() {
    this.session.leave();
  }
}
