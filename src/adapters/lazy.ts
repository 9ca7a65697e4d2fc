import type { CheckResult } from '../ports/diagnostics.ts';
import type { Host, HostRun, HostRunFacts, HostRunOptions, LogName, LogPart } from '../ports/host.ts';
import type {
  HostFacts,
  HostUpkeep,
  PreparedHost,
  PrepareProgress,
  PruneRules,
  Unneeded,
} from '../ports/host-upkeep.ts';

/** A host whose code is loaded when it is first used: SSH and Docker take longer to load than a small command runs. */
export class LateHost implements Host {
  readonly name: string;
  readonly #load: () => Promise<Host>;

  constructor(name: string, load: () => Promise<Host>) {
    this.name = name;
    this.#load = once(load);
  }

  async openRun(runId: string, options: HostRunOptions): Promise<HostRun> {
    return await (await this.#load()).openRun(runId, options);
  }

  async stopRun(runId: string, options: HostRunOptions): Promise<void> {
    await (await this.#load()).stopRun(runId, options);
  }

  async lookUp(runId: string): Promise<HostRunFacts> {
    return await (await this.#load()).lookUp(runId);
  }

  async readLog(runId: string, log: LogName, fromByte: number): Promise<LogPart | null> {
    return await (await this.#load()).readLog(runId, log, fromByte);
  }

  async close(): Promise<void> {
    await (await this.#load()).close();
  }
}

/** Upkeep whose code is loaded when it is first used. */
export class LateUpkeep implements HostUpkeep {
  readonly name: string;
  readonly #load: () => Promise<HostUpkeep>;

  constructor(name: string, load: () => Promise<HostUpkeep>) {
    this.name = name;
    this.#load = once(load);
  }

  async prepare(
    options: Parameters<HostUpkeep['prepare']>[0],
    onProgress: (progress: PrepareProgress) => void,
    signal: AbortSignal,
  ): Promise<PreparedHost> {
    return await (await this.#load()).prepare(options, onProgress, signal);
  }

  async status(): Promise<HostFacts> {
    return await (await this.#load()).status();
  }

  async findUnneeded(rules: PruneRules): Promise<readonly Unneeded[]> {
    return await (await this.#load()).findUnneeded(rules);
  }

  async remove(unneeded: readonly Unneeded[], rules: PruneRules): Promise<readonly Unneeded[]> {
    return await (await this.#load()).remove(unneeded, rules);
  }

  async check(): Promise<readonly CheckResult[]> {
    return await (await this.#load()).check();
  }

  async close(): Promise<void> {
    await (await this.#load()).close();
  }
}

function once<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let loaded: Promise<Value> | null = null;
  return () => {
    loaded ??= load();
    return loaded;
  };
}
