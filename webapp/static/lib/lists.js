// Long lists that keep each row's element with its thing when they are sorted anew, so that focus and a finger on the
// way down stay where they are. Apart from dom.js, because the first screen does not need it.

export { repeat } from "../vendor/lit-html/directives/repeat.js";
