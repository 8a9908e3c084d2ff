/**
 * The options of rasa-webchat 0.x and 1.x, read as ours, so that a page which embeds it changes one address.
 *
 * Each name is understood, already so here, or without effect for a reason that the console gives once. Names come
 * as properties (`initPayload`) or as attributes (`data-init-payload`, which HTML also makes of `data-initPayload`).
 * docs/migration-rasa-webchat.md has the table; test/widget/rasa-webchat.test.ts compares the two.
 */

import type { Attributes } from "./options";

/** Without effect, and why. */
const REASONS: readonly (readonly [reason: string, names: string])[] = [
  ["the gateway is where the script comes from", "socketUrl socketPath protocol protocolOptions"],
  ["nothing is connected before the visitor opens the window", "connectOn"],
  ["the gateway has its own greeting and takes no intents from a page", "initPayload"],
  ["nothing about the visitor is sent", "customData"],
  ["the window says when it is not connected", "hideWhenNotConnected connectingText"],
  ["answers are shown as soon as they are there", "customMessageDelay"],
  ["no document is sent to a third party", "docViewer"],
  [
    "no message comes unasked",
    "tooltipPayload tooltipDelay disableTooltips withRules rules triggerEventListenerUpdateRate",
  ],
  [
    "set the custom properties of its style sheet",
    `mainColor conversationBackgroundColor userTextColor
    userBackgroundColor assistTextColor assistBackgoundColor assistBackgroundColor`,
  ],
  [
    "nothing here",
    `openLauncherImage closeImage profileAvatar fullScreenMode showFullScreenButton badge autoClearCache
    customComponent handleNewUserMessage defaultHighlightCss defaultHighlightAnimation defaultHighlightClassname`,
  ],
];
/** Always so here. */
const ALREADY = "displayUnreadCount showMessageDate showCloseButton selector";
const UNDERSTOOD = "title subtitle inputTextFieldHint embedded params storage onWidgetEvent onSocketEvent";

const names = (list: string) => list.split(/\s+/);
const bare = (name: string) => name.replace(/-/g, "").toLowerCase();
const REASON_OF = new Map(
  REASONS.flatMap(([reason, list]) => names(list).map((name) => [bare(name), { name, reason }])),
);
const KNOWN = new Set([...names(`${ALREADY} ${UNDERSTOOD}`).map(bare), ...REASON_OF.keys()]);
/** Names that are ours as well. */
const OURS = new Set(["title", "subtitle", "storage"]);

export interface Understood {
  readonly attributes: Attributes;
  /** What has no effect, in a sentence for the webmaster; empty when everything has. */
  readonly remark: string;
}

/** Whether a name, as property or attribute, is one of rasa-webchat's alone. */
export function isRasaName(name: string): boolean {
  return KNOWN.has(bare(name)) && !OURS.has(name);
}

export function fromRasa(given: Readonly<Record<string, unknown>>): Understood {
  const attributes: Attributes = {};
  const without = new Map<string, string[]>();
  for (const [key, value] of Object.entries(given)) {
    const name = bare(key);
    if (value === null || value === undefined) {
      continue;
    }
    if (!understand(name, value, attributes)) {
      const { name: proper, reason } = REASON_OF.get(name) ?? { name: key, reason: "unknown" };
      without.set(reason, [...(without.get(reason) ?? []), proper]);
    }
  }
  const parts = [...without].map(([reason, list]) => `${list.join(", ")} (${reason})`);
  const remark = parts.length > 0 ? `options of rasa-webchat without effect: ${parts.join("; ")}.` : "";
  return { attributes, remark };
}

/** False when it has no effect. */
function understand(name: string, value: unknown, attributes: Attributes): boolean {
  switch (name) {
    case "title":
    case "subtitle":
      attributes[name] = String(value);
      return true;
    case "inputtextfieldhint":
      attributes.placeholder = String(value);
      return true;
    case "embedded":
      if (isOn(value)) {
        attributes.inline = "";
      }
      return true;
    case "params": {
      const { storage } = objectOf(value);
      return storage === undefined || understand("storage", storage, attributes);
    }
    case "storage":
      attributes.storage = String(value);
      return true;
    case "initpayload":
      // "/greet" is for Rasa; a sentence is what a visitor could say.
      if (typeof value === "string" && value && !value.startsWith("/")) {
        attributes.opening = value;
        return true;
      }
      return false;
    case "customdata": {
      const { language, ...rest } = objectOf(value);
      if (typeof language === "string" && /^(fr|en)\b/i.test(language)) {
        attributes.locale = language.slice(0, 2).toLowerCase();
      }
      return Object.keys(rest).length === 0;
    }
    case "connecton":
      return value === "open";
    default:
      return KNOWN.has(name) && !REASON_OF.has(name);
  }
}

function isOn(value: unknown): boolean {
  return value !== false && !/^(false|no|0)$/i.test(String(value));
}

function objectOf(value: unknown): Record<string, unknown> {
  try {
    const object: unknown = typeof value === "string" ? JSON.parse(value) : value;
    return object && typeof object === "object" ? (object as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
