// Orders sheets from the worker, one worker for the whole page.

const ADDRESS = "/page/code/worker.js";

const waiting = new Map();
let worker = null;
let orders = 0;

export function sheetOf(order) {
  worker ??= opened();
  const number = orders++;
  return new Promise((resolve) => {
    waiting.set(number, resolve);
    worker.postMessage({ number, order });
  });
}

function opened() {
  const started = new Worker(trusted(ADDRESS), { type: "module" });
  started.addEventListener("message", ({ data: { number, made } }) => {
    waiting.get(number)(made);
    waiting.delete(number);
  });
  return started;
}

// The page's policy lets no text become script; this one address is excepted, and nothing else is.
function trusted(address) {
  const policy = globalThis.trustedTypes?.createPolicy("worker", { createScriptURL: () => address });
  return policy ? policy.createScriptURL(address) : address;
}
