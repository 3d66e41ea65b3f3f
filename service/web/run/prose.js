// Shows what a model wrote to be read: bounded, with `code` between backticks set as code.

import { el } from "../dom.js";
import { counted } from "../words.js";

const CHARS = 10_000;

export function prose(text) {
  const node = el("div", { class: "prose" });
  append(node, text, 0);
  return node;
}

function append(node, text, from) {
  const part = text.slice(from, from + CHARS);
  node.append(...part.split("`").map((piece, place) => (place % 2 ? el("code", {}, piece) : piece)));
  const left = text.length - from - part.length;
  if (left === 0) return;
  const onclick = ({ currentTarget }) => {
    currentTarget.remove();
    append(node, text, from + CHARS);
  };
  node.append(el("button", { type: "button", class: "quiet small", onclick }, `Show more of ${counted(left, "further character")}`));
}
