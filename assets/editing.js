// What the editor of a transcript does beside listening: it goes from segment to segment, keeps drafts, writes
// special characters, and cuts segments otherwise. Each request says which segment it is of.
const WAIT = 500, LONGEST = 2500; // ms without a key until a draft is sent; and at most, while one writes on
const field = () => home().querySelector("textarea");
const open = () => {
  const { name, part, start, end } = at.box.dataset;
  return { name, part: Number(part), start: Number(start), end: Number(end), text: field().value };
};

let waiting = null, since = 0; // the timer of a draft that is not sent yet, and since when it waits
const send = () => {
  clearTimeout(waiting), (waiting = null);
  if (at) trigger("draft", open());
};
const leave = () => waiting && send();
document.addEventListener("input", ({ target }) => {
  if (!alive() || target !== field()) return;
  const said = home().querySelector(".draft-state");
  if (said) said.textContent = "";
  if (!waiting) since = Date.now();
  clearTimeout(waiting);
  waiting = setTimeout(send, Math.max(0, Math.min(WAIT, since + LONGEST - Date.now())));
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
const drop = () => (clearTimeout(waiting), (waiting = null)); // the text goes along

Object.assign(commands, { previous: go, next: go, word, characters, split, merge, undo });
