// Patterns of the server's dialect as JavaScript's own; what cannot be said in it, or may take long there, is refused.

import { SPACE } from "./answer-reading.js";

export const LONGEST_MATCHED = 1_000;
const WORD = "\\p{L}\\p{N}_";
const PARTS = /\\(?:x[\da-f]{2}|u[\da-f]{4}|[^])|\[\^?\]?(?:[^\]\\]|\\[^])*\]|\(\?(?::|P?<[a-z_]\w*>)|\{\d{1,4}(?:,\d{0,4})?\}|[^]/giu;
const ESCAPED = {
  d: "\\p{Nd}", D: "\\P{Nd}", w: `[${WORD}]`, W: `[^${WORD}]`, s: `[${SPACE}]`, S: `[^${SPACE}]`, A: "^", Z: "$", z: "$", 0: "\\x00",
  b: `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`,
  B: `(?:(?<=[${WORD}])(?=[${WORD}])|(?<![${WORD}])(?![${WORD}]))`,
  n: "\\n", t: "\\t", r: "\\r", f: "\\f", v: "\\v",
};
const INSIDE = { ...ESCAPED, w: WORD, s: SPACE, b: "\\x08", W: "", S: "", A: "", Z: "", z: "", B: "" };

function refuse() {
  throw new SyntaxError();
}

function escaped(part, table) {
  const letter = part[1];
  if (part.length > 2 || table[letter]) return part.length > 2 ? part : table[letter];
  if (letter === undefined || /[\p{L}\p{N}]/u.test(letter)) refuse();
  return /[\^$\\.*+?()[\]{}|/-]/.test(letter) ? (letter === "-" && table === ESCAPED ? "-" : part) : letter;
}

function inClass(part) {
  const [, open, inner] = /^(\[\^?)([^]*)\]$/.exec(part);
  return `${open}${inner.replace(/^\]/, "\\]").replace(/\\(?:x[\da-f]{2}|u[\da-f]{4}|[^])/giu, (one) => escaped(one, INSIDE))}]`;
}

/** The pattern in JavaScript's dialect and how many repetitions it may try against one another; null where there is none. */
export function translated(pattern) {
  try {
    return pattern.length > LONGEST_MATCHED ? null : made(pattern);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function made(pattern) {
  const isFolded = pattern.startsWith("(?i)");
  const parts = (isFolded ? pattern.slice(4) : pattern).match(PARTS) ?? [];
  const groups = [{}];
  let repeats = 0;
  const whole = parts.map((part, at) => {
    if (part.startsWith("\\")) return escaped(part, ESCAPED);
    if (part.length > 1 && part[0] === "[") return inClass(part);
    if (part === "(" && parts[at + 1]?.startsWith("?")) refuse();
    if (part[0] === "(") return groups.push({}) && "(?:";
    if (part === ")") {
      const inside = groups.pop();
      const next = parts[at + 1] ?? "";
      if (/^(?:[*+]|\{\d+,)/.test(next) && (inside.repeats || inside.forks)) refuse();
      if (inside.repeats) groups.at(-1).repeats = true;
      return ")";
    }
    if (part === "|") groups.at(-1).forks = true;
    if (/^(?:[*+]|\{\d+,)/.test(part)) {
      repeats += 1;
      groups.at(-1).repeats = true;
    }
    return part === "." ? "[^\\n]" : /^[\][{}/]$/.test(part) ? `\\${part}` : part;
  });
  return { test: new RegExp(whole.join(""), isFolded ? "iu" : "u"), repeats };
}
