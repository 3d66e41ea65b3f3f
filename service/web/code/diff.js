// A shortest edit between two lists of lines (Myers, 1986), as rows to show side by side.

const MOST_EDITS = 1000;

// Each row: kind, and the line numbers (from 0) on either side, or null.
export function rowsOf(before, after, mostEdits = MOST_EDITS) {
  const [old, fresh] = numbered(before, after);
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start++;
  let tail = 0;
  while (tail < old.length - start && tail < fresh.length - start && old.at(-1 - tail) === fresh.at(-1 - tail)) tail++;

  const middle = edits(old.slice(start, old.length - tail), fresh.slice(start, fresh.length - tail), mostEdits);
  return [
    ...Array.from({ length: start }, (_, line) => same(line, line)),
    ...paired(middle.map(([kind, left, right]) => [kind, left + start, right + start])),
    ...Array.from({ length: tail }, (_, line) => same(old.length - tail + line, fresh.length - tail + line)),
  ];
}

const same = (left, right) => ({ kind: "same", left, right });

// Equal lines get equal numbers, which compare faster than text.
function numbered(before, after) {
  const numbers = new Map();
  const number = (line) => {
    if (!numbers.has(line)) numbers.set(line, numbers.size);
    return numbers.get(line);
  };
  return [before.map(number), after.map(number)];
}

function edits(old, fresh, mostEdits) {
  const trace = explored(old, fresh, mostEdits);
  if (trace !== null) return walkedBack(trace, old.length, fresh.length);
  // Too different to be worth the time: all of one side goes, all of the other comes.
  return [...old.map((_, line) => ["gone", line, 0]), ...fresh.map((_, line) => ["new", old.length, line])];
}

// For each number of edits, the furthest line of `old` reached on each diagonal.
function explored(old, fresh, mostEdits) {
  const most = Math.min(old.length + fresh.length, mostEdits);
  const reach = new Int32Array(2 * most + 3);
  const middle = most + 1;
  const trace = [];
  for (let edit = 0; edit <= most; edit++) {
    trace.push(reach.slice(middle - edit - 1, middle + edit + 2));
    for (let diagonal = -edit; diagonal <= edit; diagonal += 2) {
      const down = diagonal === -edit || (diagonal !== edit && reach[middle + diagonal - 1] < reach[middle + diagonal + 1]);
      let left = down ? reach[middle + diagonal + 1] : reach[middle + diagonal - 1] + 1;
      while (left < old.length && left - diagonal < fresh.length && old[left] === fresh[left - diagonal]) left++;
      reach[middle + diagonal] = left;
      if (left >= old.length && left - diagonal >= fresh.length) return trace;
    }
  }
  return null;
}

function walkedBack(trace, left, right) {
  const steps = [];
  for (let edit = trace.length - 1; edit >= 0; edit--) {
    const reach = (diagonal) => trace[edit][diagonal + edit + 1];
    const diagonal = left - right;
    const down = diagonal === -edit || (diagonal !== edit && reach(diagonal - 1) < reach(diagonal + 1));
    const from = down ? diagonal + 1 : diagonal - 1;
    const [leftBefore, rightBefore] = edit === 0 ? [0, 0] : [reach(from), reach(from) - from];
    while (left > leftBefore && right > rightBefore) steps.push(["same", --left, --right]);
    if (edit === 0) break;
    if (down) steps.push(["new", left, --right]);
    else steps.push(["gone", --left, right]);
  }
  return steps.reverse();
}

// Lines that went and lines that came at the same place stand beside each other.
function paired(steps) {
  const rows = [];
  let gone = [];
  let fresh = [];
  const flush = () => {
    for (let place = 0; place < Math.max(gone.length, fresh.length); place++) {
      const left = gone[place] ?? null;
      const right = fresh[place] ?? null;
      rows.push({ kind: left === null ? "new" : right === null ? "gone" : "changed", left, right });
    }
    [gone, fresh] = [[], []];
  };
  for (const [kind, left, right] of steps) {
    if (kind === "gone") gone.push(left);
    else if (kind === "new") fresh.push(right);
    else {
      flush();
      rows.push(same(left, right));
    }
  }
  flush();
  return rows;
}

// Long stretches without a change become one row that says how many lines it stands for.
export function folded(rows, around = 3) {
  const near = new Uint8Array(rows.length);
  rows.forEach((row, place) => {
    if (row.kind !== "same") near.fill(1, Math.max(0, place - around), place + around + 1);
  });
  const kept = [];
  for (let place = 0; place < rows.length; ) {
    let end = place;
    while (end < rows.length && !near[end]) end++;
    if (end - place > 1) kept.push({ kind: "fold", lines: end - place });
    else if (end > place) kept.push(rows[place]);
    if (end < rows.length) kept.push(rows[end]);
    place = end + 1;
  }
  return kept;
}
