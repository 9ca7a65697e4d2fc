/** A text from outside that may be of any length, no longer than a person reads, in characters. */
export function shortened(text: string, most = 500): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`;
}
