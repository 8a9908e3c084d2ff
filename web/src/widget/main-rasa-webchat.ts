/** rasa-webchat.js: the widget for a page that embeds rasa-webchat, whose options and interface it understands. */

import { complain } from "./element";
import { rasaInterface } from "./rasa-interface";
import { fromRasa, isRasaName } from "./rasa-webchat";
import { start } from "./start";

start({
  attributes(given) {
    const rasa: Record<string, string> = {};
    for (const { name, value } of given) {
      const key = name.replace(/^data-/, "");
      if (name !== key && isRasaName(key)) {
        rasa[key] = value;
      }
    }
    const { attributes, remark } = fromRasa(rasa);
    remark && complain(remark);
    return attributes;
  },
  install(api, theElement) {
    (window as { WebChat?: unknown }).WebChat ??= rasaInterface(api, theElement);
  },
});
