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
