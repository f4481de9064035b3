// Which kind of reason a fact asks for. A code is one reason of one kind: the same code may stand for a defect and for a
// pause, so whoever shows, counts or takes a reason says which kind is meant.

/** What the subject of a fact has reasons of. @type {Record<string, string>} */
const REASONS = {
  defect: "defect", inspection: "defect", downtime: "downtime", break: "pause", labor: "pause", help: "help", event: "correction",
};

/** The kind of reasons a type asks for; null where any may be meant. @param {string} type */
export const reasonKind = (type) => REASONS[type.split(".")[0]] ?? null;

/** Whether a scanned reason may be of a kind: one nobody here knows may be of any.
 * @param {{kinds: string[]}} scanned @param {string | null} kind */
export const mayBe = ({ kinds }, kind) => kind === null || kinds.length === 0 || kinds.includes(kind);
