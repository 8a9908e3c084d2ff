/**
 * What the host page can set: attributes of the script (`data-locale`) or of the element (`locale`), same names.
 *
 * Read from strings, never trusted: a value that means nothing counts as absent, and `problems` says so once on the
 * console. docs/widget.md and docs/migration-rasa-webchat.md list the names.
 */

export type Locale = "fr" | "en";

/** Texts of the window that the host page words differently: by language, by name of the text. */
export type TextOverrides = Partial<Record<Locale, Readonly<Record<string, string>>>>;

/** What the view needs to know of the page; constant for the life of a view. */
export interface ViewOptions {
  /** In the page's own element, from the first press on, instead of a window above the page. */
  readonly inline: boolean;
  readonly position: "right" | "left";
  /** "dsfr": colours and font are those of the host page's own DSFR variables. */
  readonly theme: "auto" | "light" | "dark" | "dsfr";
  /** Empty: the service's name. */
  readonly title: string;
  readonly subtitle: string;
  /** The hint in the field; empty: the view's own. */
  readonly placeholder: string;
  /** Words on the launcher; empty: the view's own. `null`: no launcher, the page has a button of its own. */
  readonly launcher: string | null;
  readonly texts: TextOverrides;
}

export interface Options {
  /** The gateway's address, with its trailing slash. */
  readonly server: string;
  readonly locale: Locale;
  /** "resume": open again where the visitor had left it open (reads the storage when the page loads). */
  readonly open: "no" | "yes" | "resume";
  readonly storage: "session" | "local" | "none";
  readonly microphone: boolean;
  /** Sent for the visitor when the first conversation begins; empty: nothing. */
  readonly opening: string;
  readonly view: Omit<ViewOptions, "texts">;
}

export interface Surroundings {
  /** The address that the script came from; empty when unknown. */
  readonly script: string;
  /** The address of the page. */
  readonly page: string;
  /** `<html lang>`. */
  readonly language: string;
}

/** Every attribute, as documented. */
export const ATTRIBUTES = [
  "server",
  "locale",
  "position",
  "theme",
  "title",
  "subtitle",
  "placeholder",
  "launcher",
  "open",
  "inline",
  "storage",
  "microphone",
  "opening",
] as const;

export type Attribute = (typeof ATTRIBUTES)[number];
export type Attributes = Partial<Record<Attribute, string>>;

/** `complain` is called with a line for the webmaster at each value that means nothing. */
export function readOptions(given: Attributes, around: Surroundings, complain: (line: string) => void): Options {
  const oneOf = <T extends string>(name: Attribute, values: readonly T[], otherwise: T): T => {
    const value = given[name]?.trim().toLowerCase();
    if (value === undefined || value === "") {
      return otherwise;
    }
    const found = values.find((one) => one === value);
    if (found === undefined) {
      complain(`${name}="${given[name]}": ${values.join(", ")} ?`);
    }
    return found ?? otherwise;
  };
  const isOn = (name: Attribute) => given[name] !== undefined && !/^(false|no|off|0)$/i.test(given[name].trim());
  const launcher = given.launcher?.trim() ?? "";
  return {
    server: serverOf(given.server, around, complain),
    locale: oneOf("locale", ["fr", "en"], /^en\b/i.test(around.language) ? "en" : "fr"),
    open: given.open?.trim().toLowerCase() === "resume" ? "resume" : isOn("open") ? "yes" : "no",
    storage: oneOf("storage", ["session", "local", "none"], "session"),
    microphone: isOn("microphone"),
    opening: given.opening?.trim() ?? "",
    view: {
      inline: isOn("inline"),
      position: oneOf("position", ["right", "left"], "right"),
      theme: oneOf("theme", ["auto", "light", "dark", "dsfr"], "auto"),
      title: given.title?.trim() ?? "",
      subtitle: given.subtitle?.trim() ?? "",
      placeholder: given.placeholder?.trim() ?? "",
      launcher: launcher.toLowerCase() === "none" ? null : launcher,
    },
  };
}

/** The directory of the script, or what the page names; always ends with a slash. */
function serverOf(given: string | undefined, around: Surroundings, complain: (line: string) => void): string {
  if (given?.trim()) {
    try {
      const url = new URL(given.trim(), around.page);
      if (/^https?:$/.test(url.protocol)) {
        return url.origin + url.pathname.replace(/\/*$/, "/");
      }
    } catch {
      // Said below.
    }
    complain(`server="${given}" is no address.`);
  }
  const script = new URL(around.script || around.page, around.page);
  // …/widget.js, or …/widget/<hash>/widget.js
  return script.origin + script.pathname.replace(/(widget\/[0-9a-f]+\/)?[^/]*$/, "");
}
