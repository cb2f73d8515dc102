// A screen reader is told what goes on, but not every clip of a pool: of lines that differ in their numbers just
// the first at once, and then one every 15 s. What is told stands apart, out of sight.
window.smileAnnounce = (element, every = 15000) => {
  const region = Object.assign(document.createElement("div"), { className: "unseen", role: "status", ariaLive: "polite" });
  element.after(region);
  let kind = "", due = 0, later;
  const tell = () => {
    const line = element.querySelector(".stage"), text = line?.textContent ?? "";
    const now = Date.now(), same = line?.matches(".working") && kind === text.replace(/\d+/g, "");
    clearTimeout(later);
    if (text === region.textContent) return;
    if (same && now < due) return (later = setTimeout(tell, due - now));
    [region.textContent, kind, due] = [text, text.replace(/\d+/g, ""), now + every];
  };
  new MutationObserver(tell).observe(element, { childList: true, subtree: true, characterData: true });
};
