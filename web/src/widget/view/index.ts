/** The view: a `Model` in, `Actions` out, and nothing decided here but what belongs to the screen. */

export { createShell as createView, type View } from "./shell";
