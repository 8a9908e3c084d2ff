/** What happens to a session and what it asks for: the words of session.ts. */

import type { ClientFrame, HandoverNow, LogMessage, ServerFrame } from "../shared/protocol";
import type { Link } from "./model";

/** Who may speak in a conversation. The token goes into the first frame or into a header, never into an address. */
export interface Credentials {
  readonly id: string;
  readonly token: string;
}

/** A request that brought nothing. `status` 0: no answer at all. `text`: a sentence for the visitor, or empty. */
export interface Failure {
  readonly status: number;
  readonly code: string;
  readonly text: string;
  /** From `Retry-After`. */
  readonly retrySeconds: number | null;
}

/** The log after a number, complete (what is missing in it does not exist), and how things stand. */
export interface LogPart {
  readonly messages: readonly LogMessage[];
  /** The number of the last message of the log. */
  readonly seq: number;
  /** Opaque: given back, so that a change between two requests is not missed. */
  readonly state: string;
  readonly handover: HandoverNow | null;
  readonly queue: { readonly position: number | null; readonly wait_seconds: number | null } | null;
  readonly typing: "bot" | "agent" | null;
}

export type Event =
  /** The visitor has opened the window: what an earlier page has kept. */
  | { readonly type: "activated"; readonly saved: Credentials | null; readonly outbox: readonly ClientFrame[] }
  | { readonly type: "send"; readonly frame: ClientFrame }
  /** Goes on in `credentials`: just made, or found in another tab. */
  | { readonly type: "created"; readonly creation: number; readonly credentials: Credentials }
  | { readonly type: "not_created"; readonly creation: number; readonly failure: Failure }
  | { readonly type: "adopt"; readonly credentials: Credentials }
  | { readonly type: "socket_opened"; readonly socket: number }
  | { readonly type: "socket_closed"; readonly socket: number; readonly code: number }
  | { readonly type: "frame"; readonly socket: number; readonly frame: ServerFrame }
  | { readonly type: "fetched"; readonly fetch: number; readonly part: LogPart }
  | { readonly type: "not_fetched"; readonly fetch: number; readonly failure: Failure }
  | { readonly type: "posted"; readonly post: number; readonly frame: ServerFrame }
  | { readonly type: "not_posted"; readonly post: number; readonly failure: Failure }
  | { readonly type: "online" }
  | { readonly type: "offline" }
  | { readonly type: "shown" }
  | { readonly type: "hidden" }
  /** Does not wait for the next attempt. */
  | { readonly type: "retry" }
  /** A conversation must be there, though nothing is sent yet. */
  | { readonly type: "begin" }
  /** The visitor leaves the conversation for good. */
  | { readonly type: "forget" }
  /** Another window has erased it. */
  | { readonly type: "erased" }
  | { readonly type: "tick" };

export type Command =
  | { readonly type: "create"; readonly creation: number }
  /** Made for nobody any more. */
  | { readonly type: "discard"; readonly credentials: Credentials }
  | { readonly type: "open_socket"; readonly socket: number; readonly credentials: Credentials }
  | { readonly type: "hello"; readonly socket: number; readonly credentials: Credentials; readonly after: number }
  | { readonly type: "send_frame"; readonly socket: number; readonly frame: ClientFrame }
  | { readonly type: "close_socket"; readonly socket: number }
  /** The log after `after`; the request is held open for `waitSeconds` while `state` lasts and nothing comes. */
  | {
      readonly type: "fetch";
      readonly fetch: number;
      readonly credentials: Credentials;
      readonly after: number;
      readonly state: string;
      readonly waitSeconds: number;
    }
  | { readonly type: "cancel_fetch"; readonly fetch: number }
  | { readonly type: "post"; readonly post: number; readonly credentials: Credentials; readonly frame: ClientFrame }
  | { readonly type: "save"; readonly credentials: Credentials | null }
  | { readonly type: "save_outbox"; readonly frames: readonly ClientFrame[] }
  | { readonly type: "link"; readonly link: Link }
  /** Each message of the log, once, in order. `isHistory`: it was read on an earlier page. */
  | { readonly type: "show"; readonly message: LogMessage; readonly isHistory: boolean }
  /** The server's log is another than what was shown: it begins anew. */
  | { readonly type: "show_anew" }
  | { readonly type: "typing"; readonly who: "bot" | "agent" | null }
  | { readonly type: "queue"; readonly position: number | null; readonly waitSeconds: number | null }
  | { readonly type: "handover"; readonly handover: HandoverNow | null }
  /** Handled by the server. */
  | { readonly type: "delivered"; readonly frame: ClientFrame }
  /** Refused, or tried often enough; the same frame may be sent again. */
  | { readonly type: "not_delivered"; readonly frame: ClientFrame; readonly code: string; readonly text: string }
  /** Nobody can be reached; or this page may not; said once, taken back by the next "link". */
  | { readonly type: "problem"; readonly problem: "service_down" | "origin_refused" }
  | { readonly type: "gone"; readonly why: "unknown" | "erased" };
