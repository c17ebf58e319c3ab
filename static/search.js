// What makes the search handier; all of it goes without. Nothing is loaded from elsewhere.
"use strict";

const WAIT = 150; // ms after the last key, so that a word is asked for and not each of its letters
const JAMO = /[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\ud7b0-\ud7ff]$/; // a syllable that is not one yet
const INITIALS = /^[ㄱ-ㅎ]{2,}$/; // of a word: ㄱㄹㅋ
const WRITABLE = "input, textarea, select, [contenteditable]";

class Suggestions {
  constructor(form) {
    this.form = form;
    this.box = form.querySelector("input[name=q]");
    this.shown = [];
    this.active = -1;
    this.committed = this.box.value;
    this.list = this.addList();
    this.status = this.addStatus();
    this.listen();
  }

  addList() {
    const list = document.createElement("ul");
    list.id = "suggestions";
    list.className = "suggestions";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", this.box.getAttribute("aria-label"));
    this.box.after(list);
    const states = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
    for (const [name, value] of Object.entries(states)) this.box.setAttribute(name, value);
    return list;
  }

  addStatus() {
    const status = document.createElement("span");
    status.className = "unseen";
    status.setAttribute("role", "status");
    this.form.append(status);
    return status;
  }

  listen() {
    // While a syllable is being put together, the box holds what nobody means: 글 on the way to 그로. Only what is
    // finished is asked for, when the next syllable begins or the word ends.
    this.box.addEventListener("input", (event) => event.isComposing || this.changed());
    this.box.addEventListener("compositionend", () => this.changed());
    this.box.addEventListener("keydown", (event) => this.pressed(event));
    this.box.addEventListener("blur", () => this.close());
    // Not click: the box would lose the focus first, and the list be closed.
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.choose(Number(option.dataset.number));
    });
  }

  changed() {
    const text = this.box.value.trim();
    clearTimeout(this.timer);
    if (text === this.committed) return;
    this.committed = text;
    this.request?.abort();
    if (!text || (JAMO.test(text) && !INITIALS.test(text))) return this.close();
    this.timer = setTimeout(() => this.ask(text), WAIT);
  }

  async ask(text) {
    this.request = new AbortController();
    try {
      const answer = await fetch(`/suggest?${new URLSearchParams({ q: text })}`, { signal: this.request.signal });
      // Without suggestions one can search all the same.
      if (answer.ok) this.show((await answer.json()).suggestions);
      else this.close();
    } catch (error) {
      if (error.name !== "AbortError") this.close();
    }
  }

  show(suggestions) {
    if (document.activeElement !== this.box) return;
    this.shown = suggestions;
    this.active = -1;
    this.box.removeAttribute("aria-activedescendant");
    this.list.replaceChildren(...suggestions.map((one, number) => this.option(one, number)));
    this.list.hidden = !suggestions.length;
    this.box.setAttribute("aria-expanded", String(!this.list.hidden));
    this.status.textContent = this.form.dataset.found.replace("#", suggestions.length);
  }

  option(one, number) {
    const option = document.createElement("li");
    option.id = `suggestion-${number}`;
    option.className = one.kind;
    option.dataset.number = number;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.textContent = one.text;
    return option;
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.shown = [];
    this.active = -1;
    this.list.hidden = true;
    this.box.setAttribute("aria-expanded", "false");
    this.box.removeAttribute("aria-activedescendant");
    this.status.textContent = "";
  }

  pressed(event) {
    // Enter and the arrows of an input method are its own.
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape" && !this.list.hidden) this.close();
    else if (event.key === "Enter" && this.active >= 0) this.choose(this.active);
    else if (event.key === "ArrowDown" && !this.list.hidden) this.move(1);
    else if (event.key === "ArrowUp" && !this.list.hidden) this.move(-1);
    else if (event.key === "ArrowDown") focusHit(0);
    else return;
    event.preventDefault();
  }

  move(by) {
    const places = this.shown.length + 1; // the box itself is one of them
    this.active = ((this.active + 1 + by + places) % places) - 1;
    for (const option of this.list.children) {
      option.setAttribute("aria-selected", String(Number(option.dataset.number) === this.active));
    }
    if (this.active < 0) this.box.removeAttribute("aria-activedescendant");
    else this.box.setAttribute("aria-activedescendant", `suggestion-${this.active}`);
  }

  choose(number) {
    const { text, url } = this.shown[number];
    this.close();
    if (url && /^\/(?!\/)/.test(url)) {
      location.assign(url);
      return;
    }
    this.box.value = this.committed = text;
    this.form.requestSubmit();
  }
}

const hits = () => [...document.querySelectorAll(".hit h2 a")];

function focusHit(number) {
  hits()[number]?.focus();
}

// The arrows go from the box to the hits and among them. Elsewhere they scroll, as everybody expects.
function walked(event, box) {
  const all = hits();
  const at = all.indexOf(document.activeElement);
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (at < 0 || !by) return;
  event.preventDefault();
  if (at + by < 0) box?.focus();
  else focusHit(at + by);
}

function pressed(event) {
  // The box was there first.
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const box = document.querySelector("input[name=q]");
  if (event.key === "/" && box && !event.target.closest(WRITABLE)) {
    event.preventDefault();
    box.focus();
    box.select();
  } else {
    walked(event, box);
  }
}

document.addEventListener("keydown", pressed);
for (const form of document.querySelectorAll("form[role=search]")) new Suggestions(form);
