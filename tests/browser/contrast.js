// Texts of the page's own cards and notes whose contrast with what lies behind them is under 4.5 to 1.
const channels = (colour) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = canvas.getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data];
};
const luminance = (rgb) =>
  rgb
    .slice(0, 3)
    .map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const fill = channels(getComputedStyle(e).backgroundColor);
    if (fill[3] === 255) return fill;
  }
  return [255, 255, 255, 255];
};
// SVG's own text has a fill instead.
const colour = (element) => getComputedStyle(element)[element instanceof SVGElement ? "fill" : "color"];
const ratio = (element) => {
  const [a, b] = [luminance(channels(colour(element))), luminance(behind(element))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};
const texts = [...document.querySelectorAll(".masthead *, .colophon *, #results *, #map-results *, #actions button, .inputs span")];
return texts
  .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
  .filter((e) => ratio(e) < 4.5)
  .map((e) => `${e.className || e.tagName}: ${e.textContent.trim().slice(0, 30)} ${ratio(e).toFixed(2)}`);
