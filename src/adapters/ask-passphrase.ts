/** Asks on the terminal for the passphrase of a key; null when there is no terminal, or when the person gives up. */
export async function askPassphrase(keyFile: string): Promise<string | null> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  // Loaded only here: hardly any run asks.
  const { default: password } = await import('@inquirer/password');
  try {
    return await password({ message: `Passphrase of ${keyFile}` }, { output: process.stderr });
  } catch {
    return null;
  }
}
