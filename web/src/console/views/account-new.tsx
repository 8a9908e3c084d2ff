/** A new account. Its temporary password is made here, shown once, and must be changed at the first sign-in. */

import { useState } from "preact/hooks";
import { type Account, codesIn, type Role, type SignInOptions, temporaryPassword } from "../accounts";
import { useConsole } from "../context";
import { texts } from "../texts";
import { GroupFields, type Groups, RoleField } from "./account-bits";
import { Button, Check, Dialog, Field } from "./bits";
import { Once, useForm, Wrong } from "./forms";

const { edit: words, temporary } = texts.admin;

interface Props {
  readonly known: Groups;
  readonly options: SignInOptions | null;
  readonly onMade: () => Promise<void>;
  readonly onClose: () => void;
}

export function NewAccount({ known, options, onMade, onClose }: Props) {
  const { desk } = useConsole();
  const [login, setLogin] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("agent");
  const [teams, setTeams] = useState("");
  const [skills, setSkills] = useState("");
  const [onlyProvider, setOnlyProvider] = useState(options !== null && !options.passwords);
  const [made, setMade] = useState<{ readonly name: string; readonly password: string } | null>(null);
  const { busy, problem, setProblem, submit } = useForm(async () => {
    if (!login.trim()) {
      setProblem(words.loginMissing);
      return;
    }
    const password = onlyProvider ? null : newPassword(options);
    const account = await desk.api.post<Account>("/api/accounts/users", {
      login: login.trim(),
      name: name.trim(),
      role,
      teams: codesIn(teams),
      skills: codesIn(skills),
      ...(password !== null && { password }),
    });
    void onMade();
    if (password === null) {
      onClose();
    } else {
      setMade({ name: account.name, password });
    }
  });
  if (made) {
    return <Temporary {...made} onClose={onClose} />;
  }
  return (
    <Dialog title={words.newTitle} onClose={onClose} wide>
      <form onSubmit={submit}>
        <div class="pair">
          <Field
            label={words.login}
            hint={words.loginHint}
            required
            value={login}
            onInput={(event) => setLogin(event.currentTarget.value)}
          />
          <Field
            label={words.name}
            hint={words.nameHint}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </div>
        <RoleField value={role} onChange={setRole} more={role === "administrator" ? words.roleGains : ""} />
        <GroupFields known={known} teams={teams} skills={skills} onTeams={setTeams} onSkills={setSkills} />
        {options?.oidc && options.passwords && (
          <Check label={words.withoutPassword} checked={onlyProvider} onChange={setOnlyProvider} />
        )}
        {!onlyProvider && <p class="hint">{words.withPassword}</p>}
        <Wrong text={problem} />
        <div class="dialog-end">
          <Button type="submit" kind="primary" busy={busy}>
            {words.create}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** In a dialog of its own: what it shows is shown nowhere else and never again. */
export function Temporary(props: { readonly name: string; readonly password: string; readonly onClose: () => void }) {
  return (
    <Dialog title={temporary.title} onClose={props.onClose}>
      <p>{temporary.why(props.name)}</p>
      <Once label={temporary.title} value={props.password} />
      <div class="dialog-end">
        <Button kind="primary" onClick={props.onClose}>
          {temporary.done}
        </Button>
      </div>
    </Dialog>
  );
}

export function newPassword(options: SignInOptions | null): string {
  return temporaryPassword(options?.password_min_chars ?? 0, (bytes) => crypto.getRandomValues(bytes));
}
