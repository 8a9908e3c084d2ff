/** The gateway's interface (docs/api.md): addresses, requests, and what comes back, checked. */

import type { ClientFrame, ServerFrame, ServiceInfo } from "../shared/protocol";
import type { Environment } from "./environment";
import type { Locale } from "./options";
import type { Credentials, Failure, LogPart } from "./session-events";

const ANSWER_MS = 15_000;
/** The reply to a message waits for the dialogue. */
const POST_MS = 30_000;

/** A request that failed; `failure` says how. */
export class RequestFailed extends Error {
  constructor(readonly failure: Failure) {
    super(`HTTP ${failure.status}`);
  }
}

interface Request {
  readonly token?: string;
  readonly body?: unknown;
  readonly milliseconds?: number;
  readonly abort?: AbortController;
}

export class Gateway {
  readonly #base: string;
  readonly #environment: Environment;

  constructor(server: string, environment: Environment) {
    this.#base = `${server}api/`;
    this.#environment = environment;
  }

  service(language: Locale): Promise<ServiceInfo> {
    return this.#call("GET", `service?lang=${language}`) as Promise<ServiceInfo>;
  }

  async create(): Promise<Credentials> {
    const { id, token } = (await this.#call("POST", "conversations", { body: {} })) as Credentials;
    return { id, token };
  }

  log({ id, token }: Credentials, after: number, state: string, waitSeconds: number, abort: AbortController) {
    const wait = waitSeconds ? `&wait=${waitSeconds}${state && `&state=${encodeURIComponent(state)}`}` : "";
    const milliseconds = ANSWER_MS + 1000 * waitSeconds;
    return this.#call("GET", `${path(id)}?after=${after}${wait}`, { token, milliseconds, abort }) as Promise<LogPart>;
  }

  post({ id, token }: Credentials, body: ClientFrame): Promise<ServerFrame> {
    return this.#call("POST", `${path(id)}/messages`, { token, body, milliseconds: POST_MS }) as Promise<ServerFrame>;
  }

  async erase({ id, token }: Credentials): Promise<void> {
    await this.#call("DELETE", path(id), { token });
  }

  socketAddress(id: string): string {
    return `${this.#base.replace(/^http/, "ws")}${path(id)}/ws`;
  }

  async #call(method: string, where: string, { token, body, milliseconds = ANSWER_MS, abort }: Request = {}) {
    const headers: Record<string, string> = {};
    if (token) {
      headers["Authorization"] = `Bearer ${token}`;
    }
    if (body) {
      headers["Content-Type"] = "application/json";
    }
    const stop = abort ?? new AbortController();
    const callOff = this.#environment.after(milliseconds, () => stop.abort());
    let response: Response | undefined;
    let content: unknown = null;
    try {
      response = await this.#environment.fetch(this.#base + where, {
        method,
        headers,
        ...(body ? { body: JSON.stringify(body) } : {}),
        cache: "no-store",
        credentials: "omit",
        referrerPolicy: "origin",
        signal: stop.signal,
      });
      const text = await response.text();
      content = text ? JSON.parse(text) : null;
    } catch {
      // No answer, or none of ours: a proxy's page, a login of the network's.
      throw new RequestFailed(failureOf(response?.ok ? undefined : response, null));
    } finally {
      callOff();
    }
    if (!response.ok) {
      throw new RequestFailed(failureOf(response, content));
    }
    return content;
  }
}

function path(id: string): string {
  return `conversations/${encodeURIComponent(id)}`;
}

function failureOf(response: Response | undefined, content: unknown): Failure {
  const error = (content as { error?: { code?: unknown; text?: unknown } } | null)?.error;
  const seconds = Number.parseInt(response?.headers.get("Retry-After") ?? "", 10);
  return {
    status: response?.status ?? 0,
    code: String(error?.code ?? ""),
    text: String(error?.text ?? ""),
    retrySeconds: seconds >= 0 ? seconds : null,
  };
}

export function asFailure(error: unknown): Failure {
  return error instanceof RequestFailed ? error.failure : { status: 0, code: "", text: "", retrySeconds: null };
}

const LOG = new Set(["person", "reply", "agent", "handover"]);

/** null for what is no frame of the protocol; a frame of a type that a newer server has is passed over later. */
export function parseFrame(text: string): ServerFrame | null {
  try {
    const frame = JSON.parse(text) as ServerFrame | null;
    if (
      typeof frame?.type !== "string" ||
      (LOG.has(frame.type) && !Number.isSafeInteger((frame as { seq?: unknown }).seq))
    ) {
      return null;
    }
    return frame;
  } catch {
    return null;
  }
}
