// The server's HTTP interface. Addresses are relative to the page, so that it also works below a path.

const BASE = new URL("api/", document.baseURI);
const TIMEOUT_MS = 12_000;

/** `status` is 0 when there was no answer. `text` is a sentence for the visitor, or empty. */
export class ApiError extends Error {
  constructor(status, text = "") {
    super(`HTTP ${status}`);
    this.status = status;
    this.text = text;
  }

  /** The conversation does not exist (any more), or is not this visitor's. */
  get isGone() {
    return [401, 404, 410].includes(this.status);
  }
}

export function socketAddress(id) {
  const url = new URL(`conversations/${encodeURIComponent(id)}/ws`, BASE);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

export const api = {
  service: () => call("GET", "service"),
  start: () => call("POST", "conversations", { body: {} }),
  send: ({ id, token }, body) => call("POST", `conversations/${encodeURIComponent(id)}/messages`, { token, body }),
  messages: ({ id, token }, after) => call("GET", `conversations/${encodeURIComponent(id)}?after=${after}`, { token }),
  erase: ({ id, token }) => call("DELETE", `conversations/${encodeURIComponent(id)}`, { token }),
};

async function call(method, path, { token, body } = {}) {
  const headers = { Accept: "application/json" };
  if (token) {
    headers.Authorization = `Bearer ${token}`;
  }
  if (body) {
    headers["Content-Type"] = "application/json";
  }
  let response;
  let content = null;
  try {
    response = await fetch(new URL(path, BASE), {
      method,
      headers,
      body: body && JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const received = await response.text();
    content = received ? JSON.parse(received) : null;
  } catch {
    throw new ApiError(response && !response.ok ? response.status : 0);
  }
  if (!response.ok) {
    throw new ApiError(response.status, content?.error?.text ?? "");
  }
  return content;
}
