// Reads codes as the phone does: standard input is a list of {"width", "height", "gray": base64}, a list of
// {"text", "level"} or null comes out.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { OPTIONS } from "../../../webapp/static/scanner/options.js";

const wasm = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
await prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm).buffer }, fireImmediately: true });

const read = [];
for (const { width, height, gray } of JSON.parse(readFileSync(0, "utf8"))) {
  const levels = Buffer.from(gray, "base64");
  const pixels = new Uint8ClampedArray(width * height * 4);
  levels.forEach((level, index) => pixels.set([level, level, level, 255], index * 4));
  const [found] = await readBarcodes({ data: pixels, width, height, colorSpace: "srgb" }, OPTIONS);
  read.push(found?.isValid ? { text: found.text, level: found.ecLevel } : null);
}
process.stdout.write(JSON.stringify(read));
