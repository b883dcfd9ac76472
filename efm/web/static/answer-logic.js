// The logic of a survey in the browser: JsonLogic and our named operators, meaning what the server means by them.
// What cannot be decided here (an unknown operator, a pattern only the server reads, too much work) is undefined.

import { LONGEST_MATCHED, translated } from "./answer-patterns.js";
import { UNDECIDED, strip } from "./answer-reading.js";
import { alike, begin, bounded, compare, isBlank, isNested, isPlain, items, leading, listed, number, same, spend, toNumber, toText, truthy, Undecided, undecided, words } from "./answer-values.js";


/** The value of the logic over this data; undefined where the server must decide. */
export function evaluate(logic, data) {
  begin();
  try {
    return run(logic, data);
  } catch (error) {
    if (error instanceof Undecided || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Whether a condition is true; none at all is, and undefined is for the server. */
export function holds(logic, data) {
  if (logic === null || logic === undefined) return true;
  const value = evaluate(logic, data);
  return value === undefined ? undefined : truthy(value) && !(isPlain(value) && !Object.keys(value).length);
}

function run(logic, data) {
  if (Array.isArray(logic)) {
    spend(1);
    return logic.map((each) => run(each, data));
  }
  if (!isPlain(logic)) return logic;
  const names = Object.keys(logic);
  if (names.length !== 1) return logic;
  const name = names[0];
  const given = listed(logic[name]);
  spend(1 + (given.length >> 2));
  if (Object.hasOwn(LAZY, name)) return LAZY[name](given, data);
  if (!Object.hasOwn(EAGER, name)) undecided();
  return EAGER[name](...given.map((each) => run(each, data)));
}

// Reading data, and the operators that do not take all their arguments at once.
function lookup(name, data, otherwise = () => null) {
  let found = data;
  if (name !== null && name !== "") {
    for (const part of toText(name).split(".")) {
      const isThere = Array.isArray(found) ? /^(0|[1-9]\d{0,8})$/.test(part) && Number(part) < found.length : isPlain(found) && Object.hasOwn(found, part);
      if (!isThere) return otherwise();
      found = found[part];
    }
  }
  return found === UNDECIDED ? undecided() : found;
}

const absent = (names, data) => names.filter((name) => (spend(1), [null, ""].includes(lookup(name, data))));

function firstThat(isWanted) {
  return (given, data) => {
    let value = null;
    for (const each of given) {
      value = run(each, data);
      if (truthy(value) === isWanted) break;
    }
    return value;
  };
}

function choose(given, data) {
  for (let at = 0; at + 1 < given.length; at += 2) if (truthy(run(given[at], data))) return run(given[at + 1], data);
  return given.length % 2 ? run(given.at(-1), data) : null;
}

const some = ([list, body], data) => items(run(list, data)).some((each) => truthy(run(body, each)));

const LAZY = {
  if: choose,
  "?:": choose,
  and: firstThat(false),
  or: firstThat(true),
  var: (given, data) => lookup(given.length ? run(given[0], data) : null, data, () => (given.length > 1 ? run(given[1], data) : null)),
  missing: (given, data) => {
    const names = given.map((each) => run(each, data));
    return absent(Array.isArray(names[0]) ? names[0] : names, data);
  },
  missing_some: ([least, names], data) => {
    const [wanted, all] = [toNumber(run(least, data)), listed(run(names, data))];
    const gone = absent(all, data);
    return all.length - gone.length >= wanted ? [] : gone;
  },
  map: ([list, body], data) => items(run(list, data)).map((each) => run(body, each)),
  filter: ([list, body], data) => items(run(list, data)).filter((each) => truthy(run(body, each))),
  reduce: ([list, body, initial = null], data) => {
    const all = items(run(list, data));
    return all.reduce((accumulator, current) => run(body, { current, accumulator }), run(initial, data));
  },
  all: ([list, body], data) => {
    const all = items(run(list, data));
    return all.length > 0 && all.every((each) => truthy(run(body, each)));
  },
  some,
  none: (given, data) => !some(given, data),
  matches: ([text, pattern], data) => isFound(pattern, words(run(text, data))),
};

// The operators that take values.
const opened = (given) => given.flat().filter((each) => !isBlank(each)).map(toNumber);
const measured = (value) => (isBlank(value) ? null : number(toNumber(value)));
const total = (numbers) => numbers.reduce((sum, each) => sum + each, 0);
const ofReal = (count, work) => (...given) => {
  const numbers = given.map(measured);
  return numbers.includes(null) || numbers.length < count ? null : number(work(...numbers));
};
const keys = (value) => new Set(listed(value).filter((each) => !isBlank(each)).map(toText));
const extreme = (work) => (...given) => number(work(...given.map(toNumber)));
const inText = (test) => (a, b) => a !== null && b !== null && test(toText(a), toText(b));
const contains = inText((text, part) => text.includes(part));
const ofDay = (work) => (value) => {
  const found = day(value);
  return found && work(found);
};
const letters = (value) => [...words(value)];
const whole = (value) => Math.trunc(Math.max(-1e9, Math.min(1e9, toNumber(value) || 0)));

/** Half is rounded away from zero; counted in digits, as binary halves are not what people wrote. */
function round(given, places = 0) {
  const [value, digits] = [measured(given), measured(places)];
  if (value === null || digits === null || Math.abs(digits) > 15) return null;
  const [mantissa, power] = Math.abs(value).toExponential().split("e");
  const [head, tail = ""] = mantissa.split(".");
  const beyond = tail.length - Number(power) - Math.trunc(digits);
  if (beyond <= 0) return value;
  const unit = 10n ** BigInt(beyond);
  const rounded = (BigInt(head + tail) * 2n + unit) / (unit * 2n);
  return number(Math.sign(value) * Number(`${rounded}e${-Math.trunc(digits)}`));
}

function day(value) {
  const found = typeof value === "string" && value.length <= 60 && /^(\d{4})-(\d\d)-(\d\d)(?:[T ].*)?$/s.exec(strip(value));
  if (!found) return null;
  const [year, month, date] = found.slice(1).map(Number);
  const made = new Date(0);
  made.setUTCFullYear(year, month - 1, date);
  return year && made.getUTCMonth() === month - 1 && made.getUTCDate() === date ? made : null;
}

function addDays(value, count) {
  const [found, days] = [day(value), measured(count)];
  if (!found || days === null || Math.abs(days) > 4_000_000) return null;
  found.setUTCDate(found.getUTCDate() + Math.floor(days));
  const year = found.getUTCFullYear();
  return year > 0 && year < 10_000 ? found.toISOString().slice(0, 10) : null;
}

function part(value, first, count = null, isCut = true) {
  const all = [...toText(value)];
  const start = Math.min(first < 0 ? Math.max(all.length + first, 0) : first, all.length);
  const stop = !isCut ? all.length : count < 0 ? Math.max(all.length + count, start) : Math.min(start + count, all.length);
  return bounded(all.slice(start, stop).join(""));
}

const less = (a, b, c) => compare(a, b) < 0 && (c === undefined || compare(b, c) < 0);
const most = (a, b, c) => compare(a, b) <= 0 && (c === undefined || compare(b, c) <= 0);

const EAGER = {
  "==": alike,
  "===": same,
  "!=": (a, b) => !alike(a, b),
  "!==": (a, b) => !same(a, b),
  "<": less,
  "<=": most,
  ">": (a, b) => less(b, a),
  ">=": (a, b) => most(b, a),
  "!": (a) => !truthy(a),
  "!!": truthy,
  "+": (...given) => number(total(given.map(leading))),
  "-": (...given) => number(given.length === 1 ? -toNumber(given[0]) : toNumber(given[0]) - toNumber(given[1])),
  "*": (...given) => (given.length === 1 ? given[0] : number(given.reduce((made, each) => made * leading(each), 1))),
  "/": (a, b) => number(toNumber(a) / toNumber(b)),
  "%": (a, b) => number(toNumber(a) % toNumber(b)),
  max: extreme(Math.max),
  min: extreme(Math.min),
  in: (a, b) => (typeof b === "string" ? b !== "" && a !== null && b.includes(toText(a)) : Array.isArray(b) && b.some((each) => same(a, each))),
  cat: (...given) => given.reduce((made, each) => bounded(made + words(each)), ""),
  substr: (value, first, ...count) => part(value, whole(first), whole(count[0] ?? null), count.length > 0),
  merge: (...given) => items(given.flat()),
  log: (value) => value,
  count: (...given) => (given.length === 1 && Array.isArray(given[0]) ? given[0].length : given.filter((each) => !isBlank(each)).length),
  sum: (...given) => number(total(opened(given))),
  avg: (...given) => number(total(opened(given)) / opened(given).length),
  contains: (a, b) => (Array.isArray(a) ? a.some((each) => same(each, b)) : contains(a, b)),
  starts_with: inText((text, part) => text.startsWith(part)),
  ends_with: inText((text, part) => text.endsWith(part)),
  lower: (value) => bounded(bounded(words(value)).toLowerCase()),
  upper: (value) => bounded(bounded(words(value)).toUpperCase()),
  trim: (value) => strip(bounded(words(value))),
  length: (value) => (isNested(value) ? Object.keys(value).length : letters(value).length),
  round,
  ...Object.fromEntries(["floor", "ceil", "abs", "sqrt", "exp", "sin", "cos", "tan", "asin", "acos", "atan"].map((name) => [name, ofReal(1, Math[name])])),
  ln: ofReal(1, Math.log),
  power: ofReal(2, Math.pow),
  is_empty: isBlank,
  is_answered: (value) => !isBlank(value),
  any_of: (a, b) => [...keys(a)].some((each) => keys(b).has(each)),
  all_of: (a, b) => [...keys(b)].every((each) => keys(a).has(each)),
  none_of: (a, b) => ![...keys(a)].some((each) => keys(b).has(each)),
  date_add_days: addDays,
  days_between: (a, b) => (day(a) && day(b) ? (day(b) - day(a)) / 86_400_000 : null),
  year: ofDay((found) => found.getUTCFullYear()),
  month: ofDay((found) => found.getUTCMonth() + 1),
  day: ofDay((found) => found.getUTCDate()),
};

const known = new Map();

/** A browser tries one way after the other, so only what stays quick is tried. */
function isFound(pattern, text) {
  if (typeof pattern !== "string") undecided();
  if ([...text].length > LONGEST_MATCHED) return false;
  if (!known.has(pattern)) known.set(pattern, translated(pattern));
  const found = known.get(pattern);
  return found && text.length ** (found.repeats + 1) <= 1e7 ? found.test.test(text) : undecided();
}
