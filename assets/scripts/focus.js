// Who pressed something by a key that has gone since, or rests meanwhile, goes on from where it was: from the part
// of the page that it stood in, and from it once it can be pressed again.
(() => {
  const WAIT = 400; // milliseconds that others, who know better, have to place the focus
  let byKey = false, trail = []; // whether a key was pressed last; what had the focus last, and all around it
  let part = null; // that has the focus in place of what has gone
  let due = 0;
  const there = (one) => one.isConnected && one.checkVisibility() && one.getClientRects().length > 0;
  const free = (one) => one && there(one) && !one.disabled;
  let left = false; // whether what had the focus was seen to be gone or to rest
  const place = () => {
    const [last] = trail, again = free(last) ? last : last.id && document.getElementById(last.id);
    if (free(again)) return again;
    if (there(last)) return null; // it rests
    const around = trail.find(there);
    return around && around !== document.body && around !== document.documentElement ? around : null;
  };
  const go = () => {
    due = 0;
    if (!byKey || ![document.body, part].includes(document.activeElement)) return;
    const to = place();
    if (!to || to === document.activeElement) return;
    if (to !== trail[0] && (!to.id || to.id !== trail[0].id)) {
      part = to;
      if (!to.matches("[tabindex]")) to.tabIndex = -1;
    }
    to.focus({ preventScroll: true });
  };
  document.addEventListener("keydown", () => (byKey = true), true);
  document.addEventListener("pointerdown", () => (byKey = false), true);
  document.addEventListener("focusin", ({ target }) => {
    if (target === part) return;
    [trail, part, left] = [[], null, false];
    for (let one = target; one; one = one.parentElement) trail.push(one);
  });
  const look = () => {
    if (!byKey || !trail.length) return; // asking costs a layout
    if (!free(trail[0])) left = true; // before the browser takes the focus from it
    if (left) due ||= setTimeout(go, WAIT);
  };
  const attributeFilter = ["class", "style", "disabled", "hidden"];
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true, attributeFilter });
})();
