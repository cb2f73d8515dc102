// gradio names parts of its players and fields in English in every language, and one by the key of a text that it has
// none for. These are their names, in the language of the browser.
(() => {
  const NAMES = [
    "Adjust volume", "Reset audio", "Trim audio to selection", "Clear audio", "undo", "Upload file", "Record audio",
    "Select input device", "Click to upload or drop files", "File upload", "Uploaded files", "Remove this file",
    "Reset to default value", "More tabs", "Drag to adjust start time", "Drag to adjust end time", "Empty value",
  ];
  const WITH = [
    "Adjust playback speed to {n}x", "Skip backwards by {n} seconds", "Skip forward by {n} seconds",
    "number input for {label}", "range slider for {label}",
  ];
  const MISSING = { "common.upload": "Upload file" };
  const filled = (text, label) => {
    const [before, after] = text.split(/\{\w+\}/);
    if (!label.startsWith(before) || !label.endsWith(after)) return null;
    const value = label.slice(before.length, label.length - after.length);
    const shown = /^\d+(\.\d+)?$/.test(value) ? window.smileNumber(Number(Number(value).toFixed(2))) : value;
    return window.smileSaid(text).replace(/\{\w+\}/, () => shown);
  };
  const named = (label) => {
    const known = MISSING[label] ?? label;
    if (NAMES.includes(known)) return window.smileSaid(known);
    return WITH.map((text) => filled(text, label)).find(Boolean) ?? label;
  };
  const name = (element) => {
    for (const attribute of ["aria-label", "title"]) {
      const label = element.getAttribute(attribute), said = label && named(label);
      if (said !== label) element.setAttribute(attribute, said);
    }
  };
  const look = (records) => records.forEach(({ type, target, addedNodes }) => {
    if (type === "attributes") return name(target);
    for (const one of addedNodes) {
      if (one.nodeType !== Node.ELEMENT_NODE) continue;
      name(one);
      one.querySelectorAll("[aria-label], [title]").forEach(name);
    }
  });
  const attributeFilter = ["aria-label", "title"];
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true, attributeFilter });
})();
