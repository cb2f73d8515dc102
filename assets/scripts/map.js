// Draws the map with plotly.js, which is loaded when the tab is first opened; a click on a point picks it.
// `value` is a figure with all points, `added` what a query adds to it (see smile/ui/map/figure.py). Both are
// JSON in a string: gradio would copy and watch every number of an object, which takes seconds.
const FAINTEST = 0.18;
const CLEAR = 0.9;
const plot = element.querySelector(".plot");
const say = (text) => (element.querySelector(".plot-note").textContent = window.smileSaid(text));

const parsed = {};
const read = (name) => {
  const text = props[name] || "null";
  if (parsed[name]?.text !== text) parsed[name] = { text, value: JSON.parse(text) };
  return parsed[name].value;
};

const library = () => {
  window.smilePlotly ||= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = plot.dataset.library;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("plotly.js cannot be loaded"));
    document.head.append(script);
  });
  return window.smilePlotly;
};

const webgl = () => Boolean(document.createElement("canvas").getContext("webgl"));

// A colour seen through, or where that does not work (in three dimensions) mixed with what is behind it.
const faded = (hex, alpha, behind) => {
  const rgb = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  if (!behind) return `rgba(${rgb},${alpha.toFixed(2)})`;
  return `rgb(${rgb.map((c, i) => Math.round(c * alpha + behind[i] * (1 - alpha)))})`;
};

// How clearly each point is seen: the nearest fully, those at the median distance and beyond hardly.
const clarity = (added) => {
  if (!added?.distances) return (i) => (!added || added.nearest.includes(i) ? CLEAR : 2 * FAINTEST);
  const known = Float64Array.from(added.distances.filter((d) => d !== null)).sort();
  const [least, median] = [known[0], known[Math.floor(known.length / 2)]];
  const span = Math.max(median - least, 1e-9);
  return (i) => {
    const d = added.distances[i];
    return d === null ? CLEAR : Math.max(FAINTEST, CLEAR * Math.exp(-3 * ((d - least) / span) ** 2));
  };
};

const dressed = (trace, added, behind) => {
  if (trace.meta === "above") return { ...trace, marker: { ...trace.marker, opacity: added ? 0.5 : 1 } };
  const clear = clarity(added);
  const away = (i) => (added?.distances?.[i] == null ? "" : `<br>KL ${window.smileNumber(added.distances[i])}`);
  return {
    ...trace,
    text: trace.text.map((text, n) => text + away(trace.customdata[n])),
    marker: { ...trace.marker, color: trace.customdata.map((i) => faded(trace.marker.color, clear(i), behind)) },
  };
};

// The legend shows a group's colour without the fading.
const keys = (trace) => ({ ...trace, showlegend: false, legendgroup: trace.name });
const legend = (trace) => {
  const axes = Object.fromEntries(["x", "y", "z"].filter((a) => a in trace).map((a) => [a, [null]]));
  return { ...trace, ...axes, text: [], customdata: [], hoverinfo: "skip", hovertemplate: undefined,
    legendgroup: trace.name, showlegend: true };
};

// Both axes to one scale with all points in sight. plotly's own `scaleanchor` would read all points again
// whenever the map is moved.
const fit = async () => {
  const { _fullLayout: { xaxis, yaxis } } = plot;
  const flat = plot.data.filter((t) => !t.showlegend && t.customdata);
  const spans = ["x", "y"].map((a) => {
    const values = flat.flatMap((t) => t[a]);
    return values.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);
  });
  const scale = 1.08 * Math.max(...[xaxis, yaxis].map(({ _length }, i) => (spans[i][1] - spans[i][0] || 1) / _length));
  const ranges = [xaxis, yaxis].map(({ _length }, i) => {
    const middle = (spans[i][0] + spans[i][1]) / 2;
    return [middle - (scale * _length) / 2, middle + (scale * _length) / 2];
  });
  await window.Plotly.relayout(plot, { "xaxis.range": ranges[0], "yaxis.range": ranges[1] });
};

// Fit again where another map or another size is shown, and leave the visitor's view alone otherwise.
let shown = "";
const settle = async () => {
  const { xaxis, yaxis, uirevision } = plot._fullLayout;
  const now = `${uirevision} ${xaxis?._length} ${yaxis?._length}`;
  if (now === shown || !xaxis) return;
  shown = now;
  await fit();
};

let drawing = Promise.resolve();
const draw = () => (drawing = drawing.then(paint).catch((error) => say(`The map cannot be drawn: ${error.message}.`)));

const paint = async () => {
  const [value, added] = [read("value"), read("added")];
  if (!value) return;
  const deep = Boolean(value.layout.scene);
  const flat = !webgl();
  if (flat && deep) return say("Three dimensions need WebGL, which this browser does not have; choose two.");
  const Plotly = await library();
  const touch = window.matchMedia("(pointer: coarse)").matches;
  const layout = dressedLayout(value.layout, touch && !deep);
  const behind = getComputedStyle(element.closest("#map-plot")).backgroundColor.match(/\d+/g).map(Number);
  const traces = [...value.data.map((t) => keys(dressed(t, added, deep && behind))), ...value.data.map(legend)];
  const all = [...traces, ...(added?.data ?? [])].map((t) => (flat ? { ...t, type: "scatter" } : t));
  const whole = { name: "whole", title: window.smileSaid("Show all"), icon: Plotly.Icons.home, click: fit };
  const config = { ...value.config, displaylogo: false, responsive: true, plotGlPixelRatio: window.devicePixelRatio, scrollZoom: !touch, doubleClick: false,
    modeBarButtons: [deep ? ["resetCameraDefault3d"] : ["zoomIn2d", "zoomOut2d", whole]] };
  await Plotly.react(plot, all, layout, config);
  await settle();
  if (!plot.dataset.drawn) plot.on("plotly_click", clicked);
  if (!plot.dataset.drawn) plot.on("plotly_afterplot", settle);
  plot.dataset.drawn = Number(plot.dataset.drawn ?? 0) + 1;
  say("");
};

const dressedLayout = (given, still) => {
  const style = getComputedStyle(element);
  const layout = structuredClone(given);
  layout.font = { family: style.fontFamily, color: style.color };
  layout.hoverlabel.font = { family: getComputedStyle(document.documentElement).getPropertyValue("--text-font") };
  if (still) layout.dragmode = false; // a finger scrolls the page
  return layout;
};

// In three dimensions plotly tells of a click when the button goes down; one that turns the map picks nothing.
let pressed = null;
const far = ({ clientX: x, clientY: y }) => Math.hypot(x - pressed.x, y - pressed.y) > 4;
plot.addEventListener("pointerdown", ({ clientX: x, clientY: y }) => (pressed = { x, y, down: true }), true);
plot.addEventListener("pointermove", (event) => pressed?.down && far(event) && (pressed.moved = true), true);
plot.addEventListener("pointerup", () => {
  if (!pressed) return;
  pressed.down = false;
  if (!pressed.moved) pick(pressed.index);
}, true);
const clicked = ({ points: [{ customdata }] }) => {
  if (plot._fullLayout.scene && pressed?.down) pressed.index = customdata;
  else if (!pressed?.moved) pick(customdata);
};

const pick = (index) => Number.isInteger(index) && trigger("pick", { index });

let dark = document.body.classList.contains("dark");
const recolour = () => {
  if (dark === document.body.classList.contains("dark")) return;
  dark = !dark;
  setTimeout(draw, 500); // once colours have gone over
};
new MutationObserver(recolour).observe(document.body, { attributes: true, attributeFilter: ["class"] });

watch(["value", "added"], draw);
draw();
