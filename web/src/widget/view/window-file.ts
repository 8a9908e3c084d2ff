/** window.js: the window and its words in French, fetched at the first activation. */

export { addTexts, hasTexts, textsOf } from "../texts";
export { default as css } from "../window.css";
export { createWindow } from "./window";
