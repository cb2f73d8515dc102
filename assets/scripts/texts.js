// The page's own texts in the language of the browser; gradio has those of components from the same place.
const texts = () => window.gradio_config?.i18n_translations?.[navigator.language?.split("-")[0]];
window.smileSaid = (text) => texts()?.[text] ?? text;

// A number as that language writes it.
window.smileNumber = (number, digits) => {
  const form = { minimumFractionDigits: digits, maximumFractionDigits: digits ?? 9 };
  return number.toLocaleString(texts() ? navigator.language : "en", form);
};
