/** The engine's environment in a real browser. */

import type { ClientFrame } from "../shared/protocol";
import type { Environment, Keeper } from "./environment";
import { filesOf } from "./files";
import type { Options } from "./options";
import type { Credentials } from "./session-events";

export function browserEnvironment({ server, storage }: Options): Environment {
  const key = `guichet:${server}`;
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    // Also where the page is not served over TLS, which `crypto.randomUUID` requires.
    newId: () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join(""),
    after(milliseconds, call) {
      const timer = setTimeout(call, milliseconds);
      return () => clearTimeout(timer);
    },
    fetch: (url, init) => fetch(url, init),
    connect(url, { opened, received, closed }) {
      const socket = new WebSocket(url);
      socket.onopen = opened;
      socket.onmessage = ({ data }) => received(String(data));
      socket.onclose = ({ code }) => closed(code);
      return {
        send: (text) => socket.readyState === WebSocket.OPEN && socket.send(text),
        close: () => socket.close(),
      };
    },
    keeper: storage === "none" ? NOWHERE : keeper(key, () => (storage === "local" ? localStorage : sessionStorage)),
    alone: (work) =>
      storage === "local" && navigator.locks ? navigator.locks.request(key, work).then((value) => value) : work(),
    watch(call) {
      const stop = new AbortController();
      const listen = { signal: stop.signal };
      window.addEventListener("online", () => call("online"), listen);
      window.addEventListener("offline", () => call("offline"), listen);
      // Also when a page comes back from the browser's own cache, with its connection cut.
      window.addEventListener("pageshow", ({ persisted }) => persisted && call("online"), listen);
      document.addEventListener("visibilitychange", () => call(document.hidden ? "hidden" : "shown"), listen);
      if (storage === "local") {
        window.addEventListener("storage", (event) => event.key === key && call("kept_elsewhere"), listen);
      }
      return () => stop.abort();
    },
    download(name, text) {
      const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
      const link = document.createElement("a");
      link.href = url;
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    },
    files: filesOf(server),
  };
}

/** `shared` may throw where the visitor refuses storage: the conversation works all the same, and ends with the page. */
function keeper(key: string, shared: () => Storage): Keeper {
  const read = (store: () => Storage, name: string): unknown => {
    try {
      return JSON.parse(store().getItem(name) ?? "null");
    } catch {
      return null;
    }
  };
  const write = (store: () => Storage, name: string, value: unknown) => {
    try {
      value ? store().setItem(name, JSON.stringify(value)) : store().removeItem(name);
    } catch {
      // Full, or refused.
    }
  };
  const own = () => sessionStorage;
  return {
    credentials() {
      const value = read(shared, key) as Partial<Credentials> | null;
      return typeof value?.id === "string" && typeof value.token === "string"
        ? { id: value.id, token: value.token }
        : null;
    },
    keep: (credentials) => write(shared, key, credentials),
    unsent() {
      const value = read(own, `${key}#unsent`);
      return Array.isArray(value) ? (value as ClientFrame[]) : [];
    },
    keepUnsent: (frames) => write(own, `${key}#unsent`, frames.length > 0 && frames),
    wasOpen: () => read(own, `${key}#open`) === true,
    keepOpen: (isOpen) => write(own, `${key}#open`, isOpen),
  };
}

const NOWHERE: Keeper = {
  credentials: () => null,
  keep: () => {},
  unsent: () => [],
  keepUnsent: () => {},
  wasOpen: () => false,
  keepOpen: () => {},
};
