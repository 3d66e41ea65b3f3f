// How numbers and names are told to a person.

const whole = new Intl.NumberFormat("en");

export const counted = (count, one, many = `${one}s`) => `${whole.format(count)} ${count === 1 ? one : many}`;
export const number = (value) => whole.format(value);
export const seconds = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
export const spaced = (name) => name.replaceAll("_", " ");
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// A probability near 0 or 1 is not the thing itself.
export function percent(value) {
  const rounded = Math.round(value * 100);
  if (rounded === 0 && value > 0) return "<1 %";
  if (rounded === 100 && value < 1) return ">99 %";
  return `${rounded} %`;
}

export const roundName = (index) => (index === 0 ? "Draft" : `Revision ${index}`);

export function firstLine(text, chars = 80) {
  const line = text.trim().split("\n", 1)[0];
  return line.length > chars ? `${line.slice(0, chars - 1)}…` : line;
}
