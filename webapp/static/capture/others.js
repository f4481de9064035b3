// Every screen that is not needed to show the first one.

import { consumption } from "./consumption.js";
import { defect } from "./defect.js";
import { deviceView } from "./device-view.js";
import { earlier } from "./earlier.js";
import { enrol } from "./enrol.js";
import { fact } from "./fact.js";
import { form } from "./form.js";
import { forms } from "./forms.js";
import { indirect } from "./indirect.js";
import { machine } from "./machine.js";
import { machines } from "./machines.js";
import { me } from "./me.js";
import { operation } from "./operation.js";
import { order } from "./order.js";
import { orders } from "./orders.js";
import { plain } from "./plain.js";
import { quantity } from "./quantity.js";
import { queueView } from "./queue-view.js";
import { running } from "./running.js";
import { scan } from "./scan.js";
import { unknown } from "./unknown.js";
import { which } from "./which.js";

/** @type {import("./phone.js").Screen[]} */
export const OTHERS = [
  consumption, defect, deviceView, earlier, enrol, fact, form, forms, indirect, machine, machines, me,
  operation, order, orders, plain, quantity, queueView, running, scan, unknown, which,
];

export { closeEye, openEye } from "./scan.js";
