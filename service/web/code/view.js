// Shows a program, beside the one before it where there is one. A page of rows at a time, more on demand.

import { el } from "../dom.js";
import { counted, number } from "../words.js";
import { sheetOf } from "./studio.js";

const ROWS = 200;

export class CodeView {
  #body = el("div", { class: "sheet", tabindex: "0", role: "group" });
  #foot = el("p", { class: "sheet-foot" });
  #order = null;
  #version = 0;

  constructor(name) {
    this.#body.setAttribute("aria-label", name);
    this.element = el("div", { class: "code" }, this.#body, this.#foot);
  }

  // Text that still grows: its end is what is interesting.
  writing(text) {
    this.#version++;
    this.#order = null;
    this.#body.className = "sheet writing";
    this.#body.replaceChildren(el("pre", {}, text.slice(-4000)));
    this.#foot.replaceChildren(`writing … ${counted(text.length, "character")}`);
  }

  async show(before, after) {
    if (this.#order?.before === before && this.#order?.after === after) return;
    this.#order = { before, after, from: 0, count: ROWS, whole: false };
    await this.#fresh();
  }

  async #fresh() {
    const version = ++this.#version;
    const made = await sheetOf(this.#order);
    if (version !== this.#version) return;
    this.#body.className = this.#order.before === null ? "sheet single" : "sheet beside";
    this.#body.replaceChildren(...made.rows.map(rowOf));
    this.#tell(made, made.rows.length);
  }

  async #more(shown) {
    const version = ++this.#version; // of two presses one counts
    const made = await sheetOf({ ...this.#order, from: shown });
    if (version !== this.#version) return;
    this.#body.append(...made.rows.map(rowOf));
    this.#tell(made, shown + made.rows.length);
  }

  #tell(made, shown) {
    const button = (text, onclick) => el("button", { type: "button", class: "quiet small", onclick }, text);
    const left = made.total - shown;
    if (this.#foot.contains(document.activeElement)) this.#body.focus({ preventScroll: true }); // the button goes
    this.#foot.replaceChildren(
      ...(this.#order.before === null ? [] : [changes(made)]),
      ...(made.folds ? [button("Show unchanged lines", () => this.#unfold())] : []),
      ...(left > 0 ? [button(`Show more of ${counted(left, "further line")}`, () => this.#more(shown))] : []),
      button("Copy", ({ currentTarget }) => copied(this.#order.after, currentTarget)),
    );
  }

  #unfold() {
    this.#order = { ...this.#order, whole: true };
    return this.#fresh();
  }
}

function changes({ added, removed }) {
  if (added + removed === 0) return el("span", {}, "nothing changed");
  return el("span", {}, `${counted(added, "line")} new, ${number(removed)} gone`);
}

async function copied(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "This browser does not let pages copy";
  }
}

const SAID = { same: "", new: "added", gone: "removed", changed: "changed" };

function rowOf(row) {
  if (row.kind === "fold") return el("div", { class: "row fold" }, counted(row.lines, "unchanged line"));
  return el(
    "div",
    { class: `row ${row.kind}` },
    side("old", row.left, row.kind === "same" ? "" : "−", row.kind === "same" ? "" : "removed"),
    side("fresh", row.right, row.kind === "same" ? "" : "+", SAID[row.kind] && "added"),
  );
}

function side(which, line, sign, said) {
  if (line === null) return el("div", { class: `side ${which} none` });
  return el(
    "div",
    { class: `side ${which}` },
    el("span", { class: "line-number", "aria-hidden": "true" }, `${line.number}`),
    el("span", { class: "sign", "aria-hidden": "true" }, sign),
    el("code", {}, said && el("span", { class: "unseen" }, `${said}: `), ...line.pieces.map(piece), more(line.more)),
  );
}

function piece([kind, text, inside]) {
  if (kind === "" && !inside) return text;
  return el("span", { class: `${kind}${inside ? " inside" : ""}`.trim() }, text);
}

const more = (chars) => chars > 0 && el("span", { class: "cut" }, ` … ${counted(chars, "more character")}`);
