// The respondent's page with a script: questions come and go as answers change, mistakes are said in place, and
// nothing typed is lost. Without it the same page works in round trips; the server judges all that is sent.
import { fill, written } from "./answer-reading.js";
import { noteChange, restored, send, startKeeping } from "./answer-send.js";
import { announce, ask, judged, listen, make, say, summarize } from "./answer-tell.js";
import { prepare, walk } from "./answer-walk.js";

const told = JSON.parse(document.getElementById("page-logic").textContent);
const main = document.getElementById("main");
const form = main.querySelector("form");
const AIDED = 'select[name], textarea, input[inputmode], input[type="checkbox"], .lot';
// What was looked at once is looked at again with each change; what was never answered is not asked for before sending.
const touched = new Set();
const shown = new Set();
const softly = new Set();
let isPressed = false;
let aids = null;

/** Where answers decide what is offered, the server drew what is offered now, and beside it all there may be. */
function takeWhole() {
  for (const template of main.querySelectorAll("template[data-whole]")) {
    const box = template.parentElement;
    const before = box.querySelector(".q");
    const focused = box.contains(document.activeElement) && document.activeElement;
    const pairs = written(before);
    before.replaceWith(template.content);
    template.remove();
    fill(box, pairs);
    if (focused) box.querySelector(`[name="${focused.name}"][value="${CSS.escape(focused.value)}"], [name="${focused.name}"]`)?.focus();
  }
}

/** The styles of what a script adds; those who have none need not fetch them. */
function styled() {
  const link = make("link", { rel: "stylesheet", href: new URL("./answer-script.css", import.meta.url).href });
  document.head.append(link);
  return new Promise((done) => (link.onload = link.onerror = done));
}

const keyOf = (target) => told.questions.find(({ key }) => target.name === key || target.name?.startsWith(`${key}.`))?.key;

function look() {
  const page = walk(told);
  for (const each of page.asked) if (shown.has(each.key)) judged(each);
  for (const [key, isShown] of page.moved) {
    const words = isShown ? ask(key) : document.querySelector(`[data-question="${key}"] template`)?.content.querySelector(".ask")?.textContent;
    if (touched.size) announce(say(isShown ? "script.asked_now" : "script.asked_no_more", { question: words }));
  }
  aids?.refresh();
  return page;
}

function changed(event) {
  const key = keyOf(event.target);
  if (!key) return;
  touched.add(key);
  look();
  noteChange();
}

/** A question that was answered and left says at once what does not fit; words that push the page wait for the finger. */
function left(event) {
  const key = keyOf(event.target);
  if (!key || !touched.has(key)) return;
  const wait = () => {
    if (isPressed) return setTimeout(wait, 50);
    if (keyOf(document.activeElement) === key) return look();
    shown.add(key);
    look();
  };
  setTimeout(wait, 10);
}

function submitted(event) {
  event.preventDefault();
  const go = event.submitter?.value ?? "next";
  if (go === "next") {
    for (const key of softly) main.querySelector(".go").append(make("input", { type: "hidden", name: "_left", value: key }));
    softly.clear();
    const page = look();
    for (const each of page.asked) {
      shown.add(each.key);
      judged(each);
      // Asked for softly: once said, it may be left open.
      if (each.wrong.get(each.key)?.code === "requested") softly.add(each.key);
    }
    if (summarize(page.asked)) return;
  }
  send(go);
}

async function start() {
  if (!form) return;
  listen(told.words);
  takeWhole();
  await Promise.all([styled(), prepare(told)]);
  if (form.querySelector(AIDED)) aids = await import("./answer-aids.js");
  const before = restored();
  look();
  if (before) {
    // What is typed decides what is shown, which then is filled in as well.
    for (let again = 0; again < 3; again += 1) {
      fill(form, before);
      look();
    }
  }
  for (const key of told.questions.map((each) => each.key)) if (document.getElementById(`q-${key}-error`)) shown.add(key);
  aids?.start(told, look);
  addEventListener("pointerdown", () => (isPressed = true));
  for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, () => setTimeout(() => (isPressed = false)));
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("focusout", left);
  form.addEventListener("submit", submitted);
  startKeeping(told.is_begun, told.rehearsal);
  form.setAttribute("data-ready", "yes");
}

start();
