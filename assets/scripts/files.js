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
