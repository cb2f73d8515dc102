// What the editor of a transcript does beside listening: it goes from segment to segment, keeps drafts, writes
// special characters, and cuts segments otherwise. Each request says which segment it is of.
const WAIT = 500, LONGEST = 2500; // ms without a key until a draft is sent; and at most, while one writes on
const LATE = 5000, LOOK = 100; // ms without an answer until a draft is sent again; and between looks for one
const field = () => home().querySelector("textarea");
const open = () => {
  const { name, part, start, end, text } = at.box.dataset;
  const facts = { name, part: Number(part), start: Number(start), end: Number(end), text: field().value };
  return { ...facts, seen: [text, ...sentOf(facts)] };
};

// What the server may have of a segment as far as this page knows: what it was opened with, and the drafts sent since.
const LAST = 8;
const drafts = new Map(); // by place: gradio may keep the element for another segment
const place = ({ name, start, end }) => `${start} ${end} ${name}`;
const sentOf = (facts) => drafts.get(place(facts)) ?? [];

// What is written belongs to the segment that was open as it was written. One draft is on its way at a time, as
// an earlier one that comes late would take its place; one that nobody answers is sent again.
let typed = null, since = 0; // { box, facts } that the server may not have yet, and since when it waits
let sent = null, tried = 0, before; // which of these was sent last, when, and what had been answered before
let timer = null;
const answer = () => home().querySelector(".draft-state")?.dataset.at;
const tell = () => {
  (sent = typed), (tried = Date.now()), (before = answer());
  const { facts } = typed;
  drafts.set(place(facts), [...sentOf(facts), facts.text].slice(-LAST));
  trigger("draft", { ...facts, seen: [...facts.seen, ...sentOf(facts)] });
  look();
};
const look = (after = LOOK) => (clearTimeout(timer), (timer = setTimeout(send, after)));
const send = () => {
  if (sent && (answer() !== before || sent.box !== at?.box)) {
    if (typed === sent) typed = null;
    sent = null;
  }
  if (!typed) return;
  if (sent && Date.now() < tried + LATE) look();
  else tell();
};
const leave = () => typed && typed !== sent && tell();
document.addEventListener("input", ({ target }) => {
  if (!alive() || target !== field()) return;
  const said = home().querySelector(".draft-state");
  if (said) said.textContent = "";
  if (!typed || typed === sent) since = Date.now();
  typed = { box: at.box, facts: open() };
  look(Math.max(0, Math.min(WAIT, since + LONGEST - Date.now())));
});
document.addEventListener("visibilitychange", () => document.hidden && alive() && leave());
element.closest(".own-editor")?.addEventListener("focusout", ({ target }) => target === field() && alive() && leave());

const go = (button) => {
  if (!button?.dataset.name) return;
  leave();
  trigger("pick", { name: button.dataset.name, part: Number(button.dataset.part) });
};

// The word of the transcript that stands where the text cursor is; where words were added, about there.
const word = () => {
  const text = field().value, count = text.split(/\s+/).filter(Boolean).length;
  const before = text.slice(0, field().selectionEnd).split(/\s+/).filter(Boolean).length;
  const place = Math.max(before - 1, 0);
  const index = count === at.words.length ? place : Math.floor((place * at.words.length) / Math.max(count, 1));
  const found = at.words[Math.min(index, at.words.length - 1)];
  if (found) hear(found);
};

// Written as if by the keyboard, so that the field's own undo takes it back.
const insert = (character) => {
  const text = field();
  text.focus();
  if (document.execCommand("insertText", false, character)) return;
  text.setRangeText(character, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
};
element.addEventListener("pointerdown", (event) => event.target.closest("[data-insert]") && event.preventDefault());
element.addEventListener("click", ({ target }) => {
  const letter = target.closest("[data-insert]");
  if (letter) insert(letter.dataset.insert);
});
const characters = () => at.box.querySelector(".wave-palette [tabindex='0']")?.focus();

// Characters are counted as Python counts them. The waveform has a cursor where it is within the segment.
const split = () => {
  const caret = [...field().value.slice(0, field().selectionStart)].length;
  drop(), trigger("split", { ...open(), caret, at: within(at.data.segment) ? time() : null });
};
const merge = () => (drop(), trigger("merge", open()));
const undo = () => (drop(), trigger("undo", open()));
const drop = () => (typed = null); // the text goes along

Object.assign(commands, { previous: go, next: go, word, characters, split, merge, undo });

// Ctrl+Enter in the field, Cmd+Enter on a Mac, presses "Add to examples".
document.addEventListener("keydown", (event) => {
  const { key, repeat, isComposing, altKey, shiftKey, ctrlKey, metaKey } = event;
  const held = (mac ? metaKey && !ctrlKey : ctrlKey && !metaKey) && !altKey && !shiftKey;
  if (key !== "Enter" || !held || isComposing || !alive() || event.target !== field()) return;
  event.preventDefault(), event.stopPropagation();
  if (repeat) return;
  leave();
  home().querySelector("#own-learn")?.click();
}, true);
