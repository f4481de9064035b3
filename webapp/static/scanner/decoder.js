// Reads codes out of pictures, in a worker, so that the page never stutters. The WebAssembly is ours, from our own
// origin; it is fetched when the camera opens, not when the page starts.

import { prepareZXingModule, readBarcodes } from "../vendor/zxing-wasm/dist/es/reader/index.js";
import { OPTIONS } from "./options.js";

const WASM = new URL("../vendor/zxing-wasm/dist/reader/zxing_reader.wasm", import.meta.url).href;

prepareZXingModule({ overrides: { locateFile: () => WASM }, fireImmediately: true }).catch(() => {}); // told with each picture

onmessage = async ({ data: { id, picture } }) => {
  try {
    const [found] = await readBarcodes(picture, OPTIONS);
    postMessage({ id, text: found?.isValid ? found.text : null });
  } catch (error) {
    postMessage({ id, text: null, why: String(error) });
  }
};
