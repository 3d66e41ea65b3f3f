// The tests as they were given, told in a line each.

import { firstLine } from "../words.js";

export function testName(test, entryPoint) {
  if (test === undefined) return "";
  if ("assert" in test) return firstLine(test.assert);
  if ("stdin" in test) return `${quoted(test.stdin)} → ${quoted(test.stdout)}`;
  const args = [...(test.args ?? []).map(json), ...Object.entries(test.kwargs ?? {}).map(([name, value]) => `${name}=${json(value)}`)];
  return firstLine(`${entryPoint ?? ""}(${args.join(", ")}) → ${json(test.expected)}`);
}

const json = (value) => JSON.stringify(value) ?? "null";
const quoted = (text) => firstLine(JSON.stringify(text.trimEnd()), 40);
