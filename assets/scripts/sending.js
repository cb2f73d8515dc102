// A recording, or files, that the connection is lost for are sent once it is back. Gradio would give up: it keeps a
// recording on the page as if the server had it, and says nothing. A page that is left or loaded anew (as gradio
// does once the server is back) loses what was not sent yet, so the browser asks first.
(() => {
  const LOST = "The connection is lost. This is sent as soon as it is back; leave the page open, and wait with the next step.";
  const LOOK = 2000; // milliseconds between two looks whether the server can be reached
  const TRIES = 2; // of what does not come through though the server can be reached, which may refuse it
  const post = window.fetch.bind(window);
  const newest = new WeakMap(); // what was sent last from each place
  let place = null; // where something was chosen or recorded last
  let unsent = 0; // what is being sent, or waits for it

  const note = (event) => (place = event.target.closest(".block") ?? place);
  document.addEventListener("change", (event) => event.target.type === "file" && note(event), true);
  document.addEventListener("drop", note, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.(".recorder :is(.record-button, .stop-button, .stop-button-paused)")) note(event);
  }, true);

  const untell = (box) => box?.parentElement?.querySelector(".unsent")?.remove();
  const reached = (address) =>
    post(address.replace(/\/upload\b.*/, "/app_id")).then(({ ok }) => ok, () => false);
  const back = async (address, still) => {
    do await new Promise((resolve) => setTimeout(resolve, LOOK));
    while (still() && !(await reached(address)));
  };

  window.addEventListener("beforeunload", (event) => unsent && event.preventDefault());

  window.fetch = (asked, options) => {
    const address = String(asked?.url ?? asked);
    if (!(options?.body instanceof FormData && /\/gradio_api\/upload\b/.test(address))) return post(asked, options);
    unsent += 1;
    return send(asked, options, address).finally(() => (unsent -= 1));
  };

  const send = async (asked, options, address) => {
    const box = place, still = () => !box || newest.get(box) === options;
    if (box) newest.set(box, options), untell(box);
    for (let tries = 1; ; ) {
      try {
        const answer = await post(asked, options);
        if (still()) untell(box);
        return answer;
      } catch (error) {
        const refused = (await reached(address)) && ++tries > TRIES;
        if (still()) untell(box);
        if (!(error instanceof TypeError) || refused || !still()) throw error;
        if (box) tellBelow(box, window.smileSaid(LOST)).classList.add("unsent");
        await back(address, still);
        if (!still()) throw error;
      }
    }
  };
})();
