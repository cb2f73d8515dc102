// What is opened from a table has the focus next, so that keys and screen readers go on in it; Escape goes back to the
// button that opened it.
(() => {
  const FROM = { "#table": "#utterances", "#compare-table": "#compare-detail" }; // what opens, and where
  const opener = {}; // what finds the button that has opened what is there
  document.addEventListener("click", ({ target }) => {
    for (const [from, part] of Object.entries(FROM)) {
      const one = target.closest?.(`${from} :is([data-language], [data-cell])`);
      const [name, value] = Object.entries(one?.dataset ?? {})[0] ?? [];
      if (one) opener[part] = `${from} button[data-${name}="${CSS.escape(value)}"]`;
    }
  }, true);
  const goOn = (part) => {
    const heading = document.querySelector(`${part} h3`), now = document.activeElement;
    const meanwhile = now !== document.body && !now.closest(Object.keys(FROM).join()) && !now.closest(part);
    if (!heading || meanwhile) return;
    heading.title = window.smileSaid("Escape goes back to the table");
    heading.focus({ preventScroll: true });
  };
  window.smileGoOn = (part) => setTimeout(goOn, 50, part); // once it has been drawn
  document.addEventListener("keydown", (event) => {
    const part = Object.values(FROM).find((one) => document.activeElement?.closest(one));
    const back = part && opener[part] && document.querySelector(opener[part]);
    if (event.key !== "Escape" || told || !back) return;
    event.stopImmediatePropagation();
    back.focus();
  });
})();
