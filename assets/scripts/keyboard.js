// Ctrl+Enter (or Cmd+Enter) transcribes from anywhere, Escape cancels.
document.addEventListener("keydown", (event) => {
  const press = (id) => document.querySelector(`button#${id}:not(:disabled)`)?.click();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) press("start");
  if (event.key === "Escape" && told) return untell();
  if (event.key === "Escape" && !event.target.closest("input, textarea")) press("stop"), press("map-stop");
});

// gradio gives each radio button a group of its own, and again as it is chosen; one group makes the arrow keys
// work and is read with its label.
const grouped = (event) => {
  const group = event.target.closest?.("fieldset");
  if (!group) return;
  const label = group.querySelector("[data-testid='block-info']");
  if (label) {
    label.id = `${group.id}-label`;
    group.setAttribute("aria-labelledby", label.id);
  }
  group.querySelectorAll("input[type='radio']").forEach((radio) => (radio.name = group.id));
};
document.addEventListener("focusin", grouped);
document.addEventListener("keydown", grouped, true);
