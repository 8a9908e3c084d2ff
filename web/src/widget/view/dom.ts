/**
 * Building and changing nodes. Text is only ever text: nothing here, or anywhere in the widget, parses HTML.
 *
 * Changes go through `attribute` and `words`, which touch the document only where something differs: a screen
 * reader's place and a visitor's selection survive a render.
 */

type Child = Node | string | null;
type Value = string | number | boolean | null | ((event: never) => void);
export type Properties = Readonly<Record<string, Value>>;
type Tag = keyof HTMLElementTagNameMap;
type TagOf<Selector extends string> = Selector extends `${infer Name extends Tag}.${string}`
  ? Name
  : Selector extends Tag
    ? Selector
    : "div";

/**
 * An element: `h("p.hint", { id: "x" }, "text", node, …)`. Strings are text, null is nothing, and an object has its
 * attributes; a function among them is a listener for the event that its name gives (`onclick`).
 */
export function h<Selector extends string>(
  selector: Selector,
  ...parts: readonly (Child | Properties)[]
): HTMLElementTagNameMap[TagOf<Selector>] {
  const [name = "div", ...classes] = selector.split(".");
  const node = document.createElement(name);
  attribute(node, "class", classes.join(" ") || null);
  for (const part of parts) {
    if (typeof part === "string" || part instanceof Node) {
      node.append(part);
    } else if (part) {
      for (const [key, value] of Object.entries(part)) {
        if (typeof value === "function") {
          node.addEventListener(key.slice(2), value as EventListener);
        } else {
          attribute(node, key, value);
        }
      }
    }
  }
  return node as HTMLElementTagNameMap[TagOf<Selector>];
}

/** `classes` as in a selector: "button", "round", "plain.wide". */
export function button(classes: string, label: Child, onclick: () => void, properties: Properties = {}) {
  return h(`button.${classes}`, { type: "button", onclick, ...properties }, label) as HTMLButtonElement;
}

export function attribute(node: Element, name: string, value: string | number | boolean | null): void {
  const next = value === true ? "" : value === false || value === null ? null : String(value);
  if (next === null) {
    node.removeAttribute(name);
  } else if (node.getAttribute(name) !== next) {
    node.setAttribute(name, next);
  }
}

export function words(node: Element, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

export function show(node: HTMLElement, isShown: boolean): void {
  if (node.hidden === isShown) {
    node.hidden = !isShown;
  }
}

/** `aria-disabled` rather than `disabled`: what has the focus keeps it. */
export function disable(node: HTMLElement, isDisabled: boolean): void {
  attribute(node, "aria-disabled", isDisabled ? "true" : null);
}

export function isDisabled(node: HTMLElement): boolean {
  return node.hasAttribute("aria-disabled");
}

export function hidden(text: string): HTMLSpanElement {
  return h("span.sr", text);
}

/** `shape`: the path of an icon of 24 by 24 (icons.ts). */
export function icon(shape: string): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  attribute(picture, "viewBox", "0 0 24 24");
  attribute(picture, "aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  attribute(path, "d", shape);
  picture.append(path);
  return picture;
}

const SHEETS: Record<string, CSSStyleSheet> = {};

/** Once, however often. An adopted sheet needs nothing of the host's policy; browsers of before 2023 have only the element. */
export function dress(root: ShadowRoot, text: string): void {
  if (!root.adoptedStyleSheets) {
    root.append(h("style", text));
    return;
  }
  let sheet = SHEETS[text];
  if (!sheet) {
    sheet = SHEETS[text] = new CSSStyleSheet();
    sheet.replaceSync(text);
  }
  if (!root.adoptedStyleSheets.includes(sheet)) {
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  }
}
