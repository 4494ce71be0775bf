"use strict";
// Elements are made by hand: text of agents and merchants goes in as text nodes alone.
const $ = (id) => document.getElementById(id);
function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
function fill(target, ...children) {
  target.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
}
// Characters that change how a line reads are shown by their number, and only so much of a text at once.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]/g;
function visible(text) {
  return String(text).replace(HIDDEN, (c) => "[U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "]");
}
function text(words, most = 240) {
  const all = visible(words);
  const span = h("span", { class: "text", dir: "auto" }, all.length > most ? all.slice(0, most) + "… " : all);
  if (all.length > most) {
    span.append(h("button", { class: "plain", type: "button", onclick: () => fill(span, all) }, "all " + all.length + " characters"));
  }
  return span;
}
function line(words, most = 90) {
  const all = visible(words).replace(/\s+/g, " ");
  return h("span", { class: "text", dir: "auto", title: all.slice(0, 400) }, all.length > most ? all.slice(0, most) + "…" : all);
}
function facts(pairs) {
  return pairs.filter(([, value]) => value !== undefined && value !== null && value !== "").flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
}
function when(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const style = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return h("time", { datetime: at, title: at }, Number.isNaN(date.getTime()) ? visible(at) : (today ? "today, " : "") + date.toLocaleString(undefined, style));
}
function say(words) { fill($("said"), words); }
function trouble(error) {
  $("trouble").hidden = !error;
  fill($("trouble"), error ? describe(error) : "");
}
function describe(error) {
  return visible([error.code, error.message, error.hint].filter(Boolean).join(". ").replace(/\.\./g, "."));
}
// A button that works once at a time and says what went wrong where it stands.
function action(label, kind, run) {
  const wrong = h("small", { role: "alert" });
  const button = h("button", { type: "button", class: kind, onclick: async () => {
    button.disabled = true;
    fill(wrong);
    try { await run(); } catch (error) { fill(wrong, describe(error)); } finally { button.disabled = false; }
  } }, label);
  return [button, wrong];
}
function dialog(title, ...content) {
  const box = $("dialog");
  const close = h("button", { type: "button", onclick: () => box.close() }, "Close");
  fill(box, h("div", { class: "headline" }, h("h2", { id: "dialog-title" }, title), close), ...content);
  if (!box.open) box.showModal();
  return box;
}
// Asks and waits: true, false, or what was typed.
function ask(title, words, options) {
  return new Promise((done) => {
    const input = options.input && h("input", Object.assign({ "aria-label": title, autocomplete: "off" }, options.input));
    const box = $("dialog");
    let answer = null;
    const form = h("form", { method: "dialog", onsubmit: () => { answer = input ? input.value : true; } },
      h("p", {}, words), input, h("div", { class: "actions" },
        h("button", { class: options.kind || "primary" }, options.yes), h("button", { type: "button", onclick: () => box.close() }, "Cancel")));
    box.addEventListener("close", () => done(answer), { once: true });
    dialog(title, form);
    (input || form.querySelector("button")).focus();
  });
}
