// Texts in sight that are cut off, by a part that hides what goes beyond it or by the edge of the window, or that stick
// out of their button.
const hides = (value) => value === "hidden" || value === "clip";
const scrolls = (value) => value === "auto" || value === "scroll";
const beyond = (element, rect) => {
  const window = { left: 0, right: document.documentElement.clientWidth, top: -Infinity, bottom: Infinity };
  let [across, down] = [true, true]; // whether nothing has been scrolled to show it so far
  for (let e = element; e && e !== document.body; e = e.parentElement) {
    const { overflowX, overflowY, display, position } = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!["inline", "contents"].includes(display)) {
      if (scrolls(overflowX)) across = false;
      if (scrolls(overflowY)) down = false;
      if (across && hides(overflowX)) Object.assign(window, { left: Math.max(window.left, box.left), right: Math.min(window.right, box.right) });
      if (down && hides(overflowY)) Object.assign(window, { top: Math.max(window.top, box.top), bottom: Math.min(window.bottom, box.bottom) });
    }
    if (position === "fixed") break;
  }
  const { left, right, top, bottom } = window;
  return (across && (rect.left < left - 1 || rect.right > right + 1)) || (down && (rect.top < top - 3 || rect.bottom > bottom + 3));
};
const sticksOut = (element, rect) => {
  const button = element.closest("button");
  if (!button || parseFloat(getComputedStyle(button).borderRightWidth) === 0) return false;
  const { left, right } = button.getBoundingClientRect();
  return rect.left < left + 3 || rect.right > right - 3;
};
const seen = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !e.closest(".unseen, .sr-only, .visually-hidden, option");
const where = (e) => `${e.closest("[id]:not([id^='component-'], [id^='html-'])")?.id} ${e.tagName}`;
const found = [];

const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode, e = node.parentElement, range = document.createRange();
  if (!node.data.trim() || !seen(e)) continue;
  range.selectNodeContents(node);
  const rects = [...range.getClientRects()].filter(({ width, height }) => width > 1 && height > 1);
  if (rects.some((rect) => beyond(e, rect) || sticksOut(e, rect))) found.push(`${where(e)}: ${node.data.trim()}`);
}

const pen = document.createElement("canvas").getContext("2d");
for (const e of document.querySelectorAll("input:is(:not([type]), [type='text'], [type='number'], [role='combobox'])")) {
  if (!seen(e) || e.parentElement.dataset.whole === e.value) continue; // it is written whole behind it
  const style = getComputedStyle(e), text = e.value || e.placeholder;
  pen.font = style.font;
  const room = e.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  if (pen.measureText(text).width > room + 1) found.push(`${where(e)}: ${text}`);
}
for (const e of document.querySelectorAll("textarea")) {
  if (seen(e) && e.scrollHeight > e.clientHeight + 3) found.push(`${where(e)}: ${e.value || e.placeholder}`);
}
return found;
