// What reaches a person in noise, with gloves, from three steps away: sound, vibration, and a screen that stays lit.

/** @typedef {"saved" | "look" | "lost"} Signal  saved; saved, but please look; not saved */

/** Each sound as [hertz, start in ms, length in ms]: short and high, double, long and low. Nobody can mix them up. */
const TUNES = /** @type {const} */ ({
  saved: [[1320, 0, 90]],
  look: [[880, 0, 110], [880, 190, 110]],
  lost: [[196, 0, 700]],
});

const VIBRATIONS = /** @type {const} */ ({ saved: [60], look: [60, 80, 60], lost: [400] });

/** @type {AudioContext | null} */
let audio = null;

/** Browsers keep silent until the first touch of a session: call this from one. */
export function unlockSound() {
  // Without this the ringer switch of an iPhone mutes the one sound that says "not saved".
  const session = /** @type {{audioSession?: {type: string}}} */ (/** @type {unknown} */ (navigator)).audioSession;
  if (session) session.type = "playback";
  audio ??= typeof AudioContext === "undefined" ? null : new AudioContext();
  // "suspended", or "interrupted" as Apple has it after a call.
  if (audio && audio.state !== "running" && audio.state !== "closed") void audio.resume();
}

/** Nothing will be heard: no sound in this browser, or no touch yet. */
export const isSilent = () => audio?.state !== "running";

/** @param {Signal} signal */
export function signal(signal) {
  // Before the first touch the browser refuses, and says so in its console.
  if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.([...VIBRATIONS[signal]]);
  if (!audio || audio.state !== "running") return;
  for (const [hertz, startMs, lengthMs] of TUNES[signal]) {
    const start = audio.currentTime + startMs / 1000;
    const end = start + lengthMs / 1000;
    const tone = new OscillatorNode(audio, { frequency: hertz, type: signal === "lost" ? "sawtooth" : "square" });
    const volume = new GainNode(audio, { gain: 0 });
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.25, start + 0.008);
    volume.gain.setValueAtTime(0.25, end - 0.02);
    volume.gain.linearRampToValueAtTime(0, end);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(end);
  }
}

/** @type {WakeLockSentinel | null} */
let lamp = null;

/**
 * Keep the screen lit while someone works here. The system takes the lock back whenever the page is hidden, so this is
 * asked for again each time it shows.
 * @param {boolean} wanted
 */
export async function keepLit(wanted) {
  if (!("wakeLock" in navigator)) return;
  if (!wanted) {
    await lamp?.release();
    lamp = null;
    return;
  }
  if (lamp && !lamp.released) return;
  try {
    lamp = await navigator.wakeLock.request("screen");
  } catch {
    lamp = null; // refused: low battery or a hidden page; the next call asks again
  }
}
