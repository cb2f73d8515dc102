// A word of the glossary: a press shows its line below it; another press, Escape or going on takes it away.
const line = Object.assign(document.createElement("div"), { id: "term-line", role: "status", hidden: true });
let told = null; // the word whose line is shown
const untell = () => {
  told?.setAttribute("aria-expanded", "false");
  [told, line.hidden] = [null, true];
};
const tell = (term) => {
  untell();
  document.body.append(line);
  term.setAttribute("aria-expanded", "true");
  [told, line.hidden, line.textContent] = [term, false, term.dataset.line];
  const { left, bottom } = term.getBoundingClientRect();
  const most = document.documentElement.clientWidth - line.offsetWidth - 8;
  line.style.left = `${window.scrollX + Math.max(8, Math.min(left, most))}px`;
  line.style.top = `${window.scrollY + bottom + 4}px`;
};
document.addEventListener("click", ({ target }) => {
  const term = target.closest?.("button.term");
  if (term && term !== told) tell(term);
  else untell();
});
document.addEventListener("focusout", ({ target }) => target === told && untell());
