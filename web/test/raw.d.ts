/** A file as text, where a test compares it with what it describes. */
declare module "*?raw" {
  const text: string;
  export default text;
}
