/** A text from outside that may be of any length, no longer than a person reads, in characters. */
export function shortened(text: string, most = 500): string {
  if (text.length <= most) return text;
  // A copy: a part of a text keeps all of it in memory.
  const start = new TextDecoder().decode(new TextEncoder().encode(text.slice(0, most - 1)));
  return `${start.trimEnd()}…`;
}
