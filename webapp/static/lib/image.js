// A photo made small on the device: at most 1600 px and 300 kB of JPEG, drawn anew, so that nothing of what cameras
// write beside the picture (place, time, owner) leaves with it.

/** @typedef {"too big" | "no image"} Trouble */

export const LONGEST_PX = 1600;
export const MOST_BYTES = 300_000;
/** Beyond these a tablet may run out of memory, and the page with what was typed on it. */
export const MOST_FILE_BYTES = 40_000_000;
export const MOST_PIXELS = 120_000_000;

/** Qualities tried one after the other; then the picture gets smaller and they are tried again. */
const QUALITIES = [0.85, 0.7, 0.55, 0.4];
const SMALLER = 0.75;
const LEAST_PX = 200;

export class NoPhoto extends Error {
  /** @param {Trouble} trouble */
  constructor(trouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

/**
 * The picture's size within a square; it is never made larger.
 * @param {number} width @param {number} height @param {number} [longest]
 */
export function fitted(width, height, longest = LONGEST_PX) {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/**
 * The best picture that is small enough.
 * @param {{width: number, height: number}} size of the original
 * @param {(width: number, height: number, quality: number) => Promise<{size: number} & T>} encode
 * @template T
 * @returns {Promise<{size: number} & T>}
 */
export async function smallEnough({ width, height }, encode) {
  for (let longest = LONGEST_PX; longest >= LEAST_PX; longest *= SMALLER) {
    const size = fitted(width, height, longest);
    for (const quality of QUALITIES) {
      const picture = await encode(size.width, size.height, quality);
      if (picture.size <= MOST_BYTES) return picture;
    }
  }
  throw new NoPhoto("too big"); // a picture of noise; nothing a camera makes
}

/**
 * @param {Blob} file as the camera gave it
 * @returns {Promise<ArrayBuffer>} JPEG. Throws NoPhoto: the file is no image this browser can read, or too big a one.
 */
export async function shrink(file) {
  if (file.size > MOST_FILE_BYTES) throw new NoPhoto("too big");
  const address = URL.createObjectURL(file);
  try {
    const image = await load(address);
    const { naturalWidth: width, naturalHeight: height } = image;
    if (width * height > MOST_PIXELS) throw new NoPhoto("too big");
    const canvas = document.createElement("canvas");
    const picture = await smallEnough({ width, height }, async (wide, high, quality) => {
      if (canvas.width !== wide || canvas.height !== high) {
        canvas.width = wide;
        canvas.height = high;
        const pen = canvas.getContext("2d", { alpha: false });
        if (!pen) throw new NoPhoto("too big");
        pen.fillStyle = "#ffffff"; // what is transparent in a drawing
        pen.fillRect(0, 0, wide, high);
        pen.imageSmoothingQuality = "high";
        pen.drawImage(image, 0, 0, wide, high);
      }
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (!blob) throw new NoPhoto("too big");
      return /** @type {Blob} */ (blob);
    });
    return await picture.arrayBuffer();
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** @param {string} address @returns {Promise<HTMLImageElement>} */
const load = (address) =>
  new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => (image.naturalWidth > 0 ? resolve(image) : reject(new NoPhoto("no image")));
    image.onerror = () => reject(new NoPhoto("no image"));
    image.src = address;
  });
