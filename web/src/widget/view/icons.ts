/** The shapes that a window always shows, of 24 by 24. */

export const TALK =
  "M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2h-8l-5 4.5V17H4a2 2 0 0 1-2-2V5c0-1.1.9-2 2-2Zm3 5.2v1.8h10V8.2H7Zm0 3.6v1.7h7v-1.7H7Z";
export const PERSON = "M12 12a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9Zm0 2c-4.4 0-8 2.2-8 5v2h16v-2c0-2.8-3.6-5-8-5Z";
export const SEND = "M3.4 20.4 22 12 3.4 3.6l-.1 6.6L16 12 3.3 13.8l.1 6.6Z";
export const INFO = "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm1.1 15h-2.2v-6.5h2.2V17Zm0-8.3h-2.2V6.5h2.2v2.2Z";
export const MENU =
  "M12 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4Zm0 6a2 2 0 1 0 0-4 2 2 0 0 0 0 4Zm0 6a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z";
export const CLOSE = "m12 10.4 5-5 1.6 1.6-5 5 5 5-1.6 1.6-5-5-5 5L5.4 17l5-5-5-5L7 5.4l5 5Z";
export const DOWN = "m12 20-7-7 1.4-1.4 4.6 4.6V4h2v12.2l4.6-4.6L19 13l-7 7Z";
