// Reads what was asked for, and says beside a field what is wrong with it.

import { el } from "../dom.js";
import { exactly } from "../wire/exact.js";
import { Failure } from "../wire/http.js";
import { letter } from "./solutions.js";

export class Form {
  constructor(element) {
    this.element = element;
  }

  get mode() {
    return this.element.elements.mode.value;
  }

  text(name) {
    return this.element.elements[name].value.trim() || null;
  }

  key() {
    return this.text("key");
  }

  setMode(mode) {
    this.element.elements.mode.value = mode;
    this.showMode();
  }

  showMode() {
    for (const part of this.element.querySelectorAll("[data-modes]")) part.hidden = !part.dataset.modes.split(" ").includes(this.mode);
  }

  // What every request begins with. Null and absent mean the gateway's default.
  task() {
    return { problem: this.#required("problem", "Say what the program should do."), entry_point: this.text("entry_point"), tests: this.#tests() };
  }

  refinement() {
    const seed = this.#number("seed");
    return {
      ...this.task(),
      solution: this.text("solution"), generator: this.text("generator"), critic: this.text("critic"),
      rounds: this.#number("rounds"), candidates: this.#number("candidates") ?? 1,
      stop: this.text("stop"), feedback: this.text("feedback"), sampling: { seed },
    };
  }

  judging() {
    const solutions = this.#given().map((area) => area.value);
    if (!solutions.length) throw invalid("solutions", "Give at least one program to judge.");
    return { ...this.task(), solutions, critic: this.text("critic"), mode: this.text("judge_mode"), votes: this.#number("votes") ?? 1 };
  }

  // The letters of the programs that are judged: fields that were left empty keep theirs.
  letters() {
    return this.#given().map((area) => letter(this.#programs().indexOf(area)));
  }

  fill(values) {
    for (const [name, value] of Object.entries(values)) {
      const control = this.element.elements[name];
      if (control !== undefined) control.value = value ?? "";
    }
  }

  // Shows each complaint at its field; returns those that belong to no field.
  complain(fields) {
    this.forgive();
    const strangers = [];
    let first = null;
    for (const { field, message } of fields) {
      const control = this.#control(field);
      if (control === null) strangers.push({ field, message });
      else first ??= this.#complainAt(control, field, message);
    }
    first?.focus();
    return strangers;
  }

  forgive() {
    for (const complaint of this.element.querySelectorAll(".complaint")) complaint.remove();
    for (const control of this.element.querySelectorAll("[aria-invalid]")) {
      control.removeAttribute("aria-invalid");
      control.removeAttribute("aria-describedby");
    }
  }

  openKey() {
    return this.#control("key");
  }

  #control(field) {
    const [name, ...inside] = field.split(".");
    if (name === "solutions") return this.#given()[inside[0] ?? 0] ?? this.#programs()[0];
    const control = this.element.elements[name === "mode" ? "judge_mode" : name === "sampling" ? inside[0] : name];
    if (!(control instanceof HTMLElement) || control.closest("[hidden]")) return null;
    control.closest("details")?.setAttribute("open", "");
    return control;
  }

  #programs() {
    return [...this.element.querySelectorAll("#solutions textarea")];
  }

  #given() {
    return this.#programs().filter((area) => area.value.trim());
  }

  #complainAt(control, field, message) {
    const id = `complaint-${field.replaceAll(".", "-")}`;
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", id);
    const place = field.includes(".") ? `${field.split(".").slice(1).join(".")}: ` : "";
    control.closest("label").after(el("span", { class: "complaint", id }, place + message));
    return control;
  }

  #required(name, message) {
    const text = this.text(name);
    if (text === null) throw invalid(name, message);
    return text;
  }

  #tests() {
    const text = this.text("tests");
    if (text === null) return null;
    try {
      const tests = exactly(text);
      if (Array.isArray(tests)) return tests;
    } catch (error) {
      throw invalid("tests", `This is not JSON: ${error.message}`);
    }
    throw invalid("tests", "Give a list: [ … ].");
  }

  #number(name) {
    const control = this.element.elements[name];
    if (control.validity.badInput) throw invalid(name, "Give a whole number.");
    return control.value === "" ? null : Number(control.value);
  }
}

// A test a line: as much as a person can read.
export const written = (tests) => (tests?.length ? `[${tests.map((test) => JSON.stringify(test)).join(",\n ")}]` : "");

const invalid = (field, message) => new Failure("Something is missing", { status: 422, fields: [{ field, message }] });
