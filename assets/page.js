// Small things that the page does by itself: the address, the keyboard, the way to the result.

// The page's own texts in the language of the browser; gradio has those of components from the same place.
const texts = () => window.gradio_config?.i18n_translations?.[navigator.language?.split("-")[0]];
window.smileSaid = (text) => texts()?.[text] ?? text;

// A number as that language writes it.
window.smileNumber = (number, digits) => {
  const form = { minimumFractionDigits: digits, maximumFractionDigits: digits ?? 9 };
  return number.toLocaleString(texts() ? navigator.language : "en", form);
};

// The address says the tab at hand and what is chosen in it, so that copying it shares the view, and Back goes
// from tab to tab. What is as usual is left out. What is chosen in the first tab stands in it beside every tab.
const FIRST_TAB = "transcribe";
const named = {}; // what each tab may have in the address
const chosen = {}; // what is chosen in each, by name: its text, if it is unusual, if it goes by the pool
const addressed = () => new URL(window.location).searchParams.get("tab") ?? FIRST_TAB;
const tabs = () => [...document.querySelectorAll("#tabs > .tab-wrapper > [role='tablist'] > [role='tab']")];
const atHand = () => tabs().find((tab) => tab.ariaSelected === "true")?.dataset.tabId;

const address = (tab) => {
  const url = new URL(window.location), { searchParams } = url;
  Object.values(named).flat().forEach((name) => searchParams.delete(name));
  if (tab === FIRST_TAB || !tab) searchParams.delete("tab");
  else searchParams.set("tab", tab);
  const put = ([name, { text, unusual, follows }]) => {
    if (unusual || (follows && searchParams.has("pool"))) searchParams.set(name, text);
    else searchParams.delete(name);
  };
  [chosen[FIRST_TAB], chosen[tab]].forEach((known) => Object.entries(known ?? {}).forEach(put));
  const plain = { "%3B": ";", "%2C": ",", "%2F": "/", "%3A": ":" };
  url.search = searchParams.toString().replace(/%(3B|2C|2F|3A)/g, (code) => plain[code]);
  return url.href;
};
const readdress = () => {
  const now = address(addressed());
  if (now !== window.location.href) window.history.replaceState(window.history.state, "", now);
};

const written = (value) => (Array.isArray(value) ? value.join(";") : String(value ?? ""));
window.smileRemember = ({ tab, names, defaults, follows }, values, later) => {
  const usual = later ? values.at(-1) : null; // defaults that the server tells with an answer
  const known = names.map((name, i) => {
    const text = written(values[i]), there = text !== "" || Array.isArray(values[i]);
    const unusual = there && text !== written(usual?.[name] ?? defaults[i]);
    return [name, { text, unusual, follows: there && follows.includes(name) }];
  });
  chosen[tab] = Object.fromEntries(known);
  if (named[tab]) readdress();
};

// Open the tab of the address; one that there is none of is left out of it.
const openTab = () => {
  const wanted = tabs().find((tab) => tab.dataset.tabId === addressed());
  if (!wanted) window.history.replaceState(window.history.state, "", address(atHand()));
  else if (wanted.ariaSelected !== "true") wanted.click();
};

// What the address asks for has been set: open its tab, unless a visitor has gone to one meanwhile, and follow.
window.smileRestored = (names) => {
  if (!atHand()) return setTimeout(window.smileRestored, 50, names);
  if (named[FIRST_TAB]) return; // the page was connected again
  const { searchParams } = new URL(window.location);
  const asked = (name) => [name, { text: searchParams.get(name), unusual: true }];
  for (const [tab, own] of Object.entries(names)) {
    named[tab] = own;
    if (tab === FIRST_TAB || tab === addressed()) {
      chosen[tab] = { ...Object.fromEntries(own.filter((name) => searchParams.has(name)).map(asked)), ...chosen[tab] };
    }
  }
  const follow = () => {
    const tab = atHand();
    if (tab && tab !== addressed()) window.history.pushState(null, "", address(tab));
  };
  if (atHand() === FIRST_TAB) openTab();
  else follow();
  readdress();
  // gradio lays tabs out anew
  new MutationObserver(follow).observe(document.body, { subtree: true, attributeFilter: ["aria-selected"] });
};

window.addEventListener("popstate", () => (openTab(), readdress()));

// A word of the glossary: a press shows its line below it; another press, Escape or going on takes it away.
const line = Object.assign(document.createElement("div"), { id: "term-line", role: "status", hidden: true });
let told = null; // the word whose line is shown
const untell = () => {
  told?.setAttribute("aria-expanded", "false");
  [told, line.hidden] = [null, true];
};
const tell = (term) => {
  untell();
  document.body.append(line);
  term.setAttribute("aria-expanded", "true");
  [told, line.hidden, line.textContent] = [term, false, term.dataset.line];
  const { left, bottom } = term.getBoundingClientRect();
  const most = document.documentElement.clientWidth - line.offsetWidth - 8;
  line.style.left = `${window.scrollX + Math.max(8, Math.min(left, most))}px`;
  line.style.top = `${window.scrollY + bottom + 4}px`;
};
document.addEventListener("click", ({ target }) => {
  const term = target.closest?.("button.term");
  if (term && term !== told) tell(term);
  else untell();
});
document.addEventListener("focusout", ({ target }) => target === told && untell());

// Ctrl+Enter (or Cmd+Enter) transcribes from anywhere, Escape cancels.
document.addEventListener("keydown", (event) => {
  const press = (id) => document.querySelector(`button#${id}:not(:disabled)`)?.click();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) press("start");
  if (event.key === "Escape" && told) return untell();
  if (event.key === "Escape" && !event.target.closest("input, textarea")) press("stop"), press("map-stop");
});

// Go to a part of the page where its beginning is out of sight; on a phone all the height is for it.
window.smileShow = (css) => {
  const part = document.querySelector(css);
  if (!part) return;
  const { top } = part.getBoundingClientRect();
  const low = window.matchMedia("(max-width: 760px)").matches ? 24 : window.innerHeight / 2;
  if (top >= 0 && top < low) return;
  part.scrollIntoView({ behavior: calm() ? "auto" : "smooth" });
};
const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

// Scroll no further than a part of the page needs to be in sight, once it has been drawn.
window.smileReveal = (css) =>
  setTimeout(() => {
    const behavior = calm() ? "auto" : "smooth";
    document.querySelector(css)?.scrollIntoView({ block: "nearest", behavior });
  }, 50);

// Set controls to an answer's values, unless one of them was changed while it was on its way: the request of
// that change follows.
window.smileAnswer = (answer, ...now) => {
  const said = (values) => JSON.stringify(values?.map((value) => value ?? ""));
  return said(answer?.asked) === said(now) ? answer.new : now.map(() => ({ __type__: "update" }));
};

// Fold a part of the page, on a phone, and unfold it.
document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("button.fold");
  if (!button) return;
  const open = button.ariaExpanded !== "true";
  button.ariaExpanded = String(open);
  document.getElementById(button.getAttribute("aria-controls"))?.classList.toggle("unfolded", open);
});

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

// Take a part of the page away that has served.
window.smileClose = (css) => document.querySelector(css)?.classList.add("closed");

// An address that names a recording or a tab is no first sight: the finished example would be in the way.
if (["example", "pool", "tab"].some((name) => new URL(window.location).searchParams.has(name))) {
  document.documentElement.classList.add("returning");
}

// Hand over the file that a hidden download button has just been given.
window.smileDownload = (css) => setTimeout(() => document.querySelector(css).click());

// gradio gives each radio button a group of its own; one group makes the arrow keys work and is read with its label.
document.addEventListener("focusin", (event) => {
  const group = event.target.closest("fieldset");
  if (!group) return;
  const label = group.querySelector("[data-testid='block-info']");
  label.id = `${group.id}-label`;
  group.setAttribute("aria-labelledby", label.id);
  group.querySelectorAll("input[type='radio']").forEach((radio) => (radio.name = group.id));
});

// Say of a table that scrolls in its box whether there is more of it to either side.
const edges = (box) => {
  const left = Math.abs(box.scrollLeft), rest = box.scrollWidth - box.clientWidth - left;
  box.classList.toggle("moved", left > 1);
  box.classList.toggle("more", rest > 1);
};
const sized = new ResizeObserver((entries) => entries.forEach(({ target }) => edges(target.closest(".scroll"))));
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

// A file that is too large, or several that are too large together, are told where they were chosen; gradio
// says it in English, for a moment, and tries.
const LARGE = "That file is too large: at most {n} MB are taken. Save it as FLAC, MP3 or M4A, or cut it into pieces.";
const MANY = "These files are too large together: at most {n} MB are taken at once. Choose them one after the other.";
const tooLarge = (files) => {
  const { max_file_size: each, most_at_once: all } = window.gradio_config ?? {};
  const sizes = [...(files ?? [])].map(({ size }) => size);
  if (sizes.some((size) => size > (each ?? Infinity))) return [LARGE, each];
  return sizes.reduce((sum, size) => sum + size, 0) > all ? [MANY, all] : null;
};
const refuseLarge = (event, files) => {
  const box = event.target.closest?.(".block"), large = tooLarge(files);
  box?.parentElement.querySelector(".refused")?.remove();
  if (!box || !large) return false;
  event.preventDefault();
  event.stopImmediatePropagation();
  tellBelow(box, window.smileSaid(large[0]).replace("{n}", window.smileNumber(Math.floor(large[1] / 1e6), 0)));
  return true;
};
document.addEventListener("change", (event) => {
  if (event.target.type === "file" && refuseLarge(event, event.target.files)) event.target.value = "";
}, true);
document.addEventListener("drop", (event) => refuseLarge(event, event.dataTransfer?.files), true);

const tellBelow = (box, text) => {
  const note = Object.assign(document.createElement("p"), { className: "stage error refused", role: "alert" });
  note.textContent = text;
  box.after(note);
  return note;
};

// A microphone that cannot be had is told where it was asked for, and Record can be pressed again: gradio's
// recorder would go on waiting, and begins anew when its other source has been at hand.
const REFUSALS = {
  NotAllowedError: "The browser does not let this page use the microphone: allow it (the sign beside the address), then press Record again, or upload a recording.",
  NotFoundError: "There is no microphone: connect one, then press Record again, or upload a recording.",
  NotReadableError: "The microphone is in use by another program: close that one, then press Record again, or upload a recording.",
};
const REFUSED = "The microphone cannot be used here: upload a recording instead.";
let asking = null; // the recorder whose button was pressed last
document.addEventListener("click", (event) => {
  if (!event.target.closest?.(".recorder .record-button")) return;
  asking = event.target.closest(".recorder");
  asking.parentElement.querySelector(".refused")?.remove();
  if (!navigator.mediaDevices) refuse(); // the page is not served over https
}, true);
const refuse = (error) => {
  const box = asking;
  if (!box?.isConnected) return;
  tellBelow(box, window.smileSaid(REFUSALS[error?.name] ?? REFUSED));
  const source = (name) => box.querySelector(`.source-selection button[aria-label="${name}"]`);
  source("Upload file")?.click();
  setTimeout(() => source("Record audio")?.click(), 150);
};
if (navigator.mediaDevices) {
  const media = navigator.mediaDevices, ask = media.getUserMedia.bind(media);
  media.getUserMedia = (wanted) => ask(wanted).catch((error) => { refuse(error); throw error; });
}
