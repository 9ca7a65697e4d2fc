import type { Manifest, WorkEngine } from '../../protocol/manifest.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { Routes } from '../http/json-server.ts';
import type { EngineSession } from './engine-session.ts';

export interface WorkKind {
  open(spec: WorkEngine): EngineSession;
  /** Takes note of manifests, of any kind, and of results that are there already. */
  learn?(manifests: readonly Manifest[], results: readonly TaskResult[]): void;
  /** What it adds to the worker's API. */
  readonly routes?: Routes;
}

/** Every kind of work that a manifest can name. */
export type WorkKinds = Readonly<Record<Manifest['kind'], WorkKind>>;
