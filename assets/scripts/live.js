// Live text: while a recorder records that has a region for it, its sound goes to the server in small pieces,
// one request at a time, and the answers are written into the region. The recording itself is gradio's.
(() => {
  const PIECE = 0.25; // seconds of sound that are worth a request
  const MOST = 10; // seconds that wait for an answer; older sound is let go, as the server would
  const TAP = `registerProcessor("tap", class extends AudioWorkletProcessor {
    constructor() { super(); this.kept = []; this.count = 0; }
    process([[sound]]) {
      if (!sound) return true;
      this.kept.push(sound.slice()), (this.count += sound.length);
      if (this.count >= 1024) this.port.postMessage(this.kept), (this.kept = []), (this.count = 0);
      return true;
    }
  })`;
  let pressed = null; // the recorder whose button was pressed last
  let live = null; // the recording under way, or the last one

  document.addEventListener("click", ({ target }) => {
    if (target.closest?.(".recorder .record-button")) pressed = target.closest(".recorder");
  }, true);

  const part = (recording, css) => recording.region.querySelector(css);
  const tell = (recording, when) =>
    recording.region.querySelectorAll("[data-when]").forEach((note) => (note.hidden = note.dataset.when !== when));

  // The microphone's sound at 16 kHz, or, where a browser cannot, at its own rate.
  const listen = async (recording, stream) => {
    const source = (options) => {
      const context = new AudioContext(options);
      try {
        return [context, context.createMediaStreamSource(stream)];
      } catch (error) {
        context.close();
        throw error;
      }
    };
    let context, sound;
    try {
      [context, sound] = source({ sampleRate: 16000 });
    } catch {
      [context, sound] = source();
    }
    recording.close = () => context.state !== "closed" && context.close();
    recording.rate = context.sampleRate;
    const module = URL.createObjectURL(new Blob([TAP], { type: "text/javascript" }));
    await context.audioWorklet.addModule(module).finally(() => URL.revokeObjectURL(module));
    const mono = { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" };
    const tap = new AudioWorkletNode(context, "tap", mono);
    tap.port.onmessage = ({ data }) => {
      if (recording.recorder.state !== "recording") return; // paused
      data.forEach((piece) => (recording.pieces.push(piece), (recording.count += piece.length)));
      while (recording.count > MOST * recording.rate) recording.count -= recording.pieces.shift().length;
      if (recording.count >= PIECE * recording.rate) send(recording);
    };
    sound.connect(tap);
  };

  const taken = (recording) => {
    const sound = new Int16Array(recording.count);
    let at = 0;
    for (const piece of recording.pieces)
      for (const value of piece) sound[at++] = Math.round(32767 * Math.max(-1, Math.min(1, value)));
    recording.pieces = [], (recording.count = 0);
    return sound;
  };

  const address = ({ name }) => `smile/live/${name}`;
  const send = async (recording) => {
    if (recording.sending || !recording.name || recording.over) return;
    recording.sending = true;
    const last = recording.ended;
    try {
      const where = `${address(recording)}?rate=${recording.rate}${last ? "&end" : ""}`;
      const answer = await fetch(where, { method: "POST", body: taken(recording) });
      if (!answer.ok) throw new Error(answer.statusText);
      show(recording, await answer.json());
    } catch {
      recording.over = true;
      tell(recording, "lost");
    }
    recording.sending = false;
    if (recording.ended || recording.count >= PIECE * recording.rate) send(recording);
  };

  const show = (recording, { added, tentative, skipped, over }) => {
    recording.over = over;
    if (recording.ended ? over : added !== undefined) tell(recording, recording.ended ? "ended" : "");
    if (skipped) recording.slow = true;
    if (recording.slow && !recording.ended) tell(recording, "slow");
    if (added === undefined || live !== recording) return;
    if (added) part(recording, ".committed")?.append(added);
    const newest = part(recording, ".tentative");
    if (newest) newest.textContent = tentative;
    part(recording, ".live-text")?.scrollTo(0, 1e9); // to the newest words
  };

  const follow = (recorder, region, id) => {
    leave();
    const recording = { id, recorder, region, pieces: [], count: 0, rate: 16000, close: () => {} };
    live = recording;
    const old = region.querySelector("[data-live]")?.dataset.live;
    const begun = () => {
      const name = region.querySelector("[data-live]")?.dataset.live;
      if (region.querySelector(".live-needed")) return watch.disconnect(), drop(recording);
      if (!name || name === old) return;
      watch.disconnect();
      recording.name = name;
      if (live !== recording) return drop(recording);
      send(recording);
    };
    const watch = new MutationObserver(begun);
    watch.observe(region, { childList: true, subtree: true });
    recorder.addEventListener("stop", () => {
      recording.ended = true;
      recording.close();
      send(recording);
    });
    listen(recording, recorder.stream).catch(() => tell(recording, "lost"));
  };

  const drop = (recording) => {
    recording.close();
    if (recording.name && !recording.over) fetch(address(recording), { method: "DELETE", keepalive: true });
    recording.over = true;
  };
  const leave = () => live && (drop(live), (live = null));
  window.addEventListener("pagehide", leave);

  if (window.MediaRecorder && window.AudioContext && window.AudioWorkletNode) {
    const begin = MediaRecorder.prototype.start;
    MediaRecorder.prototype.start = function (...options) {
      const id = pressed?.isConnected && pressed.id, region = document.getElementById(`${id}-live`);
      begin.apply(this, options);
      if (region) follow(this, region, id);
    };
  }

  // The recording of a recorder is with the server now: transcribe it, where there was live text of it.
  window.smileRecorded = (id, css) => {
    const recording = live;
    if (recording?.id !== id || !recording.ended || recording.brought || !part(recording, ".live")) return;
    recording.brought = true;
    const press = (tries) => {
      if (live !== recording || !tries) return;
      const button = document.querySelector(`${css}:not(:disabled)`); // not yet where another clip is being stopped
      button ? button.click() : setTimeout(press, 100, tries - 1);
    };
    setTimeout(press, 100, 50);
  };

  // Another clip has taken the place of a recorder's recording.
  window.smileUnrecorded = (id) => {
    if (live?.id === id) leave();
    const texts = document.querySelectorAll(`#${id}-live :is(.live, .live-needed)`);
    texts.forEach((text) => text.remove());
  };
})();
