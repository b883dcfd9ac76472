// Values of the survey's logic, and JavaScript's ways of turning one into another as the server knows them.
import { SPACE, strip } from "./answer-reading.js";

const MOST_STEPS = 100_000;
const LONGEST_TEXT = 10_000;
const MOST_ITEMS = 10_000;
/** Thrown where the server must decide. */
export class Undecided extends Error {}
let steps = 0;

export function begin() {
  steps = MOST_STEPS;
}

export function undecided() {
  throw new Undecided();
}

export function spend(count) {
  steps -= count;
  if (steps < 0) undecided();
}

export const isPlain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
export const isNested = (value) => value !== null && typeof value === "object";
export const listed = (value) => (Array.isArray(value) ? value : [value]);
export const truthy = (value) => (Array.isArray(value) ? value.length > 0 : Boolean(value));
export const number = (value) => (Number.isFinite(value) ? value + 0 : null);
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i;
const OTHER_BASE = /^0(?:x[\da-f]+|o[0-7]+|b[01]+)$/i;
export const isBlank = (value) =>
  value === null || (typeof value === "string" ? (value.length <= 1000 ? !strip(value) : false) : isNested(value) && !Object.keys(value).length);

export function bounded(text) {
  spend(text.length >> 6);
  return text.length > LONGEST_TEXT ? undecided() : text;
}

export function toText(value) {
  if (Array.isArray(value)) {
    spend(value.length);
    return bounded(value.map((each) => (each === null ? "" : toText(each))).join(","));
  }
  return isPlain(value) ? "[object Object]" : String(value);
}

export const words = (value) => (value === null ? "" : toText(value));
const infinite = (text) => (/^[+-]?Infinity/.test(text) ? (text[0] === "-" ? -Infinity : Infinity) : NaN);

export function toNumber(value) {
  if (typeof value === "number") return value;
  if (value === null || typeof value === "boolean") return Number(value);
  if (isPlain(value)) return NaN;
  const text = toText(value);
  const typed = text.length <= 400 ? strip(text) : "?";
  if (!typed) return 0;
  if (DECIMAL.exec(typed)?.[0] === typed || OTHER_BASE.test(typed)) return Number(typed);
  return typed.endsWith("Infinity") && typed.length < 10 ? infinite(typed) : NaN;
}

/** The number a text begins with, as parseFloat reads it. */
export function leading(value) {
  if (typeof value === "number") return value;
  const text = toText(value).slice(0, 400).replace(new RegExp(`^[${SPACE}]+`), "");
  const found = DECIMAL.exec(text);
  return found ? Number(found[0]) : infinite(text);
}

export function same(a, b) {
  spend(1);
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((each, at) => same(each, b[at]));
  if (!isPlain(a)) return a === b;
  if (!isPlain(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]));
}

const primitive = (value) => (isNested(value) ? toText(value) : value);

export function alike(a, b) {
  if (a === null || b === null) return a === b;
  if (isNested(a) && isNested(b)) return same(a, b);
  const [left, right] = [primitive(a), primitive(b)];
  return typeof left === "string" && typeof right === "string" ? left === right : toNumber(left) === toNumber(right);
}

/** Below zero, zero or above: texts by their letters, all else as numbers; NaN compares with nothing. */
export function compare(a, b) {
  const [left, right] = [primitive(a), primitive(b)];
  if (typeof left !== "string" || typeof right !== "string") {
    const [one, other] = [toNumber(left), toNumber(right)];
    return one === other ? 0 : one < other ? -1 : one > other ? 1 : NaN;
  }
  if (left === right) return 0;
  const [one, other] = [[...left], [...right]];
  const at = one.findIndex((letter, place) => letter !== other[place]);
  return at < 0 ? -1 : one[at].codePointAt(0) - (other[at]?.codePointAt(0) ?? -1);
}

export function items(value) {
  if (!Array.isArray(value)) return [];
  spend(value.length);
  return value.length > MOST_ITEMS ? undecided() : value;
}
