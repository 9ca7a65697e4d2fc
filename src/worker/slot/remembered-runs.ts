import { z } from 'zod';
import { Mutex } from '../../async/limits.ts';
import { parseJsonAs } from '../../core/json.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { FileStore } from '../../ports/file-store.ts';
import { runIdSchema } from '../../protocol/identifiers.ts';
import { layout } from '../../protocol/layout.ts';
import { type OpenRunRequest, openRunRequestSchema } from '../../protocol/slot.ts';
import { protocolVersion } from '../../protocol/version.ts';

const rememberedSchema = z.object({
  version: z.literal(protocolVersion),
  runs: z.array(openRunRequestSchema.extend({ run_id: runIdSchema })),
});

/** The runs that a slot has open, on the disk, so that a slot that was killed can continue where it was. */
export class RememberedRuns {
  readonly #store: FileStore;
  readonly #path: string;
  readonly #runs = new Map<string, OpenRunRequest>();
  readonly #saving = new Mutex();

  /** @param store - The host's root folder. */
  constructor(store: FileStore, slotId: number) {
    this.#store = store;
    this.#path = layout.slotState(slotId);
  }

  get count(): number {
    return this.#runs.size;
  }

  /** What an earlier process left. A file that cannot be read is reported to `onBad` and counts as empty. */
  async load(onBad: (message: string) => void): Promise<readonly OpenRunRequest[]> {
    try {
      const content = await this.#store.read(this.#path);
      if (content === null) return [];
      const remembered = parseJsonAs(rememberedSchema, content);
      if (!remembered) throw new Error('it is damaged');
      for (const run of remembered.runs) this.#runs.set(run.run_id, run);
      return remembered.runs;
    } catch (error) {
      onBad(`${this.#path} cannot be read, so no run is opened again: ${messageOf(error)}`);
      return [];
    }
  }

  /** Resolves when the run is on the disk. */
  async add(run: OpenRunRequest): Promise<void> {
    if (this.#runs.get(run.run_id)?.offload_models === run.offload_models) return;
    this.#runs.set(run.run_id, run);
    await this.#save();
  }

  async remove(runId: string): Promise<void> {
    if (this.#runs.delete(runId)) await this.#save();
  }

  async #save(): Promise<void> {
    await this.#saving.run(async () => {
      const content = { version: protocolVersion, runs: [...this.#runs.values()] };
      await this.#store.publish(this.#path, `${JSON.stringify(content)}\n`);
    });
  }
}
