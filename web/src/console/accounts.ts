/** Accounts and the audit log as docs/accounts.md says them, and what can be told from them. Pure. */

import { admin } from "./texts-admin";

export const ROLES = ["agent", "supervisor", "editor", "administrator"] as const;

export type Role = (typeof ROLES)[number];

export interface Account {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly role: Role;
  readonly teams: readonly string[];
  readonly skills: readonly string[];
  readonly created_at: string;
  readonly disabled_at: string | null;
  readonly has_password: boolean;
  readonly must_change_password: boolean;
  readonly totp: boolean;
  readonly oidc: boolean;
}

export interface ListedAccount extends Account {
  /** As far as the audit log goes back. */
  readonly signed_in_at: string | null;
  readonly sessions: number;
}

export interface Me {
  readonly agent: Account;
  readonly permissions: readonly string[];
  readonly pending: string | null;
  readonly method: string;
  readonly csrf: string;
  /** The service's: who has no desk is told it here. */
  readonly time_zone?: string | null;
}

export interface SignInOptions {
  readonly service: string;
  readonly passwords: boolean;
  readonly password_min_chars: number;
  readonly oidc: { readonly label: string; readonly url: string } | null;
}

/** A browser in which somebody is signed in. */
export interface Browser {
  readonly id: string;
  readonly created_at: string;
  readonly used_at: string;
  readonly method: string;
  readonly client: string;
  readonly current?: boolean;
}

export interface AuditEntry {
  readonly number: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** Names of the accounts that are still there, by their reference in the log. */
  readonly people: Readonly<Record<string, string>>;
}

export interface Verification {
  readonly entries: number;
  readonly head: string;
  readonly fault: { readonly number: number; readonly reason: string } | null;
}

/** What an administrator may change; whatever is absent stays. */
export interface AccountChange {
  readonly name?: string;
  readonly role?: Role;
  readonly teams?: readonly string[];
  readonly skills?: readonly string[];
  readonly disabled?: boolean;
}

export type Shown = "all" | "active" | "disabled" | "attention";

/** Every word must occur in something that names the account; accents and capitals do not matter. */
export function matching(accounts: readonly ListedAccount[], words: string, shown: Shown): readonly ListedAccount[] {
  const terms = folded(words).split(/\s+/u).filter(Boolean);
  return accounts.filter((one) => {
    const text = folded([one.name, one.login, admin.roles[one.role], ...one.teams, ...one.skills].join(" "));
    return isShown(one, shown) && terms.every((term) => text.includes(term));
  });
}

function isShown(one: ListedAccount, shown: Shown): boolean {
  switch (shown) {
    case "active":
      return one.disabled_at === null;
    case "disabled":
      return one.disabled_at !== null;
    case "attention":
      return one.disabled_at === null && (one.must_change_password || (one.has_password && !one.totp));
    default:
      return true;
  }
}

function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** What differs, or null when nothing does. */
export function changeOf(before: Account, after: Required<Omit<AccountChange, "disabled">>): AccountChange | null {
  const change: AccountChange = {
    ...(after.name.trim() !== before.name && { name: after.name.trim() }),
    ...(after.role !== before.role && { role: after.role }),
    ...(!isSame(after.teams, before.teams) && { teams: after.teams }),
    ...(!isSame(after.skills, before.skills) && { skills: after.skills }),
  };
  return Object.keys(change).length > 0 ? change : null;
}

/** The change that puts the account back as it was. */
export function undoing(before: Account, change: AccountChange): AccountChange {
  return {
    ...(change.name !== undefined && { name: before.name }),
    ...(change.role !== undefined && { role: before.role }),
    ...(change.teams !== undefined && { teams: before.teams }),
    ...(change.skills !== undefined && { skills: before.skills }),
    ...(change.disabled !== undefined && { disabled: before.disabled_at !== null }),
  };
}

/** "etat_civil, CCAS" → ["etat_civil", "ccas"]; whether they are good codes is for the server to say. */
export function codesIn(text: string): readonly string[] {
  const codes = text.split(/[\s,;]+/u).map((code) => code.toLowerCase());
  return [...new Set(codes.filter(Boolean))];
}

/** Every team and skill that an account has, so that the same word is used for the same thing. */
export function codesUsed(
  accounts: readonly Account[],
  of: "teams" | "skills",
  others: readonly string[] = [],
): string[] {
  return [...new Set([...others, ...accounts.flatMap((one) => one[of])])].sort((a, b) => a.localeCompare(b));
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one, at) => one === others[at]);
}

// Nothing that is read or heard as something else: no 0, o, 1, i or l.
const CHARACTERS = "abcdefghjkmnpqrstuvwxyz23456789";
const GROUP = 4;
const FEWEST_GROUPS = 4;

/**
 * `h7kq-…`: groups of four, sixteen characters at least (79 bits), as many as the service wants.
 *
 * `random` fills what it is given; a byte that would make the first characters likelier is thrown away.
 */
export function temporaryPassword(minChars: number, random: (bytes: Uint8Array<ArrayBuffer>) => void): string {
  const groups = Math.max(FEWEST_GROUPS, Math.ceil((minChars + 1) / (GROUP + 1)));
  const fair = 256 - (256 % CHARACTERS.length);
  const byte = new Uint8Array(1);
  const drawn = () => {
    do {
      random(byte);
    } while ((byte[0] ?? 0) >= fair);
    return CHARACTERS[(byte[0] ?? 0) % CHARACTERS.length] ?? "";
  };
  return Array.from({ length: groups }, () => Array.from({ length: GROUP }, drawn).join("")).join("-");
}

const BROWSERS: readonly (readonly [sign: RegExp, name: string])[] = [
  [/\bEdg\//u, "Edge"],
  [/\bOPR\//u, "Opera"],
  [/\bFirefox\//u, "Firefox"],
  [/\bChrom(?:e|ium)\//u, "Chrome"],
  [/\bSafari\//u, "Safari"],
];
const SYSTEMS: readonly (readonly [sign: RegExp, name: string])[] = [
  [/iPhone|iPad/u, "iOS"],
  [/Android/u, "Android"],
  [/Windows/u, "Windows"],
  [/Macintosh|Mac OS/u, "macOS"],
  [/CrOS/u, "ChromeOS"],
  [/Linux/u, "Linux"],
];

/** "Firefox sur Windows", from how the browser names itself. */
export function browserName(client: string): string {
  const [browser, system] = [BROWSERS, SYSTEMS].map((known) => known.find(([sign]) => sign.test(client))?.[1]);
  return browser ? (system ? admin.profile.onSystem(browser, system) : browser) : admin.profile.unknownBrowser;
}

/** Who did it: a name where the account is still there. */
export function actorName(reference: string, people: AuditPage["people"]): string {
  const [kind, id = ""] = reference.split(":");
  return (
    people[reference] ??
    admin.audit.actors[reference] ??
    (kind === "user" ? admin.audit.gone(id.slice(0, 6)) : reference)
  );
}

/** "rôle administrator", "lignes 214, propos compris": the details in words. */
export function detailWords(detail: AuditEntry["detail"]): string {
  const { details, yes, no } = admin.audit;
  return Object.entries(detail)
    .map(([name, value]) => {
      const shown = typeof value === "boolean" ? (value ? yes : no) : (VALUES[String(value)] ?? String(value));
      return `${details[name] ?? name.replaceAll("_", " ")}\u00a0: ${shown}`;
    })
    .join(", ");
}

const VALUES: Readonly<Record<string, string>> = { ...admin.roles, ...admin.profile.methods, ...admin.audit.values };
