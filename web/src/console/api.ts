/** The HTTP half of the desk: JSON in, JSON out, and one kind of error with a sentence for the agent. */

import { texts } from "./texts";

/** What a person must mend is in `message`, in French, as the server says it; `code` is for us. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, text: string) {
    super(text);
    this.status = status;
    this.code = code;
  }
}

/** The server cannot be reached at all. */
export const OFFLINE = 0;

const TIMEOUT_MS = 15_000;

export class Api {
  readonly #signedOut: () => void;
  #csrf = "";

  constructor(signedOut: () => void) {
    this.#signedOut = signedOut;
  }

  /** The token that every write carries (docs/accounts.md). */
  setCsrf(token: string): void {
    this.#csrf = token;
  }

  get<Body>(path: string): Promise<Body> {
    return this.#send<Body>("GET", path);
  }

  /** As `get`, but that nobody is signed in changes nothing here: a new session may be on its way. */
  ask<Body>(path: string): Promise<Body> {
    return this.#send<Body>("GET", path, undefined, false);
  }

  post<Body>(path: string, body: object = {}): Promise<Body> {
    return this.#send<Body>("POST", path, body);
  }

  put<Body>(path: string, body: object): Promise<Body> {
    return this.#send<Body>("PUT", path, body);
  }

  patch<Body>(path: string, body: object): Promise<Body> {
    return this.#send<Body>("PATCH", path, body);
  }

  delete<Body>(path: string): Promise<Body> {
    return this.#send<Body>("DELETE", path, {});
  }

  async #send<Body>(method: string, path: string, body?: object, ends = true): Promise<Body> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (body) {
      headers["Content-Type"] = "application/json";
      if (this.#csrf) {
        headers["X-CSRF-Token"] = this.#csrf;
      }
    }
    const sent = { method, headers, body: body ? JSON.stringify(body) : null };
    const response = await this.#answer(path, { ...sent, signal: AbortSignal.timeout(TIMEOUT_MS) }, ends);
    return (await read(response)) as Body;
  }

  /** What is to be read while it comes, however long that takes. */
  open(path: string, signal: AbortSignal): Promise<Response> {
    return this.#answer(path, { signal });
  }

  async #answer(path: string, request: RequestInit, ends = true): Promise<Response> {
    const csrf = this.#csrf;
    let response: Response;
    try {
      response = await fetch(path, { ...request, credentials: "same-origin" });
    } catch {
      throw new Refused(OFFLINE, "offline", texts.errors.offline);
    }
    if (response.ok) {
      return response;
    }
    const { code, text } = told(await read(response));
    // What was asked in a session before says nothing of the one that has begun meanwhile.
    const isOfNow = ends && csrf === this.#csrf;
    if (isOfNow && response.status === 401 && (code === "unauthorized" || path.startsWith("/api/desk"))) {
      this.#signedOut();
    }
    throw new Refused(response.status, code, text || texts.errors.status(response.status));
  }
}

async function read(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

function told(content: unknown): { code: string; text: string } {
  if (typeof content === "object" && content !== null && "error" in content) {
    const { error } = content;
    if (typeof error === "object" && error !== null && "code" in error && "text" in error) {
      return { code: String(error.code), text: String(error.text) };
    }
  }
  return { code: "", text: "" };
}
