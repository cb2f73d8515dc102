// A microphone that cannot be had is told where it was asked for, and Record can be pressed again: gradio's
// recorder would go on waiting, and begins anew when its other source has been at hand.
const REFUSALS = {
  NotAllowedError: "The browser does not let this page use the microphone: allow it (the sign beside the address), then press Record again, or upload a recording.",
  NotFoundError: "There is no microphone: connect one, then press Record again, or upload a recording.",
  NotReadableError: "The microphone is in use by another program: close that one, then press Record again, or upload a recording.",
};
const REFUSED = "The microphone cannot be used here: upload a recording instead.";
let asking = null; // the recorder whose button was pressed last
document.addEventListener("click", (event) => {
  if (!event.target.closest?.(".recorder .record-button")) return;
  asking = event.target.closest(".recorder");
  asking.parentElement.querySelector(".refused")?.remove();
  if (!navigator.mediaDevices) refuse(); // the page is not served over https
}, true);
const refuse = (error) => {
  const box = asking;
  if (!box?.isConnected) return;
  tellBelow(box, window.smileSaid(REFUSALS[error?.name] ?? REFUSED));
  const source = (name) => box.querySelector(`.source-selection button[aria-label="${window.smileSaid(name)}"]`);
  source("Upload file")?.click();
  setTimeout(() => source("Record audio")?.click(), 150);
};
if (navigator.mediaDevices) {
  const media = navigator.mediaDevices, ask = media.getUserMedia.bind(media);
  media.getUserMedia = (wanted) => ask(wanted).catch((error) => { refuse(error); throw error; });
}
