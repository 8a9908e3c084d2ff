/** Whether a text has to be looked at before it is sent (more/sensitive.ts, which is fetched for that): most have not. */

/** An address, a number of eight digits or more in groups of any kind, or what begins like an account's. */
const SUSPECT = /@|(\d\D{0,3}){8}|[a-z]{2}\W?\d\W?\d(\W?[a-z\d]){10}/i;

/** Never false for a text in which something is found. */
export function mayBeSensitive(text: string): boolean {
  return SUSPECT.test(text);
}
