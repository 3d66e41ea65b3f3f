// One page of a program, or of two beside each other, ready to be shown. Works on text alone, so it can run in a worker.

import { folded, rowsOf } from "./diff.js";
import { linesOf } from "./python.js";

const LINE_CHARS = 1000;

// `before` null: the program alone. `total` counts the rows there are, `rows` are those from `from` on.
export function sheet({ before, after, from, count, whole }) {
  const fresh = linesOf(after);
  const old = before === null ? null : linesOf(before);
  const every = old === null ? fresh.map((_, line) => ({ kind: "same", left: null, right: line })) : compared(before, after);
  const shown = old === null || whole ? every : folded(every);
  const rows = shown.slice(from, from + count).map((row) => drawn(row, old, fresh));
  const tally = (...kinds) => every.filter((row) => kinds.includes(row.kind)).length;
  return { rows, total: shown.length, folds: shown.length < every.length, added: tally("new", "changed"), removed: tally("gone", "changed") };
}

const compared = (before, after) => rowsOf(before.split("\n"), after.split("\n"));

function drawn(row, old, fresh) {
  if (row.kind === "fold") return row;
  const left = row.left === null ? null : old[row.left];
  const right = row.right === null ? null : fresh[row.right];
  const [inLeft, inRight] = row.kind === "changed" ? differing(textOf(left), textOf(right)) : [null, null];
  return {
    kind: row.kind,
    left: left === null ? null : { number: row.left + 1, ...cut(marked(left, inLeft)) },
    right: right === null ? null : { number: row.right + 1, ...cut(marked(right, inRight)) },
  };
}

const textOf = (pieces) => pieces.map(([, text]) => text).join("");

// The part of each line that is not the same at its beginning and its end.
function differing(left, right) {
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left[start] === right[start]) start++;
  let tail = 0;
  while (tail < shorter - start && left.at(-1 - tail) === right.at(-1 - tail)) tail++;
  // Lines with next to nothing in common differ as a whole, which their colour says already.
  if (start + tail < 3) return [null, null];
  return [[start, left.length - tail], [start, right.length - tail]];
}

// Splits pieces where the difference begins and ends; a third entry says that a piece is inside.
function marked(pieces, difference) {
  if (difference === null) return pieces;
  const [start, end] = difference;
  const split = [];
  let at = 0;
  for (const [kind, text] of pieces) {
    const cuts = [0, start - at, end - at, text.length].map((place) => Math.max(0, Math.min(text.length, place)));
    for (let part = 0; part < 3; part++) {
      const some = text.slice(cuts[part], cuts[part + 1]);
      if (some !== "") split.push(part === 1 ? [kind, some, true] : [kind, some]);
    }
    at += text.length;
  }
  return split;
}

// A line of megabytes is told by its beginning.
function cut(pieces) {
  const kept = [];
  let left = LINE_CHARS;
  let more = 0;
  for (const [kind, text, inside] of pieces) {
    if (left > 0) kept.push(inside ? [kind, text.slice(0, left), true] : [kind, text.slice(0, left)]);
    more += Math.max(0, text.length - Math.max(0, left));
    left -= text.length;
  }
  return { pieces: kept, more };
}
