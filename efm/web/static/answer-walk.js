// Walks the questions of a page as the server does: shows, hides, computes and judges them.
import { UNDECIDED, fields, read } from "./answer-reading.js";

// Fetched by pages that need them.
let evaluate = () => undefined;
let holds = () => true;
let judge = () => null;

/** Fetch the evaluator where there is logic, and the judge of questions in several parts. */
export async function prepare({ questions }) {
  const judging = questions.some((each) => each.is_composite) && import("./answer-judging.js");
  if (/"(?:show_if|required_if|value|valid_if)":/.test(JSON.stringify(questions))) ({ evaluate, holds } = await import("./answer-logic.js"));
  if (judging) ({ judge } = await judging);
}

const byId = (id) => document.getElementById(id);
export const holder = (key) => document.querySelector(`[data-question="${key}"]`);
const waiting = (box) => box?.querySelector(":scope > template:not([data-whole])");

/** Whether a part may be taken away now: never from under somebody's hands. */
const isHeld = (part) => part.contains(document.activeElement);

/** A question goes into its template and comes out of it with all that was typed there. */
function place(key, isShown) {
  const box = holder(key);
  const template = waiting(box);
  if (!box || isShown === !template || (!isShown && isHeld(box))) return false;
  if (isShown) {
    template.replaceWith(template.content);
    for (const field of box.querySelectorAll("[autofocus]")) field.removeAttribute("autofocus");
  } else {
    const made = document.createElement("template");
    made.content.append(...box.childNodes);
    box.append(made);
  }
  return true;
}

/** A choice or a row stays where it is, but is neither seen nor sent. */
function put(part, isShown) {
  if (!part || part.hidden === !isShown || (!isShown && isHeld(part))) return;
  part.hidden = !isShown;
  for (const field of part.matches("option") ? [part] : part.querySelectorAll("input, select, textarea, button")) field.disabled = !isShown || part.contains(field.closest("[hidden]"));
  if (part.selected && !isShown) part.parentElement.selectedIndex = 0;
}

const hasKey = (value, key) => (Array.isArray(value) ? value.includes(key) : value !== null && typeof value === "object" ? Object.hasOwn(value, key) : value === key);

/** The keys of choices or rows that are offered; null where that does not depend on this page. */
function offered(group, data) {
  if (!group) return null;
  return group.keys.filter((key) => {
    if (holds(group.show_if[key], data) === false) return false;
    const from = group.from;
    if (!from || from.which === "offered" || !from.keys.includes(key)) return true;
    const source = from.question.split(".").reduce((inside, part) => inside?.[part], data);
    return hasKey(source ?? null, key) === (from.which === "chosen");
  });
}

function putChoices(question, keys, box) {
  question.choices.keys.forEach((key, at) => {
    const isShown = keys.includes(key);
    for (const part of box.querySelectorAll(`[value="${key}"]`)) {
      const name = part.matches("option") ? part.parentElement.name : part.name;
      if (name === question.key || name?.startsWith(`${question.key}.`)) put(part.closest("option, label") ?? part, isShown);
    }
    put(byId(`q-${question.key}.${key}`)?.closest(".field-line"), isShown);
    put(box.querySelectorAll(".heads > span")[at + 1], isShown);
  });
}

function note(data, path, value) {
  const parts = path.split(".");
  const last = parts.pop();
  let inside = data;
  for (const each of parts) inside = inside[each] = inside[each] !== null && typeof inside[each] === "object" ? inside[each] : {};
  inside[last] = value;
}

/** Works out a value. */
function compute({ key, kind, value }, data) {
  const found = evaluate(value, data);
  if (found !== null || kind !== "hidden") note(data, key, found === undefined ? UNDECIDED : Array.isArray(found) && !found.length ? null : found);
}

/** Reads the atoms that are asked, one after the other. */
function atomsOf(question, choices, rows, data, answers, refused) {
  const asks = new Set();
  return (question.atoms ?? []).filter((atom) => {
    const own = offered(atom.choices, data);
    const hosts = atom.is_beside && (atom.host === question.key ? choices : (question.atoms.find(({ key }) => key === atom.host).offered ?? null));
    const isHosted = !atom.is_beside || (asks.has(atom.host) && !(hosts && !hosts.includes(atom.of)));
    const isOffered = isHosted && holds(atom.show_if, data) !== false && (!rows || !atom.row || rows.includes(atom.row)) && own?.length !== 0;
    const isOpen = isOffered && (!atom.is_beside || hasKey(answers.get(atom.host) ?? null, atom.of));
    const field = byId(`q-${atom.key}`);
    if (atom.is_beside || atom.key !== question.key) put(field?.closest(".beside, .array-row, .field-line, .parts > .q"), isOpen);
    if (isOffered) asks.add(atom.key);
    if (!isOpen) return isOffered;
    atom.offered = own;
    if (own) putChoices(atom, own, field?.closest(".parts > .q") ?? document);
    if (atom.value !== undefined) {
      const isBegun = question.is_lined || [...answers.keys()].some((key) => key.startsWith(`${question.key}.${atom.row}.`));
      if (isBegun) compute(atom, data);
      return false;
    }
    const found = read(atom);
    if (found.code) refused.set(atom.key, found);
    if (found.value === undefined) return true;
    answers.set(atom.key, found.value);
    note(atom.is_beside ? data._text : data, atom.is_beside ? atom.key.replace(/\.text$/, "") : atom.key, found.value);
    if (atom.reads === "text") note(data._sentiment, atom.key, UNDECIDED);
    return true;
  });
}

/** Shows, hides and reads one question; its answers join the data. Returns what there is to judge. */
function step(question, data, asked) {
  const box = holder(question.key);
  const [choices, rows] = [offered(question.choices, data), offered(question.rows, data)];
  const isWanted = holds(question.show_if, data);
  const wasShown = !waiting(box);
  let isShown = isWanted === undefined ? question.is_asked && wasShown : isWanted && choices?.length !== 0 && rows?.length !== 0;
  if (question.is_asked) place(question.key, isShown);
  const [answers, refused] = [new Map(), new Map()];
  let atoms = [];
  if (isShown) {
    if (choices) putChoices(question, choices, box ?? document);
    atoms = atomsOf(question, choices, rows, data, answers, refused);
    // Nothing of it is left to ask.
    if (question.is_composite && !atoms.length) place(question.key, (isShown = false));
  }
  if (box && question.is_asked && !waiting(box) !== wasShown) asked.push([question.key, !wasShown]);
  if (!isShown) return null;
  if (question.is_lined) for (const lot of box?.querySelectorAll(".lot") ?? []) lot.hidden = ![...lot.querySelectorAll(".q")].some((each) => !each.hidden);
  if (question.value !== undefined) compute(question, data);
  return question.is_asked ? { question, atoms, answers, refused } : null;
}

/** What is required of a question and not there, and what does not fit; by the keys of its atoms. */
function wrongOf({ question, atoms, answers, refused }, data, left) {
  const isRequired = question.is_required || (question.required_if !== undefined && holds(question.required_if, data) === true);
  const isAll = isRequired && (!question.is_composite || (question.required_if !== undefined && !question.is_required));
  const needs = atoms.filter((atom) => atom.required_if !== undefined && holds(atom.required_if, data) === true).map(({ key }) => key);
  const open = atoms.filter((each) => !answers.has(each.key));
  const missing = new Map();
  for (const atom of open) {
    const lacksWords = () => hasKey(answers.get(atom.host) ?? null, atom.of) && (question.atoms.find(({ key }) => key === atom.host).wordy ?? []).includes(atom.of);
    const isNeeded = () => isAll || atom.is_required || (question.is_lined && needs.includes(atom.key));
    if (atom.is_beside ? lacksWords() : isNeeded()) missing.set(atom.key, { code: "required" });
  }
  if (!missing.size && question.is_requested && !left.includes(question.key) && open.some((atom) => !atom.is_beside)) {
    missing.set(question.key, { code: "requested" });
  }
  if (missing.size) return refused.has(question.key) ? refused : new Map([...missing, ...refused]);
  const wrong = new Map();
  const keys = atoms.map(({ key }) => key);
  const together = judge(question, [...answers], keys, needs) ?? (answers.size ? checked(question, data) : null);
  if (together) wrong.set(question.key, together);
  for (const atom of atoms) {
    const failed = atom.checks && answers.has(atom.key) && checked(atom, data);
    if (failed) wrong.set(atom.key, failed);
  }
  return new Map([...wrong, ...refused]);
}

function checked({ checks = [] }, data) {
  const failed = checks.find((check) => holds(check.valid_if, data) === false);
  return failed ? { code: "check", words: failed.message } : null;
}

/** Bring the page to what its answers ask for. Returns the questions asked, with what is wrong, and what came and went. */
export function walk(told) {
  const data = structuredClone(told.data);
  data._text ??= {};
  data._sentiment ??= {};
  const moved = [];
  const left = fields("_left").map((field) => field.value);
  const asked = told.questions.map((question) => {
    const found = step(question, data, moved);
    return found && { question, key: question.key, wrong: wrongOf(found, data, left), atoms: found.atoms.map((atom) => atom.key) };
  });
  return { asked: asked.filter(Boolean), moved };
}
