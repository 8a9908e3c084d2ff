/** widget.js */

import { start } from "./start";

start();
