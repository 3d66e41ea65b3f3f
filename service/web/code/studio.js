// Orders sheets from the worker, one worker for the whole page.

const ADDRESS = "/page/code/worker.js";

const waiting = new Map();
const policy = globalThis.trustedTypes?.createPolicy("worker", { createScriptURL: () => ADDRESS });
let worker = null;
let orders = 0;

export function sheetOf(order) {
  worker ??= opened();
  const number = orders++;
  return new Promise((resolve) => {
    waiting.set(number, { order, resolve });
    worker.postMessage({ number, order });
  });
}

function opened() {
  // The page's policy lets no text become script; this one address is excepted, and nothing else is.
  const started = new Worker(policy ? policy.createScriptURL("") : ADDRESS, { type: "module" });
  started.addEventListener("message", ({ data: { number, made } }) => {
    waiting.get(number)?.resolve(made);
    waiting.delete(number);
  });
  started.addEventListener("error", madeHere);
  return started;
}

// A worker whose script was lost on its way says nothing: the page then works itself, and the next order tries again.
async function madeHere() {
  worker = null;
  const left = [...waiting.values()];
  waiting.clear();
  const { sheet } = await import("./sheet.js");
  for (const { order, resolve } of left) resolve(sheet(order));
}
