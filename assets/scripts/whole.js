// What is chosen in a list is read whole: where it is too long for its line it goes on in further ones, which lie below
// the field until somebody types into it.
(() => {
  const { get, set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
  const look = (field) => {
    if (!field.clientWidth) return; // out of sight
    if (field.scrollWidth > field.clientWidth + 1) field.parentElement.dataset.whole = get.call(field);
    else delete field.parentElement.dataset.whole;
  };
  const sized = new ResizeObserver((entries) => entries.forEach(({ target }) => look(target)));
  const follow = (field) => {
    field.dataset.whole = "";
    const later = () => requestAnimationFrame(() => look(field));
    const written = (text) => (set.call(field, text), later()); // by the page, which nothing else tells
    Object.defineProperty(field, "value", { configurable: true, get: () => get.call(field), set: written });
    ["input", "blur"].forEach((kind) => field.addEventListener(kind, later));
    sized.observe(field);
  };
  const find = () => document.querySelectorAll("input[role='combobox']:not([data-whole])").forEach(follow);
  new MutationObserver(find).observe(document.documentElement, { childList: true, subtree: true });
})();
