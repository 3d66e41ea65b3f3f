// Colours for Python: splits a program into lines of [kind, text] pieces. Not a parser: it cannot fail.

const words = (text) => new Set(text.split(" "));

const KEYWORDS = words(
  "False None True and as assert async await break case class continue def del elif else except finally for from " +
    "global if import in is lambda match nonlocal not or pass raise return try while with yield",
);
const BUILTINS = words(
  "abs all any bool bytes chr dict divmod enumerate filter float frozenset input int isinstance iter len list map max " +
    "min next object open ord pow print range repr reversed round set sorted str sum super tuple type zip self",
);
// match and case are names wherever no line begins with them.
const SOFT = words("match case");

const STRING = /(?:[rbfu]|rb|br|rf|fr)?("""|'''|"|')/iy;
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /(?:0[xob][\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d[\d_]*)?j?)/iy;
const COMMENT = /#[^\n]*/y;
const SPACE = /[ \t\f\r]+/y;

export function tokensOf(code) {
  const tokens = [];
  let at = 0;
  while (at < code.length) {
    const [kind, end] = tokenAt(code, at, tokens);
    tokens.push([kind, code.slice(at, end)]);
    at = end;
  }
  return tokens;
}

export function linesOf(code) {
  const lines = [[]];
  for (const [kind, text] of tokensOf(code)) {
    const parts = text.split("\n");
    for (let part = 0; part < parts.length; part++) {
      if (part > 0) lines.push([]);
      if (parts[part] !== "") lines.at(-1).push([kind, parts[part]]);
    }
  }
  return lines;
}

function tokenAt(code, at, before) {
  const end = (pattern) => {
    pattern.lastIndex = at;
    return pattern.test(code) ? pattern.lastIndex : 0;
  };
  let to = end(SPACE);
  if (to) return ["", to];
  if ((to = end(COMMENT))) return ["comment", to];
  if ((to = end(STRING))) return ["string", stringEnd(code, at, to)];
  if ((to = end(NAME))) return [nameKind(code, at, to, before), to];
  if ((to = end(NUMBER))) return ["number", to];
  return ["", at + (code.codePointAt(at) > 0xffff ? 2 : 1)];
}

// By hand and not by a pattern: a string may be megabytes long.
function stringEnd(code, start, opened) {
  const long = code.endsWith('"""', opened) || code.endsWith("'''", opened);
  const quote = code.slice(opened - (long ? 3 : 1), opened);
  for (let at = opened; at < code.length; at++) {
    if (code[at] === "\\") at++;
    else if (!long && code[at] === "\n") return at;
    else if (code.startsWith(quote, at)) return at + quote.length;
  }
  return code.length;
}

function nameKind(code, at, end, before) {
  const name = code.slice(at, end);
  const previous = before.at(-1)?.[0] === "" ? before.at(-2)?.[1] : null;
  if (previous === "def" || previous === "class") return "definition";
  if (before.at(-1)?.[1] === "@") return "definition";
  if (SOFT.has(name) && !beginsItsLine(code, at, end)) return "";
  if (KEYWORDS.has(name)) return "keyword";
  if (BUILTINS.has(name) && code[at - 1] !== ".") return "builtin";
  return "";
}

function beginsItsLine(code, at, end) {
  const line = code.slice(code.lastIndexOf("\n", at - 1) + 1, at);
  return line.trim() === "" && /^[ \t]+[^=.\s]/.test(code.slice(end, end + 80));
}
