// Reads one QR code: standard input is {"width", "height", "gray": base64}; the text comes out.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

const wasm = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
await prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm).buffer }, fireImmediately: true });

const { width, height, gray } = JSON.parse(readFileSync(0, "utf8"));
const levels = Buffer.from(gray, "base64");
const pixels = new Uint8ClampedArray(width * height * 4);
levels.forEach((level, index) => pixels.set([level, level, level, 255], index * 4));
const [found] = await readBarcodes({ data: pixels, width, height, colorSpace: "srgb" }, { formats: ["QRCode"] });
process.stdout.write(JSON.stringify({ text: found?.text, level: found?.ecLevel }));
