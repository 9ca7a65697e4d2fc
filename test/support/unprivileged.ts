const nobody = 65_534;

/** Does something with the rights of a user who owns nothing; root, whom no rights hold back, steps down for it. */
export async function asUnprivileged<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await work();
  process.seteuid?.(nobody);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
