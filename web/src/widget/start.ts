/**
 * The script's beginning: defines the element, puts one on the page unless the page has its own, and takes up what
 * was pushed before. A second script on the same page does nothing.
 */

import { type Api, createApi } from "./api";
import { complain, defineElement, type Page, TAG } from "./element";
import { ATTRIBUTES, type Attributes } from "./options";

declare global {
  interface Window {
    /** A list of commands, until the script has loaded. */
    Guichet?: Api | unknown[];
  }
}

/** What another script's page needs beside: its names for the attributes, its interface. */
export interface Compatible {
  attributes(given: NamedNodeMap): Attributes;
  install(api: Api, theElement: () => HTMLElement): void;
}

export function start(compatible?: Compatible): void {
  if (customElements.get(TAG)) {
    complain("this script is on the page twice.");
    return;
  }
  const script = (document.currentScript ??
    document.querySelector('script[src$="/widget.js"]')) as HTMLScriptElement | null;
  const page: Page = { script: script?.src ?? "", texts: {}, engine: null, attached: () => {} };
  const before = window.Guichet;
  const api = createApi(__VERSION__, page);
  window.Guichet = api;
  defineElement(page);
  if (Array.isArray(before)) {
    api.push(...before);
  }
  const element = () => theElement(script, compatible);
  compatible?.install(api, element);
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", element);
  } else {
    element();
  }
}

/** The page's own, or one made of the script's attributes. */
function theElement(script: HTMLScriptElement | null, compatible: Compatible | undefined): HTMLElement {
  const own = document.querySelector<HTMLElement>(TAG);
  if (own) {
    return own;
  }
  const element = document.createElement(TAG);
  const attributes = script ? (compatible?.attributes(script.attributes) ?? {}) : {};
  for (const name of ATTRIBUTES) {
    const value = script?.getAttribute(`data-${name}`) ?? attributes[name];
    if (value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  place(element, script);
  return element;
}

/** Inline: in the element that `data-inline` names, or where the script is. */
function place(element: HTMLElement, script: Element | null): void {
  const inline = element.getAttribute("inline");
  if (inline === null) {
    document.body.append(element);
    return;
  }
  let target: Element | null = null;
  try {
    target = inline ? document.querySelector(inline) : null;
  } catch {
    // No selector.
  }
  if (target) {
    target.append(element);
  } else if (inline === "" && script && document.body.contains(script)) {
    script.after(element);
  } else {
    complain(`data-inline="${inline}": no such element on the page.`);
    element.removeAttribute("inline");
    document.body.append(element);
  }
}
