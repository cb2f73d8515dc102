// What the tab My language does by itself, beside its editor.

// Who opens a transcript by a key goes on in its text, once it is there; a tap brings no keyboard of a phone up.
let byKey = null; // the transcript that a key has asked for: { name, part }
document.addEventListener("click", ({ target, detail }) => {
  const row = target.closest?.("#own-results [data-name]");
  if (row) byKey = detail === 0 ? { ...row.dataset } : null;
}, true);
window.smileOpened = (tries = 60) => {
  window.smileShow("#own-part");
  const look = () => {
    if (!byKey) return;
    const { name, part } = document.querySelector("#own-part .wave")?.dataset ?? {};
    const field = document.querySelector("#own-part-text textarea");
    if (name !== byKey.name || part !== byKey.part || !field) return tries-- && requestAnimationFrame(look);
    byKey = null;
    if (document.activeElement === document.body || document.activeElement.closest("#own-results")) {
      field.focus({ preventScroll: true });
    }
  };
  look();
};
