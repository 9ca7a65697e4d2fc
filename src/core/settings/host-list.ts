/** As the schema of `[hosts.NAME]` says. */
const mostWorkersOfHost = 64;

/** The names in a list such as `gpu1,gpu2`. */
export function hostsIn(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** A run's workers in the shape of `config.toml`, where it has one machine. Those of several follow from theirs. */
export function hostTableOf(host: string, workers: number): object {
  return host.includes(',') || workers > mostWorkersOfHost ? {} : { hosts: { [host]: { workers } } };
}
