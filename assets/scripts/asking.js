// What cannot be taken back is asked once: the first press puts the question on the button, a second one does it.
const ASKED_FOR = 6000; // milliseconds
const words = (element) => {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT); // empty ones lie between others
  while (texts.nextNode()) if (texts.currentNode.data.trim()) return texts.currentNode;
  return element.appendChild(document.createTextNode(""));
};
const ask = (button) => {
  const text = words(button), name = text.data;
  text.data = window.smileSaid("Delete it for good? Press again");
  button.dataset.asked = "";
  const forget = () => {
    delete button.dataset.asked;
    if (text.isConnected) text.data = name;
    button.removeEventListener("blur", forget), clearTimeout(due);
  };
  const due = setTimeout(forget, ASKED_FOR);
  button.addEventListener("blur", forget);
  button.addEventListener("click", forget, { once: true });
  button.focus();
};
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button.asks");
  if (!button || "asked" in button.dataset) return;
  event.stopImmediatePropagation(), event.preventDefault();
  ask(button);
}, true);
