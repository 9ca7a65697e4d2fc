/** An argument as it can be pasted into a POSIX shell. */
export function shellQuoted(argument: string): string {
  return /^[\w@%+=:,./~-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
