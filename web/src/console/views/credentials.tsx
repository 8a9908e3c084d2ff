/** One's own password, and the second factor from the first code to the recovery codes (docs/accounts.md). */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Me } from "../accounts";
import { useConsole } from "../context";
import { texts } from "../texts";
import { Button, Field } from "./bits";
import { useForm, Wrong } from "./forms";

export function ChangePassword({ minChars, onMe }: { readonly minChars: number; readonly onMe: (me: Me) => void }) {
  const { desk } = useConsole();
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const differ = again !== "" && again !== fresh;
  const { busy, problem, submit } = useForm(async () => {
    if (again === fresh) {
      onMe(await desk.api.post<Me>("/api/accounts/password", { current, new: fresh }));
    }
  });
  return (
    <form onSubmit={submit}>
      <CurrentPassword value={current} onInput={setCurrent} />
      <Field
        label={texts.login.new}
        hint={texts.login.newHint(minChars)}
        type="password"
        autocomplete="new-password"
        required
        value={fresh}
        onInput={(event) => setFresh(event.currentTarget.value)}
      />
      <Field
        label={texts.login.again}
        type="password"
        autocomplete="new-password"
        required
        value={again}
        {...(differ ? { problem: texts.login.different } : {})}
        onInput={(event) => setAgain(event.currentTarget.value)}
      />
      <Wrong text={problem} />
      <Button type="submit" kind="primary" busy={busy || differ}>
        {texts.login.changeSubmit}
      </Button>
    </form>
  );
}

interface Enrolment {
  readonly secret: string;
  readonly qr: string;
}

/** Password, QR code, first code; `onCodes` is given the recovery codes, which exist nowhere else from then on. */
export function Enrol({ onCodes }: { readonly onCodes: (codes: readonly string[]) => void }) {
  const { desk } = useConsole();
  const [code, setCode] = useState("");
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null);
  const first = useRef<HTMLFormElement>(null);
  const confirm = useForm(async () => {
    const done = await desk.api.post<{ recovery_codes: string[] }>("/api/accounts/totp/confirm", { code });
    onCodes(done.recovery_codes);
  });
  useEffect(() => {
    if (enrolment) {
      first.current?.querySelector("input")?.focus();
    }
  }, [enrolment]);
  if (!enrolment) {
    return (
      <WithPassword
        label={texts.login.totpBegin}
        send={async (password) => setEnrolment(await desk.api.post<Enrolment>("/api/accounts/totp", { password }))}
      />
    );
  }
  return (
    <form onSubmit={confirm.submit} ref={first}>
      <p>{texts.login.totpScan}</p>
      <img class="qr" src={enrolment.qr} alt={texts.login.totpQr} />
      <p class="hint">
        {`${texts.login.totpKey}\u00a0: `}
        <code>{enrolment.secret.match(/.{1,4}/gu)?.join(" ")}</code>
      </p>
      <Field
        label={texts.login.code}
        autocomplete="one-time-code"
        required
        value={code}
        onInput={(event) => setCode(event.currentTarget.value)}
      />
      <Wrong text={confirm.problem} />
      <Button type="submit" kind="primary" busy={confirm.busy}>
        {texts.login.totpConfirm}
      </Button>
    </form>
  );
}

interface CurrentPasswordProps {
  readonly value: string;
  readonly onInput: (password: string) => void;
}

function CurrentPassword({ value, onInput }: CurrentPasswordProps) {
  return (
    <Field
      label={texts.login.current}
      type="password"
      autocomplete="current-password"
      required
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
}

interface WithPasswordProps {
  readonly label: string;
  readonly danger?: boolean;
  readonly send: (password: string) => Promise<void>;
}

/** What opens the account is not changed by who finds it open: the password is asked for again. */
export function WithPassword({ label, danger = false, send }: WithPasswordProps) {
  const [password, setPassword] = useState("");
  const { busy, problem, submit } = useForm(() => send(password));
  return (
    <form onSubmit={submit}>
      <CurrentPassword value={password} onInput={setPassword} />
      <Wrong text={problem} />
      <Button type="submit" kind={danger ? "danger" : "primary"} busy={busy}>
        {label}
      </Button>
    </form>
  );
}

export function RecoveryCodes({ codes }: { readonly codes: readonly string[] }) {
  return (
    <ul class="recovery">
      {codes.map((one) => (
        <li key={one}>
          <code>{one}</code>
        </li>
      ))}
    </ul>
  );
}
