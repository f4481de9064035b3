// The tablet's eye: a stream, a square out of its middle every few frames, a worker that reads it. One picture is in
// flight at a time; tracks stop as soon as the page hides, because a phone's memory is short and its lamp is seen.

// What is looked at, one after the other: how much of the frame out of its middle (0: all of it), and how many pixels
// the picture gets for it. Small squares are read by their own pixels and enlarged; the rest is for a code held near, or
// one that is not in the middle.
const LOOKS = [
  { part: 480, side: 480 },
  { part: 320, side: 640 },
  { part: Infinity, side: 480 },
  { part: 0, side: 0 },
];
const PAUSE_MS = 40;

/** @typedef {"ready" | "refused" | "none" | "insecure" | "busy"} CameraState */

/** A worker that reads pictures; made when it is first needed. */
export class Decoder {
  /** @type {Worker | null} */ #worker = null;
  /** @type {Map<number, (text: string | null) => void>} */ #open = new Map();
  #last = 0;

  /** A picture will come soon: let the worker get ready for it. */
  wake() {
    return (this.#worker ??= this.#start());
  }

  /** The text of a code in the picture, or null. @param {ImageData | Blob} picture @returns {Promise<string | null>} */
  read(picture) {
    const worker = this.wake();
    const id = (this.#last += 1);
    return new Promise((resolve) => {
      this.#open.set(id, resolve);
      worker.postMessage({ id, picture }, picture instanceof Blob ? [] : [picture.data.buffer]);
    });
  }

  #start() {
    const worker = new Worker(new URL("./decoder.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => {
      this.#open.get(data.id)?.(data.text);
      this.#open.delete(data.id);
    };
    worker.onerror = () => {
      for (const resolve of this.#open.values()) resolve(null);
      this.#open.clear();
      this.#worker = null; // the next picture starts another one
    };
    return worker;
  }
}

export class Camera {
  /** @type {MediaStream | null} */ #stream = null;
  /** @type {HTMLVideoElement | null} */ #video = null;
  #run = 0;
  #frames = 0;
  #canvas = document.createElement("canvas");

  /** @param {Decoder} decoder */
  constructor(decoder) {
    this.decoder = decoder;
  }

  /**
   * Show the picture and call `onText` for every code seen, until `close`.
   * @param {HTMLVideoElement} video
   * @param {{deviceId?: string | null, onText: (text: string) => void, onEnd?: () => void}} how `onEnd`: the system took
   *   the camera away, as an iPhone does after a sleep
   * @returns {Promise<CameraState>}
   */
  async open(video, { deviceId, onText, onEnd = () => {} }) {
    this.close();
    const run = this.#run;
    if (!navigator.mediaDevices?.getUserMedia) return window.isSecureContext ? "none" : "insecure";
    this.decoder.wake(); // while the camera gets ready
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: {
          width: { ideal: 1280 },
          height: { ideal: 720 },
          ...(deviceId ? { deviceId: { ideal: deviceId } } : { facingMode: { ideal: "environment" } }),
        },
      });
    } catch (error) {
      const name = error instanceof DOMException ? error.name : "";
      return name === "NotAllowedError" ? "refused" : name === "NotReadableError" ? "busy" : "none";
    }
    if (run !== this.#run) {
      for (const track of stream.getTracks()) track.stop(); // closed while it was opening
      return "none";
    }
    this.#stream = stream;
    this.#track?.addEventListener("ended", () => { if (run === this.#run) onEnd(); });
    await this.#zoomIn();
    this.#video = video;
    video.srcObject = stream;
    await video.play().catch(() => {});
    void this.#look(video, onText, run);
    return "ready";
  }

  close() {
    this.#run += 1;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    // An element that is gone from the page would hold on to its pictures until the garbage is collected.
    if (this.#video) this.#video.srcObject = null;
    this.#video = null;
  }

  /** A wide lens shows a label small: a little nearer where the camera can, so that people stay at arm's length. */
  async #zoomIn() {
    const zoom = /** @type {{zoom?: {min: number, max: number}} | undefined} */ (this.#track?.getCapabilities?.())?.zoom;
    if (!zoom || zoom.max < 1.5 || zoom.min > 2) return;
    const wanted = Math.min(2, zoom.max);
    await this.#track?.applyConstraints({ advanced: [/** @type {any} */ ({ zoom: wanted })] }).catch(() => {});
  }

  get hasTorch() {
    const can = /** @type {{torch?: boolean} | undefined} */ (this.#track?.getCapabilities?.());
    return Boolean(can?.torch);
  }

  /** @param {boolean} on */
  async light(on) {
    await this.#track?.applyConstraints({ advanced: [/** @type {any} */ ({ torch: on })] }).catch(() => {});
  }

  /** The lens after this one, for phones that gave us the wrong one. @returns {Promise<string | null>} */
  async nextLens() {
    const all = await navigator.mediaDevices.enumerateDevices();
    const lenses = all.filter(({ kind }) => kind === "videoinput");
    const here = lenses.findIndex(({ deviceId }) => deviceId === this.#track?.getSettings().deviceId);
    return lenses.length > 1 ? lenses[(here + 1) % lenses.length].deviceId : null;
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  /** @param {HTMLVideoElement} video @param {(text: string) => void} onText @param {number} run */
  async #look(video, onText, run) {
    while (run === this.#run) {
      const picture = this.#picture(video);
      const text = picture ? await this.decoder.read(picture) : null;
      if (run !== this.#run) return;
      if (text) onText(text);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** @param {HTMLVideoElement} video @returns {ImageData | null} */
  #picture(video) {
    const [width, height] = [video.videoWidth, video.videoHeight];
    if (!width || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const look = LOOKS[this.#frames % LOOKS.length];
    this.#frames += 1;
    const part = Math.min(width, height, look.part);
    const [x, y, w, h] = part ? [(width - part) / 2, (height - part) / 2, part, part] : [0, 0, width, height];
    this.#canvas.width = look.side || width;
    this.#canvas.height = look.side || height;
    const drawing = this.#canvas.getContext("2d", { willReadFrequently: true });
    if (!drawing) return null;
    drawing.drawImage(video, x, y, w, h, 0, 0, this.#canvas.width, this.#canvas.height);
    return drawing.getImageData(0, 0, this.#canvas.width, this.#canvas.height);
  }
}
