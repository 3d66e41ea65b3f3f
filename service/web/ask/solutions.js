// The programs to judge: as many fields as wanted.

import { el } from "../dom.js";

export const letter = (place) => (place < 26 ? String.fromCharCode(65 + place) : `${place + 1}`);

export class Solutions {
  constructor(group, button) {
    this.group = group;
    button.addEventListener("click", () => this.add("").focus());
    this.fill(["", ""]);
  }

  fill(codes) {
    this.group.replaceChildren();
    for (const code of codes) this.add(code);
  }

  add(code) {
    const area = el("textarea", { class: "code-like", rows: "5", spellcheck: "false" });
    area.value = code;
    const name = el("span", {}, `Solution ${letter(this.group.children.length)}`);
    const remove = el("button", { type: "button", class: "quiet small", onclick: ({ currentTarget }) => this.#remove(currentTarget.parentElement) }, "Remove");
    remove.setAttribute("aria-label", `Remove ${name.textContent.toLowerCase()}`);
    this.group.append(el("div", { class: "solution" }, el("label", {}, name, area), remove));
    return area;
  }

  // What is left is lettered anew.
  #remove(item) {
    const codes = [...this.group.children].filter((each) => each !== item).map((each) => each.querySelector("textarea").value);
    this.fill(codes.length ? codes : [""]);
    this.group.querySelector("textarea").focus();
  }
}
