// What the tab My language does by itself, beside its editor.

// Who opens a transcript by a key goes on in its text, once it is there; a tap brings no keyboard of a phone up.
let byKey = null; // the transcript that a key has asked for: { name, part }
document.addEventListener("click", ({ target, detail }) => {
  const row = target.closest?.("#own-results [data-name]");
  if (row) byKey = detail === 0 ? { ...row.dataset } : null;
}, true);
window.smileOpened = (tries = 60) => {
  window.smileShow("#own-part");
  const look = () => {
    if (!byKey) return;
    const { name, part } = document.querySelector("#own-part .wave")?.dataset ?? {};
    const field = document.querySelector("#own-part-text textarea");
    if (name !== byKey.name || part !== byKey.part || !field) return tries-- && requestAnimationFrame(look);
    byKey = null;
    if (document.activeElement === document.body || document.activeElement.closest("#own-results")) {
      field.focus({ preventScroll: true });
    }
  };
  look();
};

// What was asked of a language that the page has left since paints nothing over the one that is open now, however
// late its answer comes; only a file that was asked for is still handed over. Each question names the address of
// its language, and the answer that goes over to another says that one's. Of several ways to go the last one that
// was asked for counts.
const STORED = "smile-my-language"; // where the address that is open is kept
const fetched = window.fetch.bind(window);
const left = new Set(); // addresses
let asked = 0, way = { number: 0 }; // questions so far, and the way that was gone last
const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a proxy may answer with a page of its own
  }
};
const question = (url, options) => {
  const told = String(url?.url ?? url).includes("/run/") ? parsed(options?.body) : null;
  if (!told) return null;
  const { components, dependencies } = window.gradio_config ?? { components: [], dependencies: [] };
  const { fn_index: number, data } = told;
  const place = components.find(({ props }) => props?.storage_key === STORED)?.id;
  const event = dependencies.find(({ id }) => id === number);
  const at = event?.inputs.indexOf(place) ?? -1;
  if (at < 0) return null;
  const files = event.outputs.map((id) => components.find((one) => one.id === id)?.type === "downloadbutton");
  return { number: ++asked, address: data[at], to: event.outputs.indexOf(place), files };
};
const skipped = { __type__: "update" };
window.fetch = async (...request) => {
  const about = question(...request), answer = await fetched(...request);
  if (!about || !answer.ok) return answer;
  const told = parsed(await answer.clone().text());
  if (!Array.isArray(told?.data)) return answer;
  const to = told.data[about.to], goes = typeof to === "string" && to !== about.address;
  if (left.has(about.address) && !(goes && about.number > way.number)) {
    const data = told.data.map((value, i) => (about.files[i] ? value : skipped));
    return Response.json({ ...told, data }, { status: answer.status });
  }
  if (goes) {
    for (const gone of [about.address, way.to]) left.add(gone);
    left.delete(to);
    way = { number: about.number, to };
  }
  return answer;
};
