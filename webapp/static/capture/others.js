// Every screen that is not needed to show the first one, and what those who use them ask for.

import { byProduct } from "./by-product.js";
import { complete } from "./complete.js";
import { consumption } from "./consumption.js";
import { correct } from "./correct.js";
import { crew } from "./crew.js";
import { declare } from "./declare.js";
import { defect } from "./defect.js";
import { deviceView } from "./device-view.js";
import { earlier } from "./earlier.js";
import { enrol } from "./enrol.js";
import { fact } from "./fact.js";
import { farewell } from "./farewell.js";
import { form } from "./form.js";
import { forms } from "./forms.js";
import { help } from "./help.js";
import { indirect } from "./indirect.js";
import { inspection } from "./inspection.js";
import { install } from "./install.js";
import { machine } from "./machine.js";
import { machineTime } from "./machine-time.js";
import { machines } from "./machines.js";
import { me } from "./me.js";
import { move } from "./move.js";
import { operation } from "./operation.js";
import { order } from "./order.js";
import { orders } from "./orders.js";
import { pause } from "./pause.js";
import { pin } from "./pin.js";
import { plain } from "./plain.js";
import { quantity } from "./quantity.js";
import { queueView } from "./queue-view.js";
import { rescue } from "./rescue.js";
import { result } from "./result.js";
import { giving } from "./return.js";
import { running } from "./running.js";
import { scan } from "./scan.js";
import { unknown } from "./unknown.js";
import { unplanned } from "./unplanned.js";
import { which } from "./which.js";

/** @type {import("./phone.js").Screen[]} */
export const OTHERS = [
  byProduct, complete, consumption, correct, crew, declare, defect, deviceView, earlier, enrol, fact, farewell,
  form, forms, giving, help, indirect, inspection, install, machine, machineTime, machines, me, move, operation, order,
  orders, pause, pin, plain, quantity, queueView, rescue, result, running, scan, unknown, unplanned, which,
];

export { askForKey, enrol as enrolHere } from "../outbox/enrolment.js";
export { closeEye, openEye } from "./scan.js";
