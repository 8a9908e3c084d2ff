/** The console's page: /console/ (bot/web/console.py). */

import { render } from "preact";
import { Desk } from "./desk";
import { App } from "./views/app";

const root = document.getElementById("console");
if (root) {
  root.replaceChildren();
  render(<App desk={new Desk()} />, root);
}
