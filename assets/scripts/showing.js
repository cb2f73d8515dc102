// What is in sight: parts of the page are scrolled to, folded, and taken away.

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

// Fold a part of the page, on a phone, and unfold it.
document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("button.fold");
  if (!button) return;
  const open = button.ariaExpanded !== "true";
  button.ariaExpanded = String(open);
  document.getElementById(button.getAttribute("aria-controls"))?.classList.toggle("unfolded", open);
});

// Take a part of the page away that has served.
window.smileClose = (css) => document.querySelector(css)?.classList.add("closed");

// An address that names a recording or a tab is no first sight: the finished example would be in the way.
if (["example", "pool", "tab"].some((name) => new URL(window.location).searchParams.has(name))) {
  document.documentElement.classList.add("returning");
}
