// A comparison that ended as the page was left or loaded anew, or as the connection was lost, is told where its
// cells would stand: nothing is kept of it.
(() => {
  const KEY = "smile-comparing";
  const CUT = "The comparison ended as the page was closed or loaded anew. Press Compare to begin it again.";
  const kept = (use) => {
    try {
      return use(window.sessionStorage);
    } catch {} // the browser lets the page keep nothing
  };
  window.smileComparing = (now) => {
    document.querySelector("#compare-results .cut-short")?.remove();
    kept((storage) => (now ? storage.setItem(KEY, "") : storage.removeItem(KEY)));
  };
  if (typeof kept((storage) => storage.getItem(KEY)) !== "string") return;
  window.smileComparing(false);
  const look = new MutationObserver(() => {
    const stage = document.querySelector("#compare-stage");
    if (!stage) return;
    look.disconnect();
    tellBelow(stage.closest(".block") ?? stage, window.smileSaid(CUT)).classList.add("cut-short");
  });
  look.observe(document.documentElement, { childList: true, subtree: true });
})();
