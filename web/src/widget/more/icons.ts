/** Shapes that are shown at first use only; the others are in view/icons.ts. */

export const MICROPHONE =
  "M12 15a3.5 3.5 0 0 0 3.5-3.5v-6a3.5 3.5 0 1 0-7 0v6A3.5 3.5 0 0 0 12 15Zm-1 3.9V22h2v-3.1a7.5 7.5 0 0 0 6.5-7.4h-2a5.5 5.5 0 0 1-11 0h-2a7.5 7.5 0 0 0 6.5 7.4Z";
export const SPEAKER = "M3 9v6h4l5 5V4L7 9H3Zm11-1.5v9a5 5 0 0 0 0-9Zm0-4.3v2.1a7 7 0 0 1 0 13.4v2.1a9 9 0 0 0 0-17.6Z";
