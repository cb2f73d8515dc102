// A recording by segments and words, drawn by wavesurfer.js; HTML and keys are from smile/ui/parts/waveform.py.
// The sound is played by the page's own <audio>, which stays in sight where the waveform cannot be drawn.
const SPEEDS = [0.5, 0.75, 1];
const NEAR = 0.05; // seconds from an end that count as the end
const LONG = 60, MOST = 200; // seconds from which all is drawn narrower; words that are written into the waveform
let at = null; // the figure that is shown: { box, audio, data, stretch, wave }
let speed = 1, repeating = false; // kept from one recording to the next

const mac = /mac|iphone|ipad/i.test(navigator.platform); // where Option writes letters
const home = () => element.closest(".own-editor") ?? element;
const alive = () => element.isConnected && element.offsetParent !== null && at?.box.isConnected;
const held = (event) => {
  if (event.isComposing || event.metaKey || event.getModifierState("AltGraph")) return false;
  if (mac) return event.ctrlKey && event.shiftKey && !event.altKey;
  return event.altKey && !event.ctrlKey && !event.shiftKey;
};

const script = (address) =>
  new Promise((resolve, reject) => {
    const made = Object.assign(document.createElement("script"), { src: address, onload: resolve });
    made.onerror = () => reject(new Error(`${address} cannot be loaded`));
    document.head.append(made);
  });
const library = (folder) => {
  window.smileWaves ||= script(`${folder}/wavesurfer.min.js`)
    .then(() => script(`${folder}/regions.min.js`))
    .then(() => window.WaveSurfer);
  return window.smileWaves;
};

// Times of the recording, of which the sound is a stretch.
const time = () => at.data.begins + at.audio.currentTime;
const seek = (seconds) => (at.audio.currentTime = Math.min(Math.max(seconds - at.data.begins, 0), at.data.seconds));
const within = ([start, end]) => time() > start + NEAR && time() < end - NEAR;

const play = (stretch, from = stretch[0]) => {
  seek(from);
  at.stretch = stretch;
  return at.audio.play().catch(() => {}); // the browser says no until something was pressed
};
const follow = () => {
  if (!at || at.audio.paused) return;
  const now = time();
  if (at.stretch && now >= at.stretch[1]) {
    if (repeating) seek(at.stretch[0]);
    else at.audio.pause();
  }
  at.words.forEach((word) => word.classList.toggle("now", now >= word.dataset.start && now < word.dataset.end));
};
const frame = () => {
  follow();
  if (at && !at.audio.paused) requestAnimationFrame(frame);
};

const paced = (wanted) => {
  speed = wanted;
  at.audio.preservesPitch = true;
  at.audio.playbackRate = speed;
  at.box.querySelectorAll("[data-speed]").forEach((one) => (one.ariaPressed = String(Number(one.dataset.speed) === speed)));
};
const repeated = (wanted) => {
  repeating = wanted;
  const button = at.box.querySelector("[data-do='repeat']");
  if (button) button.ariaPressed = String(repeating);
};

const commands = {
  play: () => {
    if (!at.audio.paused) return at.audio.pause();
    play(at.data.segment, within(at.data.segment) ? time() : at.data.segment[0]);
  },
  back: () => seek(time() - 2),
  repeat: () => repeated(!repeating),
  slower: () => paced(SPEEDS[Math.max(SPEEDS.indexOf(speed) - 1, 0)]),
  faster: () => paced(SPEEDS[Math.min(SPEEDS.indexOf(speed) + 1, SPEEDS.length - 1)]),
};

// One of a group is tabbed to, arrows lead to the others; the text may run from right to left.
const walk = (event) => {
  const group = event.target.closest("[data-walk]");
  const all = group ? [...group.querySelectorAll("button")] : [];
  const ahead = getComputedStyle(event.target).direction === "rtl" ? -1 : 1; // that of the text, not of the page
  const step = { ArrowRight: ahead, ArrowLeft: -ahead, ArrowDown: 1, ArrowUp: -1 }[event.key];
  const ends = { Home: 0, End: all.length - 1 }[event.key];
  if (!all.length || (step === undefined && ends === undefined)) return;
  event.preventDefault();
  const next = all[ends ?? (all.indexOf(event.target) + step + all.length) % all.length];
  all.forEach((one) => (one.tabIndex = one === next ? 0 : -1));
  next.focus();
};

const colour = (name) => getComputedStyle(at.box).getPropertyValue(name).trim();
const draw = async (box) => {
  const lane = box.querySelector(".wave-lane");
  const WaveSurfer = await library(lane.dataset.library);
  if (at?.box !== box || !box.isConnected) return;
  const { data, audio } = at;
  const regions = WaveSurfer.Regions.create();
  const wave = WaveSurfer.create({
    container: lane, media: audio, peaks: [data.peaks.map((peak) => peak / 100)], duration: data.seconds,
    height: 88, minPxPerSec: data.seconds > LONG ? 16 : 45, dragToSeek: true, cursorWidth: 2, plugins: [regions],
    waveColor: colour("--wave"), progressColor: colour("--wave-done"), cursorColor: colour("--wave-cursor"),
  });
  at.wave = wave;
  const place = (start, end, more) =>
    regions.addRegion({ start: start - data.begins, end: end - data.begins, drag: false, resize: false, ...more });
  wave.on("ready", () => {
    if (at?.wave !== wave) return;
    box.classList.add("drawn"), (audio.controls = false);
    data.segments.forEach(([start, end]) => place(start, end));
    place(...data.segment, { id: "open" });
    if (data.timed && at.words.length <= MOST) at.words.forEach((word) => place(Number(word.dataset.start), Number(word.dataset.end), {
      content: word.firstChild.textContent.trim(), id: `word word-${at.words.indexOf(word)}`,
    }));
    slider(wave, lane);
    wave.setTime(audio.paused ? Math.max(audio.currentTime, data.segment[0] - data.begins) : audio.currentTime);
  });
  regions.on("region-clicked", (region, event) => {
    const word = at.words[Number(region.id.split("word-")[1])];
    if (!word) return;
    event.stopPropagation();
    hear(word);
  });
};

// The waveform is a slider for who cannot see it, or has no mouse.
const slider = (wave, lane) => {
  const bar = wave.getWrapper().parentElement, { begins, seconds } = at.data;
  Object.assign(bar, { tabIndex: 0, role: "slider", ariaLabel: lane.dataset.label });
  Object.assign(bar, { ariaValueMin: begins.toFixed(1), ariaValueMax: (begins + seconds).toFixed(1) });
  const say = () => {
    if (at?.wave !== wave) return;
    bar.ariaValueNow = time().toFixed(1), bar.ariaValueText = `${window.smileNumber(time(), 1)} s`;
  };
  on(at.audio, "timeupdate", say), on(at.audio, "seeking", say), say();
  on(bar, "keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { ArrowRight: 0.25, ArrowLeft: -0.25, PageUp: 2, PageDown: -2 }[event.key];
    if (by === undefined && event.key !== " ") return;
    event.preventDefault(), event.stopPropagation();
    if (by === undefined) commands.play();
    else seek(time() + by);
  });
};

const hear = (word) => {
  at.box.querySelectorAll(".wave-word").forEach((one) => (one.tabIndex = one === word ? 0 : -1));
  play([Number(word.dataset.start), Number(word.dataset.until ?? word.dataset.end)]);
};

// Listen as long as this recording is shown.
const on = (target, event, told) => target.addEventListener(event, told, { signal: at.over.signal });

// Whoever pressed a button that another figure has taken away finds the focus where it was.
let pressed = ""; // the command of that button
const refocused = () => {
  if (!pressed || !at) return;
  const now = document.activeElement;
  const lost = !now || now === document.body || now.disabled || !now.isConnected;
  if (lost) (at.box.querySelector(`[data-do="${pressed}"]:not(:disabled)`) ?? at.box.querySelector("[data-do]"))?.focus();
  pressed = "";
};

const show = () => {
  const box = element.querySelector("figure.wave");
  if (at ? at.box === box && box.classList.contains("live") : !box) return; // gradio may keep the element
  at?.over.abort(), at?.audio.pause(), at?.wave?.destroy();
  at = null;
  if (!box) return;
  const audio = box.querySelector("audio");
  at = { box, audio, data: JSON.parse(box.dataset.wave), keys: JSON.parse(box.dataset.keys), stretch: null, over: new AbortController() };
  at.words = [...box.querySelectorAll(".wave-word:not(.wave-time)")];
  if (mac) box.querySelectorAll("kbd.mod").forEach((key) => (key.textContent = "Ctrl+Shift"));
  if (mac) box.querySelectorAll("kbd.mod-enter").forEach((key) => (key.textContent = "Cmd"));
  const name = () => {
    const button = box.querySelector("[data-do='play']");
    if (button) button.classList.toggle("on", !audio.paused);
  };
  on(audio, "play", () => (name(), requestAnimationFrame(frame)));
  on(audio, "pause", name);
  on(audio, "timeupdate", follow); // also where frames rest
  on(audio, "ended", () => repeating && at.stretch && play(at.stretch));
  box.classList.remove("drawn", "plain"), box.classList.add("live");
  audio.controls = true;
  paced(speed), repeated(repeating), seek(at.data.segment[0]);
  on(audio, "loadedmetadata", () => (seek(at.data.segment[0]), paced(speed)));
  setTimeout(refocused, 60); // once gradio has done
  draw(box).catch(() => box.classList.add("plain"));
};

element.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!at || !button || button.disabled) return;
  if (button.matches(".wave-word")) hear(button);
  else if (button.dataset.speed) paced(Number(button.dataset.speed));
  else if (button.dataset.do) (pressed = button.dataset.do), commands[pressed]?.(button);
});
element.addEventListener("keydown", walk);
document.addEventListener("keydown", (event) => {
  if (!alive() || !held(event) || !home().contains(event.target)) return;
  const name = at.keys[event.code];
  if (!commands[name]) return;
  event.preventDefault(), event.stopPropagation();
  const button = at.box.querySelector(`[data-do="${name}"]`);
  if (!button?.disabled) commands[name](button);
}, true);
new MutationObserver(show).observe(element, { childList: true, subtree: true, attributeFilter: ["class", "data-wave"] });
show();
