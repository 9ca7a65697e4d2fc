import type { Clock } from '../ports/clock.ts';
import type { EngineSpec, Manifest, WorkEngine } from '../protocol/manifest.ts';
import type { UpscalerSpec } from '../protocol/segment.ts';
import type { TaskResult } from '../protocol/task-result.ts';
import type { Engine } from './engines/engine.ts';
import type { WorkSession } from './tasks/work-session.ts';
import { KnownAnswers } from './upsample/known-answers.ts';
import { EngineSession } from './upsample/upsample-session.ts';
import { UpscaleWorkSession } from './upscale/upscale-session.ts';
import type { Upscaler } from './upscale/upscaler.ts';

/** What each kind of work is built from. */
export interface WorkKindParts {
  readonly clock: Clock;
  readonly random01: () => number;
  createEngine(spec: EngineSpec): Engine;
  createUpscaler(spec: UpscalerSpec): Upscaler;
  /** Where a hint's file lies on this machine. */
  hintPathOf(sha256: string): string;
}

/** The kinds of work there are: the one place of a worker that tells them apart. */
export class WorkKinds {
  readonly #parts: WorkKindParts;
  readonly #answers = new KnownAnswers();

  constructor(parts: WorkKindParts) {
    this.#parts = parts;
  }

  /** What the tasks of this manifest ask. */
  remember(manifest: Manifest): void {
    this.#answers.remember(manifest);
  }

  /** Results that are there already. */
  claim(results: readonly TaskResult[]): void {
    this.#answers.claim(results);
  }

  /** A session with an engine that is not started yet. */
  open(spec: WorkEngine): WorkSession {
    if ('encoding' in spec)
      return new UpscaleWorkSession(spec, this.#parts.createUpscaler(spec), this.#parts);
    const tools = { ...this.#parts, ledger: this.#answers.ledger };
    return new EngineSession(spec, this.#parts.createEngine(spec), tools);
  }
}
