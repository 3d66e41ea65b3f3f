// What this browser remembers. Where it may not, the page works without.

export function recall(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`ctrl.${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(`ctrl.${name}`, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing is a browser that keeps nothing.
  }
}
