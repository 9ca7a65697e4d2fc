import type { FileStore } from '../../ports/file-store.ts';
import { layout } from '../../protocol/layout.ts';
import { type WorkBatch, type WorkEngine, workKindOf } from '../../protocol/manifest.ts';
import { protocolVersion } from '../../protocol/version.ts';
import type { BatchPart, TaskAssignments } from './task-assignments.ts';

/** Batches in one manifest, at most. */
const mostBatches = 32;

/** What a manifest is to hold. */
export interface ManifestContent {
  readonly engine: WorkEngine;
  readonly batches: readonly WorkBatch[];
}

interface ManifestPublisherDeps {
  readonly runId: string;
  /** The run folder. */
  readonly files: FileStore;
  readonly assignments: TaskAssignments;
  onPublished(workerId: number, path: string, content: ManifestContent): Promise<void>;
}

/** A manifest that is not being written yet. */
interface GatheredManifest {
  readonly index: number;
  readonly engine: WorkEngine;
  readonly batches: WorkBatch[];
  readonly done: Promise<void>;
}

/**
 * Publishes batches as manifests of their workers. Those that come while another manifest of the worker is being published go into
 * the next one together: a manifest costs the same whatever it holds.
 */
export class ManifestPublisher {
  readonly #deps: ManifestPublisherDeps;
  readonly #gathered = new Map<number, GatheredManifest>();
  readonly #publishing = new Map<number, Promise<void>>();

  constructor(deps: ManifestPublisherDeps) {
    this.#deps = deps;
  }

  /** Assigns a part of a batch at once; resolves when its manifest is published, and `onPublished` has ended. */
  publish(part: BatchPart, engine: WorkEngine): Promise<void> {
    const { workerId, batch } = part;
    const { assignments, onPublished } = this.#deps;
    const gathered = this.#gathered.get(workerId);
    if (gathered?.engine === engine && gathered.batches.length < mostBatches) {
      assignments.assign(part, engine, gathered.index);
      gathered.batches.push(batch);
      return gathered.done;
    }
    const index = assignments.assign(part, engine);
    const content = { engine, batches: [batch] };
    const before = this.#publishing.get(workerId) ?? Promise.resolve();
    const done = before
      .catch(() => undefined)
      .then(() => this.#write(workerId, index, content))
      .then((path) => onPublished(workerId, path, content));
    this.#gathered.set(workerId, { ...content, index, done });
    this.#publishing.set(workerId, done);
    return done;
  }

  /** @returns the path of the manifest. */
  async #write(workerId: number, index: number, { engine, batches }: ManifestContent): Promise<string> {
    // What comes from now on goes into another one.
    if (this.#gathered.get(workerId)?.index === index) this.#gathered.delete(workerId);
    const { runId, files } = this.#deps;
    const path = layout.manifest(workerId, index);
    const manifest = {
      version: protocolVersion,
      kind: workKindOf(engine),
      run_id: runId,
      worker_id: workerId,
      engine,
      batches,
    };
    await files.publish(path, JSON.stringify(manifest));
    return path;
  }
}
