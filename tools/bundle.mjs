// Joins the phone's modules into the few small files that are served: webapp/static/ -> webapp/bundle/.
// Run by tools/frontend.py with the project's folder and, on standard input, the names of further files to compress.
//
// bundle.json says which sources each set was made of, by hash: the server serves it only while they are still so
// (server/static.py). Compressed copies lie in encoded/, named by the hash of what they hold, so a copy can never be
// taken for that of another version.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = process.argv[2];
const source = join(root, "webapp/static");
const target = join(root, "webapp/bundle");
const names = readFileSync(0, "utf8").split("\n").filter(Boolean);

/** What browsers on the floor speak: tablets live long. */
const SPOKEN = ["chrome109", "safari16.4", "firefox115"];

const startedMs = Date.now();
const { outputFiles, metafile } = await build({
  absWorkingDir: root,
  // All outputs lie in one folder, so `new URL("./x.js", import.meta.url)` finds a worker from whatever file asks.
  entryPoints: ["app.js", "outbox/journal-worker.js", "scanner/decoder.js", "css/phone.css"].map((name) => join(source, name)),
  entryNames: "[name]",
  chunkNames: "[name]-[hash]",
  outdir: target,
  bundle: true,
  splitting: true,
  format: "esm",
  target: SPOKEN,
  minify: true,
  charset: "utf8",
  legalComments: "none",
  sourcemap: "linked",
  sourcesContent: true,
  metafile: true,
  write: false,
  logLevel: "warning",
});

const sum = (/** @type {Uint8Array} */ bytes) => createHash("sha256").update(bytes).digest("hex");

/** Whole or not at all, for a server that reads it now. @param {string} path @param {Uint8Array | string} content */
function write(path, content) {
  if (existsSync(path) && readFileSync(path).equals(Buffer.from(content))) return;
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

mkdirSync(join(target, "encoded"), { recursive: true });
const keep = new Set(["bundle.json", "encoded"]);
const keepEncoded = new Set();

/** @param {Uint8Array} content */
function compress(content) {
  const digest = sum(content);
  for (const kind of ["br", "gz"]) {
    const name = `${digest}.${kind}`;
    keepEncoded.add(name);
    if (existsSync(join(target, "encoded", name))) continue;
    const options = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
    write(join(target, "encoded", name), kind === "br" ? brotliCompressSync(content, options) : gzipSync(content, { level: 9 }));
  }
}

// What pages ask for by name bears the hash of its text, so that a page and its files always fit together; workers are
// asked for by their own name. Chunks are written before what asks for them.
/** @type {Map<string, string>} esbuild's name to ours */
const named = new Map();
for (const { path, contents } of outputFiles.sort((a, b) => Number(a.path.endsWith("app.js")) - Number(b.path.endsWith("app.js")))) {
  const plain = relative(target, path);
  const name = plain.replace(/^(app|phone)\.(js|css)$/, (_, stem, suffix) => `${stem}-${sum(contents).slice(0, 8)}.${suffix}`);
  named.set(plain, name);
  keep.add(name);
  write(join(target, name), contents);
  if (!name.endsWith(".map")) compress(contents);
}
for (const name of names) compress(readFileSync(join(source, name)));

const outputs = Object.fromEntries(
  Object.entries(metafile.outputs)
    .filter(([path]) => !path.endsWith(".map"))
    .map(([path, { imports }]) => [
      named.get(relative(target, join(root, path))),
      imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => relative(target, join(root, path))),
    ]),
);
// A file that somebody edited meanwhile is not what was bundled.
const hashOf = (/** @type {string} */ path) => (statSync(path).mtimeMs >= startedMs ? "" : sum(readFileSync(path)));
const sources = Object.fromEntries(
  Object.keys(metafile.inputs).sort().map((path) => [relative(source, join(root, path)), hashOf(join(root, path))]),
);
write(join(target, "bundle.json"), `${JSON.stringify({ outputs, sources }, null, 1)}\n`);

// Pages of the version before may still ask for their files: those go after a while.
const OLD_MS = 3_600_000;
for (const name of readdirSync(target)) {
  const path = join(target, name);
  if (!keep.has(name) && Date.now() - statSync(path).mtimeMs > OLD_MS) rmSync(path, { recursive: true });
}
for (const name of readdirSync(join(target, "encoded"))) if (!keepEncoded.has(name)) rmSync(join(target, "encoded", name));
