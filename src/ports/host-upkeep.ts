import type { SlotStatus } from '../protocol/slot.ts';
import type { CheckResult } from './diagnostics.ts';

/**
 * Which image of workers: each has the same worker, and beside it the server of a vision-language model (`upsampler`),
 * ONNX Runtime (`upscaler`), or a Cosmos model's own program (`inference`).
 */
export type ImageRole = 'upsampler' | 'upscaler' | 'inference';

/** An image as the settings name it, and whether the host has it. */
export interface HostImage {
  readonly name: string;
  readonly isPresent: boolean;
}

export interface PreparedHost {
  /** The image's name on the host. */
  readonly image: string;
  /** Docker's id of it: `sha256:…`. */
  readonly imageId: string;
  readonly outcome: 'present' | 'built' | 'pulled';
}

/** A step of preparing: a line for a person, and how far it is where that is known. */
export interface PrepareProgress {
  readonly message: string;
  /** Between 0 and 1; null where it is not known. */
  readonly fraction: number | null;
}

/** One place for a worker on a host. */
export interface SlotFacts {
  readonly slotId: number;
  /** `absent`: no container. `foreign`: another version, other settings or another program made the container. */
  readonly state: 'absent' | 'stopped' | 'starting' | 'running' | 'foreign';
  readonly container: string;
  /** What its worker says; null when it does not answer. */
  readonly status: SlotStatus | null;
}

/** One GPU as nvidia-smi shows it; sizes in bytes. */
export interface GpuFacts {
  readonly index: number;
  readonly name: string;
  readonly usedBytes: number;
  readonly totalBytes: number;
}

/** The state of a host. */
export interface HostFacts {
  readonly name: string;
  /** `user@address:port`, or `this machine`. */
  readonly address: string;
  /** Version of its Docker daemon; null on this machine, which needs none. */
  readonly dockerVersion: string | null;
  /** That of the role `upsampler`; null on this machine, as are the others. */
  readonly image: HostImage | null;
  readonly upscalerImage: HostImage | null;
  readonly inferenceImage: HostImage | null;
  readonly slots: readonly SlotFacts[];
  /** Empty where there is none or nvidia-smi is not there. */
  readonly gpus: readonly GpuFacts[];
  /** Of the file system that holds the root; null where it is not known. */
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number } | null;
}

/** Something on a host that no run needs. */
export interface Unneeded {
  readonly kind: 'run' | 'object' | 'upload' | 'container' | 'image';
  /** Run id, hash, file or name. */
  readonly name: string;
  readonly sizeBytes: number | null;
  /** Why it is not needed, in a few words. */
  readonly reason: string;
}

export interface PruneRules {
  /** Runs this machine still expects something of. */
  readonly neededRuns: ReadonlySet<string>;
  /** What was touched within this time stays, in milliseconds. */
  readonly keepMs: number;
}

/**
 * Preparing, checking and pruning a host. Every call may be repeated.
 *
 * @throws AppError `host-unreachable`, `host-refused` and the other errors of connecting.
 */
export interface HostUpkeep {
  readonly name: string;
  /** Builds or pulls an image of workers unless it is there. @throws AppError `image-failed`. */
  prepare(
    options: { readonly role: ImageRole; readonly isForced: boolean },
    onProgress: (progress: PrepareProgress) => void,
    signal: AbortSignal,
  ): Promise<PreparedHost>;
  status(): Promise<HostFacts>;
  /** What no run needs; changes nothing. */
  findUnneeded(rules: PruneRules): Promise<readonly Unneeded[]>;
  /** Removes what `findUnneeded` found, unless it is needed by now; gives what was removed. */
  remove(unneeded: readonly Unneeded[], rules: PruneRules): Promise<readonly Unneeded[]>;
  /** Every prerequisite on the host, for `doctor`. Never throws: what goes wrong is a result. */
  check(): Promise<readonly CheckResult[]>;
  close(): Promise<void>;
}
