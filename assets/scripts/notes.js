// A line below something that was chosen.

const tellBelow = (box, text) => {
  const note = Object.assign(document.createElement("p"), { className: "stage error refused", role: "alert" });
  note.textContent = text;
  box.after(note);
  return note;
};
