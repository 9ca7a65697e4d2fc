import { AppError } from '../../src/errors/app-error.ts';
import type { CheckResult } from '../../src/ports/diagnostics.ts';
import type {
  HostFacts,
  HostUpkeep,
  PreparedHost,
  PrepareProgress,
  PruneRules,
  Unneeded,
} from '../../src/ports/host-upkeep.ts';

/** Upkeep of a host that is only told about; what a test does not set is plain and healthy. */
export class MemoryUpkeep implements HostUpkeep {
  readonly name = 'memory';
  facts: HostFacts = sampleHostFacts();
  prepared: PreparedHost = { image: 'cosmos-upsampler:0.1.0', imageId: 'sha256:abc', outcome: 'built' };
  steps: PrepareProgress[] = [];
  unneeded: Unneeded[] = [];
  checks: CheckResult[] = [];
  /** Thrown by whatever needs the host while it is set. */
  trouble: AppError | null = null;
  /** Rules that were given, in order. */
  readonly rules: PruneRules[] = [];
  isClosed = false;

  async prepare(
    _options: Parameters<HostUpkeep['prepare']>[0],
    onProgress: (progress: PrepareProgress) => void,
  ): Promise<PreparedHost> {
    this.#assertReachable();
    for (const step of this.steps) onProgress(step);
    return this.prepared;
  }

  async status(): Promise<HostFacts> {
    this.#assertReachable();
    return this.facts;
  }

  async findUnneeded(rules: PruneRules): Promise<readonly Unneeded[]> {
    this.#assertReachable();
    this.rules.push(rules);
    return [...this.unneeded];
  }

  async remove(unneeded: readonly Unneeded[], rules: PruneRules): Promise<readonly Unneeded[]> {
    this.#assertReachable();
    this.rules.push(rules);
    const removed = this.unneeded.filter(({ name }) => unneeded.some((thing) => thing.name === name));
    this.unneeded = this.unneeded.filter((thing) => !removed.includes(thing));
    return removed;
  }

  async check(): Promise<readonly CheckResult[]> {
    return this.checks;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  #assertReachable(): void {
    if (this.trouble) throw this.trouble;
  }
}

/** A host that stands idle, without GPUs. */
export function sampleHostFacts(change: Partial<HostFacts> = {}): HostFacts {
  return {
    name: 'gpu1',
    address: 'ubuntu@203.0.113.7:22',
    dockerVersion: '27.3.1',
    image: { name: 'cosmos-upsampler:0.1.0', isPresent: true },
    upscalerImage: { name: 'cosmos-upscaler:0.1.0', isPresent: false },
    inferenceImage: { name: 'cosmos-inference:0.1.0', isPresent: false },
    slots: [],
    gpus: [],
    disk: { freeBytes: 400 * 1024 ** 3, totalBytes: 1000 * 1024 ** 3 },
    ...change,
  };
}

/** The error of a host that does not answer. */
export function unreachableError(message = 'gpu1 cannot be reached: connect ETIMEDOUT.'): AppError {
  return new AppError({ code: 'host-unreachable', message, isRetryable: true });
}
