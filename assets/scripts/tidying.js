// Say of a table that scrolls in its box whether there is more of it to either side.
const edges = (box) => {
  const left = Math.abs(box.scrollLeft), rest = box.scrollWidth - box.clientWidth - left;
  box.classList.toggle("moved", left > 1);
  box.classList.toggle("more", rest > 1);
};
const sized = new ResizeObserver((entries) =>
  entries.forEach(({ target }) => {
    const box = target.closest(".scroll");
    if (box) edges(box);
    else sized.unobserve(target); // a table that has left its box
  }));
const boxes = () =>
  document.querySelectorAll(".scroll:not([data-watched])").forEach((box) => {
    box.dataset.watched = "";
    box.addEventListener("scroll", () => edges(box), { passive: true });
    [box, ...box.children].forEach((part) => sized.observe(part));
  });
// gradio gives the list of a dropdown no name; it is that of the field which it belongs to.
const lists = () =>
  document.querySelectorAll("ul[role='listbox']:not([aria-label])").forEach((list) => {
    const field = document.querySelector(`[aria-controls="${list.id}"]`);
    list.setAttribute("aria-label", field?.getAttribute("aria-label") || window.smileSaid("Choices"));
  });
const tidy = () => (boxes(), lists());
new MutationObserver(tidy).observe(document.documentElement, { childList: true, subtree: true });
