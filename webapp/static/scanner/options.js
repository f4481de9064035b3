// What the decoder looks for, and how hard. tests/server/labels holds these options to worn labels in a phone's pictures.

/** @type {import("../vendor/zxing-wasm/dist/es/reader/index.js").ReaderOptions} */
export const OPTIONS = {
  // What stands on our labels, and what suppliers print on theirs.
  formats: ["QRCode", "MicroQRCode", "DataMatrix", "Code128", "Code39", "EAN13", "EAN8", "ITF"],
  maxNumberOfSymbols: 1,
  // Ink that flaked off or was never printed: the picture is tried with its gaps closed, and at half its size, where
  // they vanish. Of worn labels that are not read without, nearly all are read with it, at no cost in time.
  tryDenoise: true,
  downscaleThreshold: 100,
  downscaleFactor: 2,
};
