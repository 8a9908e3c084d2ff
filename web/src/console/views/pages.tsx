/** The frame of the pages that are no list beside a conversation: accounts, the audit log, one's own account. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { address, useConsole } from "../context";
import { mayAudit, mayManage } from "../looks";
import { texts } from "../texts";

interface Props {
  readonly title: string;
  /** Beside the title. */
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Page({ title, action, children }: Props) {
  const { state } = useConsole();
  const pages = ([mayManage(state) && "accounts", mayAudit(state) && "audit"] as const).filter((one) => one !== false);
  const isOneOf = state.tab === "accounts" || state.tab === "audit";
  return (
    <div class="page">
      <header class="page-head">
        <h2>{title}</h2>
        {action}
      </header>
      {isOneOf && pages.length > 1 && (
        <nav class="page-nav" aria-label={texts.admin.pages}>
          <ul>
            {pages.map((one) => (
              <li key={one}>
                <a href={address(one)} aria-current={state.tab === one ? "page" : undefined}>
                  {texts.tabs[one]}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      {children}
    </div>
  );
}

/** What was done last; `nth` tells two of the same apart. */
export interface Said {
  readonly text: string;
  readonly nth: number;
}

export function useSaid(): [Said, (text: string) => void] {
  const [said, setSaid] = useState<Said>({ text: "", nth: 0 });
  return [said, (text) => setSaid(({ nth }) => ({ text, nth: nth + 1 }))];
}

/** What has just been done, said once, with a way back; it takes the focus that a button took with it when it went. */
export function Done(props: {
  readonly said: Said;
  readonly undo?: (() => void) | undefined;
  readonly undoLabel: string;
}) {
  const { text, nth } = props.said;
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (text) {
      line.current?.scrollIntoView({ block: "nearest" });
      if (document.activeElement === document.body) {
        line.current?.focus();
      }
    }
  }, [nth]);
  return (
    <div class="done" role="status" tabIndex={-1} ref={line}>
      {text && <p key={nth}>{text}</p>}
      {text && props.undo && (
        <button type="button" class="button small" onClick={props.undo}>
          {props.undoLabel}
        </button>
      )}
    </div>
  );
}
