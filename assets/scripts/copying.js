// Put a text on the clipboard, or, where the button has none, the address, which says all that is chosen.
const copied = async (text) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = Object.assign(document.createElement("textarea"), { value: text }); // the page is not served over https
  document.body.append(field), field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("not copied");
};
document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("button.copy");
  if (!button) return;
  const name = (button.dataset.label ??= button.textContent);
  const say = (text) => (button.textContent = window.smileSaid(text));
  await copied(button.dataset.text ?? window.location.href).then(() => say("Copied"), () => say("Not copied"));
  setTimeout(say, 2000, name);
});
