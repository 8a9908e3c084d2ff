/** The small pieces that every view is made of. */

import type { ButtonHTMLAttributes, ComponentChildren, TargetedInputEvent } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { useNow } from "../context";
import { texts } from "../texts";
import { clock, spokenDuration } from "../words";
import { Icon, type IconName } from "./icons";

type ButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "icon" | "type"> & {
  readonly kind?: "primary" | "quiet" | "danger";
  readonly icon?: IconName;
  readonly busy?: boolean;
  readonly small?: boolean;
  readonly type?: "button" | "submit";
  readonly shortcut?: string;
};

/** `busy`: pressed, not answered yet; it keeps the focus and does nothing meanwhile. */
export function Button({ kind, icon, busy = false, small, children, type = "button", shortcut, ...rest }: ButtonProps) {
  const { onClick, class: more, ...others } = rest;
  const names = ["button", kind, small ? "small" : "", more]
    .filter((name) => typeof name === "string" && name)
    .join(" ");
  return (
    <button
      {...others}
      type={type}
      class={names}
      aria-disabled={busy || undefined}
      aria-keyshortcuts={shortcut}
      {...(busy ? { onClick: swallow } : onClick ? { onClick } : {})}
    >
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
      {shortcut && (
        <span class="key" aria-hidden="true">
          {shortcut}
        </span>
      )}
    </button>
  );
}

function swallow(event: Event): void {
  event.preventDefault();
}

/** A time that runs; said in words to who listens, and not at every second. */
export function Elapsed({ since, prefix }: { readonly since: string; readonly prefix?: (time: string) => string }) {
  const now = useNow();
  const past = now - Date.parse(since);
  const spoken = spokenDuration(past);
  return (
    <time dateTime={since} class="clock">
      <span aria-hidden="true">{clock(past)}</span>
      <span class="unseen">{prefix ? prefix(spoken) : spoken}</span>
    </time>
  );
}

export function Remaining({ until, text }: { readonly until: string; readonly text: (time: string) => string }) {
  const now = useNow();
  return <span class="clock">{text(clock(Date.parse(until) - now))}</span>;
}

export function Badge({ count, label }: { readonly count: number; readonly label?: string }) {
  return count > 0 ? (
    <span class="badge">
      {count > 999 ? "999+" : count}
      {label && <span class="unseen"> {label}</span>}
    </span>
  ) : null;
}

export function Tag({ tone, children }: { readonly tone?: string; readonly children: ComponentChildren }) {
  return <span class={`tag ${tone ?? ""}`}>{children}</span>;
}

export function Empty(props: {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <Icon name={props.icon} />
      <p class="empty-title">{props.title}</p>
      {props.children && <div class="empty-more">{props.children}</div>}
    </div>
  );
}

/** What went wrong and what to do about it. */
export function Problem({ text, retry }: { readonly text: string; readonly retry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <Icon name="warning" />
      <p>{text}</p>
      {retry && (
        <Button small onClick={retry}>
          {texts.errors.retry}
        </Button>
      )}
    </div>
  );
}

let opener: HTMLElement | null = null;

/** The browser does so on close(), not when a dialog is taken off the page, nor when another follows it. */
function giveFocusBack(): void {
  if (document.querySelector("dialog[open]") === null) {
    if (opener?.isConnected) {
      opener.focus();
    }
    opener = null;
  }
}

/** A native dialog: the browser keeps the focus in it, gives it back, and closes it on Escape. */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly wide?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const active = document.activeElement;
    if (active instanceof HTMLElement && active !== document.body && !active.closest("dialog")) {
      opener = active;
    }
    dialog.current?.showModal();
    return () => queueMicrotask(giveFocusBack);
  }, []);
  return (
    <dialog ref={dialog} class={props.wide ? "wide" : ""} aria-labelledby={title} onClose={props.onClose}>
      <div class="dialog-body">
        <header>
          <h2 id={title}>{props.title}</h2>
          <Button
            kind="quiet"
            icon="close"
            aria-label={texts.preferences.close}
            onClick={() => dialog.current?.close()}
          />
        </header>
        {props.children}
      </div>
    </dialog>
  );
}

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly problem?: string;
  readonly name?: string;
  readonly type?: "text" | "password" | "tel";
  readonly autocomplete?: "username" | "current-password" | "new-password" | "one-time-code" | "off";
  readonly required?: boolean;
  readonly value: string;
  readonly onInput: (event: TargetedInputEvent<HTMLInputElement>) => void;
}

export function Field({
  label,
  hint,
  problem,
  name,
  type = "text",
  autocomplete = "off",
  required,
  value,
  onInput,
}: FieldProps) {
  const id = useId();
  const more = `${id}-more`;
  // Preact describes each type of input apart; ours are three of a kind.
  const kind: Record<string, unknown> = { type };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name ?? id}
        {...kind}
        autocomplete={autocomplete}
        required={required ?? false}
        value={value}
        onInput={onInput}
        aria-invalid={problem !== undefined && problem !== ""}
        {...(hint || problem ? { "aria-describedby": more } : {})}
      />
      {(hint || problem) && (
        <p id={more} class={problem ? "wrong" : "hint"}>
          {problem || hint}
        </p>
      )}
    </div>
  );
}

export function Check(props: {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (on: boolean) => void;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <span>{props.label}</span>
    </label>
  );
}
