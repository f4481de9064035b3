// Our own signs, drawn on a 24 grid with one pen. They stand beside words, never for them.

import { html } from "../lib/dom.js";

const DRAWN = /** @type {const} */ ({
  scan: "M3 8V3h5M16 3h5v5M21 16v5h-5M8 21H3v-5M3 12h18",
  keys: "M2 6h20v12H2zM6 10h.01M10 10h.01M14 10h.01M18 10h.01M7 14h10",
  back: "M15 4l-8 8 8 8",
  run: "M7 4l13 8-13 8z",
  pause: "M8 4v16M16 4v16",
  stop: "M5 5h14v14H5z",
  setup: "M14 6a4 4 0 0 1 5.5-3.7L16.5 5.300l2.2 2.2 3-3A4 4 0 0 1 16 10L8 20a2.5 2.5 0 0 1-4-4l10-8z",
  rework: "M4 12a8 8 0 0 1 14-5l2 2M20 4v5h-5M20 12a8 8 0 0 1-14 5l-2-2M4 20v-5h5",
  check: "M4 13l5 5L20 6",
  cross: "M5 5l14 14M19 5L5 19",
  alert: "M12 3L2 21h20zM12 10v5M12 18h.01",
  box: "M3 7l9-4 9 4v10l-9 4-9-4zM3 7l9 4 9-4M12 11v10",
  gear: "M12 8.500a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM12 2v4M12 18v4M2 12h4M18 12h4M5 5l2.8 2.800M16.2 16.200L19 19M19 5l-2.8 2.800M7.8 16.200L5 19",
  halt: "M8 2h8l6 6v8l-6 6H8l-6-6V8zM8 12h8",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l4 2",
  up: "M12 20V5M5 12l7-7 7 7",
  wait: "M6 2h12M6 22h12M7 2v4l5 6-5 6v4M17 2v4l-5 6 5 6v4",
  hold: "M12 2l8 4v6c0 5-3.5 8-8 10-4.5-2-8-5-8-10V6zM9 12h6",
  off: "M3 3l18 18M5 10a11 11 0 0 1 4-2M19 10a11 11 0 0 0-6-2.800M8 14a6 6 0 0 1 5-1.500M12 19h.01",
  badge: "M5 3h14v18H5zM9 3v3h6V3M12 9a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8.5 18c.5-2 2-3 3.5-3s3 1 3.5 3",
  people: "M9 4a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2 21c.5-4 3-6 7-6s6.5 2 7 6M16 4.500a3.5 3.5 0 0 1 0 6.300M18 15.500c2.300.8 3.600 2.600 4 5.500",
  sound: "M4 9v6h4l5 5V4L8 9zM17 8a5.500 5.500 0 0 1 0 8M20 5a10 10 0 0 1 0 14",
  hash: "M9 3L7 21M17 3l-2 18M4 9h17M3 15h17",
  share: "M12 15V3M7.500 7.500L12 3l4.500 4.500M6 11H4v10h16V11h-2",
  dots: "M12 5h.01M12 12h.01M12 19h.01",
  list: "M8 6h13M8 12h13M8 18h13M3 6h.01M3 12h.01M3 18h.01",
  plus: "M12 4v16M4 12h16",
  minus: "M4 12h16",
  scrap: "M4 6h16M9 6V3h6v3M6 6l1 15h10l1-15M10 10v7M14 10v7",
  lamp: "M9 18h6M10 21h4M12 2a6 6 0 0 0-4 10.500c1 1 1.5 2 1.5 3h5c0-1 .5-2 1.5-3A6 6 0 0 0 12 2z",
  lens: "M3 7h4l2-3h6l2 3h4v13H3zM12 9a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
  undo: "M9 4L4 9l5 5M4 9h10a6 6 0 0 1 0 12h-3",
  file: "M6 2h8l5 5v15H6zM14 2v5h5M12 11v7M9 15l3 3 3-3",
  sun: "M12 7.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9zM12 1.500v2.500M12 20v2.500M1.500 12H4M20 12h2.500M4.600 4.600l1.800 1.800M17.600 17.600l1.800 1.800M4.600 19.400l1.800-1.800M17.600 6.400l1.800-1.800",
  leave: "M14 4h6v16h-6M10 8l-4 4 4 4M6 12h10",
  device: "M6 2h12v20H6zM11 18h2",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  cup: "M4 8h12v8a5 5 0 0 1-5 5H9a5 5 0 0 1-5-5zM16 10h2a3 3 0 0 1 0 6h-2M8 2v3M12 2v3",
  split: "M12 21v-8L5 6M12 13l7-7M5 11V6h5M14 6h5v5",
  walk: "M13 3.500h.01M12 7l-4 4v3M12 7l2 5 4 2M12 7l-1 7-4 7M11 14l4 3 1 4",
  pencil: "M4 20l1-5L16 4l4 4L9 19zM13 7l4 4",
  flag: "M5 22V3h13l-3 4.500L18 12H5",
  bell: "M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 22h4M12 5V2",
  way: "M3 17h13M12 12l5 5-5 5M21 7H8M12 2L7 7l5 5",
  eye: "M2 12c3-5 6-7 10-7s7 2 10 7c-3 5-6 7-10 7s-7-2-10-7zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
});

/** @typedef {keyof typeof DRAWN} Sign */

/** What points along the line, and so the other way where lines run from right to left. @type {ReadonlySet<string>} */
const ALONG = new Set(["back", "undo", "leave", "list"]);

/** @param {Sign} sign */
export const icon = (sign) =>
  html`<svg class=${ALONG.has(sign) ? "icon icon-along" : "icon"} viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${DRAWN[sign]} /></svg>`;

/** The house's mark: a ledger's rules with the finder of a code. */
export const mark = () =>
  html`<svg class="mark" viewBox="0 0 48 48" aria-hidden="true" focusable="false">
    <path d="M6 6h16v16H6zM12 14h4M28 8h14M28 14h14M28 20h14M6 28h36M6 34h36M6 40h22" />
  </svg>`;
