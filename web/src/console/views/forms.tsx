/** What every form of accounts shares: one submission at a time, its refusal in words, a confirmation, a copy. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { refusal } from "../session";
import { texts } from "../texts";
import { Button } from "./bits";

/** One submission at a time, and its refusal in words. */
export function useForm(send: () => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const isGone = useRef(false);
  useEffect(
    () => () => {
      isGone.current = true;
    },
    [],
  );
  async function submit(event?: Event) {
    event?.preventDefault();
    if (busy) {
      return;
    }
    setBusy(true);
    setProblem("");
    try {
      await send();
    } catch (error) {
      setProblem(refusal(error).message);
    }
    if (!isGone.current) {
      setBusy(false);
    }
  }
  return { busy, problem, setProblem, submit: (event?: Event) => void submit(event) };
}

export function Wrong({ text }: { readonly text: string }) {
  return (
    <p class="wrong" role="alert">
      {text}
    </p>
  );
}

interface ConfirmProps {
  readonly label: string;
  readonly question: string;
  readonly confirm: string;
  readonly busy: boolean;
  readonly danger?: boolean;
  readonly onConfirm: () => void;
  readonly children?: ComponentChildren;
}

/** Asks once more, in place: the focus goes to the question, and back to the button when it is taken back. */
export function Confirm({ label, question, confirm, busy, danger = true, onConfirm, children }: ConfirmProps) {
  const [asking, setAsking] = useState(false);
  const asked = useRef<HTMLParagraphElement>(null);
  const opener = useRef<HTMLDivElement>(null);
  const was = useRef(false);
  const id = useId();
  useEffect(() => {
    if (asking) {
      asked.current?.focus();
      asked.current?.parentElement?.scrollIntoView({ block: "nearest" });
    } else if (was.current) {
      opener.current?.querySelector("button")?.focus();
    }
    was.current = asking;
  }, [asking]);
  if (!asking) {
    return (
      <div ref={opener}>
        <Button small busy={busy} onClick={() => setAsking(true)}>
          {label}
        </Button>
      </div>
    );
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would need a legend that says the same again
    <div class="confirm" role="group" aria-labelledby={id}>
      <p id={id} tabIndex={-1} ref={asked}>
        {question}
      </p>
      {children}
      <div class="confirm-end">
        <Button small onClick={() => setAsking(false)}>
          {texts.admin.edit.cancel}
        </Button>
        <Button small kind={danger ? "danger" : "primary"} busy={busy} onClick={onConfirm}>
          {confirm}
        </Button>
      </div>
    </div>
  );
}

/** A secret that is shown this once. */
export function Once({ value, label }: { readonly value: string; readonly label: string }) {
  const [said, setSaid] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  async function copy() {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(value);
      setSaid(texts.admin.temporary.copied);
    } catch {
      field.current?.focus();
      setSaid(texts.admin.temporary.selected); // no clipboard without TLS
    }
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="once">
        <input id={id} ref={field} readOnly value={value} spellcheck={false} class="secret" />
        <Button onClick={() => void copy()}>{texts.admin.temporary.copy}</Button>
      </div>
      <p class="hint" role="status">
        {said}
      </p>
    </div>
  );
}
