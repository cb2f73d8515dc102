// Draws the map with plotly.js, which is loaded when the tab is first opened; a click on a point picks it.
// `value` is a figure with all points, `found` what a query adds to it (see smile/ui/map/figure.py).
const FAINTEST = 0.12;
const CLEAR = 0.9;
const plot = element.querySelector(".plot");
const say = (text) => (element.querySelector(".plot-note").textContent = text);

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
const clarity = (found) => {
  if (!found?.distances) return (i) => (!found || found.nearest.includes(i) ? CLEAR : 2 * FAINTEST);
  const known = found.distances.filter((d) => d !== null).sort((a, b) => a - b);
  const [least, median] = [known[0], known[Math.floor(known.length / 2)]];
  const span = Math.max(median - least, 1e-9);
  return (i) => {
    const d = found.distances[i];
    return d === null ? CLEAR : Math.max(FAINTEST, CLEAR * Math.exp(-3 * ((d - least) / span) ** 2));
  };
};

const dressed = (trace, found, behind) => {
  const clear = clarity(found);
  const away = (i) => (found?.distances?.[i] == null ? "" : `<br>KL ${found.distances[i]}`);
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

let drawing = Promise.resolve();
const draw = () => (drawing = drawing.then(paint).catch((error) => say(`The map cannot be drawn: ${error.message}.`)));

const paint = async () => {
  const { value, found } = props;
  if (!value) return;
  const deep = Boolean(value.layout.scene);
  const flat = !webgl();
  if (flat && deep) return say("Three dimensions need WebGL, which this browser does not have; choose two.");
  const Plotly = await library();
  const touch = window.matchMedia("(pointer: coarse)").matches;
  const style = getComputedStyle(element);
  const behind = getComputedStyle(element.closest("#map-plot")).backgroundColor.match(/\d+/g).map(Number);
  const layout = structuredClone(value.layout);
  layout.font = { family: style.fontFamily, color: style.color };
  layout.hoverlabel.font = { family: getComputedStyle(document.documentElement).getPropertyValue("--text-font") };
  if (touch && !deep) layout.dragmode = false; // a finger scrolls the page
  const traces = [...value.data.map((t) => keys(dressed(t, found, deep && behind))), ...value.data.map(legend)];
  const buttons = deep ? ["resetCameraDefault3d"] : ["zoomIn2d", "zoomOut2d", "resetScale2d"];
  const config = { displaylogo: false, responsive: true, scrollZoom: !touch, modeBarButtons: [buttons] };
  const all = [...traces, ...(found?.data ?? [])].map((t) => (flat ? { ...t, type: "scatter" } : t));
  await Plotly.react(plot, all, layout, config);
  if (!plot.dataset.drawn) plot.on("plotly_click", ({ points }) => pick(points[0].customdata));
  plot.dataset.drawn = Number(plot.dataset.drawn ?? 0) + 1;
  say("");
};

const pick = (index) => Number.isInteger(index) && trigger("pick", { index });

watch(["value", "found"], draw);
draw();
