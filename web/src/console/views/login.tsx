/** Signing in, and what must be done before anything else: one's own password, the second factor (docs/accounts.md). */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Me, SignInOptions } from "../accounts";
import { useConsole } from "../context";
import { refusal } from "../session";
import { texts } from "../texts";
import { Button, Check, Field } from "./bits";
import { ChangePassword, Enrol, RecoveryCodes } from "./credentials";
import { useForm, Wrong } from "./forms";
import { Icon } from "./icons";

interface Props {
  /** Signed in, but something must be done first. */
  readonly pending: Me | null;
  readonly onMe: (me: Me) => void;
}

export function Login({ pending, onMe }: Props) {
  const { desk, state } = useConsole();
  const [options, setOptions] = useState<SignInOptions | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    desk.api
      .get<SignInOptions>("/api/accounts/options")
      .then(setOptions, (error) => setProblem(refusal(error).message));
  }, []);
  return (
    <main class="login" id="content">
      <div class="login-card">
        <p class="brand">
          <Icon name="web" />
          <span>{texts.title}</span>
        </p>
        <p class="login-service">{options?.service}</p>
        {state.notDone.length > 0 && <Wrong text={texts.notDone.told(texts.list(state.notDone))} />}
        {pending?.pending === "password_to_change" ? (
          <Step title={texts.login.change} why={texts.login.changeWhy}>
            <ChangePassword minChars={options?.password_min_chars ?? 12} onMe={onMe} />
          </Step>
        ) : pending?.pending === "totp_to_enrol" ? (
          <EnrolFirst onMe={onMe} />
        ) : (
          <SignIn options={options} onMe={onMe} />
        )}
        <Wrong text={problem} />
      </div>
    </main>
  );
}

function SignIn({ options, onMe }: { readonly options: SignInOptions | null; readonly onMe: (me: Me) => void }) {
  const { desk } = useConsole();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [needsCode, setNeedsCode] = useState(false);
  const [shown, setShown] = useState(false);
  const { busy, problem, submit } = useForm(async () => {
    try {
      onMe(await desk.api.post<Me>("/api/accounts/login", { login, password, ...(code ? { code } : {}) }));
    } catch (error) {
      if (refusal(error).code === "totp_required") {
        setNeedsCode(true);
        setTimeout(() => document.getElementById("login-code")?.querySelector("input")?.focus());
        return;
      }
      throw error;
    }
  });
  return (
    <>
      <h1>{texts.login.title}</h1>
      {options && !options.passwords ? (
        <p class="hint">{texts.login.closed}</p>
      ) : (
        <form onSubmit={submit}>
          <Field
            label={texts.login.login}
            name="login"
            autocomplete="username"
            required
            value={login}
            onInput={(event) => setLogin(event.currentTarget.value)}
          />
          <Field
            label={texts.login.password}
            name="password"
            type={shown ? "text" : "password"}
            autocomplete="current-password"
            required
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
          <Check label={texts.login.show} checked={shown} onChange={setShown} />
          {needsCode && (
            <div id="login-code">
              <Field
                label={texts.login.code}
                hint={texts.login.codeHint}
                name="code"
                autocomplete="one-time-code"
                required
                value={code}
                onInput={(event) => setCode(event.currentTarget.value)}
              />
            </div>
          )}
          <Wrong text={problem} />
          <Button type="submit" kind="primary" busy={busy}>
            {busy ? texts.login.submitting : texts.login.submit}
          </Button>
        </form>
      )}
      {options?.oidc && (
        <>
          {options.passwords && <p class="or">{texts.login.or}</p>}
          <a class="button wide" href={options.oidc.url}>
            {options.oidc.label}
          </a>
        </>
      )}
      <p class="hint">{texts.login.noAccount}</p>
    </>
  );
}

/** Asked of who must have a second factor before anything else. */
function EnrolFirst({ onMe }: { readonly onMe: (me: Me) => void }) {
  const { desk } = useConsole();
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const finish = useForm(async () => onMe(await desk.api.get<Me>("/api/accounts/me")));
  if (!codes) {
    return (
      <Step title={texts.login.totp} why={texts.login.totpWhy}>
        <Enrol onCodes={setCodes} />
      </Step>
    );
  }
  return (
    <Step title={texts.login.recovery} why={texts.login.recoveryWhy}>
      <RecoveryCodes codes={codes} />
      <form onSubmit={finish.submit}>
        <Wrong text={finish.problem} />
        <Button type="submit" kind="primary" busy={finish.busy}>
          {texts.login.recoveryDone}
        </Button>
      </form>
    </Step>
  );
}

function Step(props: { readonly title: string; readonly why: string; readonly children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [props.title]);
  return (
    <>
      <h1 tabIndex={-1} ref={heading}>
        {props.title}
      </h1>
      <p class="hint">{props.why}</p>
      {props.children}
    </>
  );
}
