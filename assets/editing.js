// What the editor of a transcript does beside listening: it goes from segment to segment.
const field = () => home().querySelector("textarea");
const go = (button) => {
  if (button?.dataset.name) trigger("pick", { name: button.dataset.name, part: Number(button.dataset.part) });
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

Object.assign(commands, { previous: go, next: go, word });
