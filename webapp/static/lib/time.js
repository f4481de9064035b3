// Instants as they travel and as people read them. A clock is passed in wherever a test needs its own.

/**
 * The device's instant, with its offset and milliseconds: "2026-11-20T08:03:12.345+01:00".
 * @param {number} ms milliseconds since the epoch
 * @param {number} [offsetMin] minutes east of Greenwich; the device's own zone unless told
 */
export function rfc3339(ms, offsetMin = -new Date(ms).getTimezoneOffset()) {
  const local = new Date(ms + offsetMin * 60_000).toISOString().slice(0, -1);
  const away = Math.abs(offsetMin);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${local}${offsetMin < 0 ? "-" : "+"}${two(Math.floor(away / 60))}:${two(away % 60)}`;
}

/**
 * Hours, minutes and seconds of a span: "0:42:07", "11:03:00".
 * @param {number} ms
 */
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/**
 * "07:30", "7h30", "0730" or "7" as minutes of the day; null if it is no time.
 * @param {string} text
 */
export function parseClock(text) {
  const found = /^\s*(\d{1,2})\s*(?:[:hH.,\s]\s*(\d{2})?)?\s*$/.exec(text) ?? /^\s*(\d{2})(\d{2})\s*$/.exec(text);
  if (!found) return null;
  const [hours, minutes] = [Number(found[1]), Number(found[2] ?? 0)];
  return hours < 24 && minutes < 60 ? hours * 60 + minutes : null;
}

/**
 * The latest instant at or before `nowMs` when a clock on the wall showed these minutes of the day.
 * @param {number} minutes @param {number} nowMs
 */
export function lastAt(minutes, nowMs) {
  const day = new Date(nowMs);
  day.setHours(Math.floor(minutes / 60), minutes % 60, 0, 0);
  if (day.getTime() > nowMs) day.setDate(day.getDate() - 1);
  return day.getTime();
}
