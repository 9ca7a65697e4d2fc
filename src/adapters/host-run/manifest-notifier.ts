import { AppError } from '../../errors/app-error.ts';
import type { RunWorker } from './run-workers.ts';

/** Notifies workers of the manifests that lie ready for them. */
export class ManifestNotifier {
  readonly #workers: readonly RunWorker[];
  /** Manifests whose notification did not arrive, by worker. */
  readonly #undelivered: ReadonlyMap<number, Set<string>>;

  constructor(workers: readonly RunWorker[]) {
    this.#workers = workers;
    this.#undelivered = new Map(workers.map(({ workerId }) => [workerId, new Set<string>()]));
  }

  /**
   * Notifies a worker of a manifest. A notification that does not arrive is repeated later. Repeating it does no harm:
   * a worker that starts reads all its manifests.
   *
   * @throws AppError `worker-failed` when the worker refuses the manifest.
   */
  async notify(workerId: number, path: string): Promise<void> {
    const undelivered = this.#undelivered.get(workerId);
    undelivered?.delete(path);
    const answer = await this.#workers[workerId]?.api
      .post('/process_manifest', { manifest_path: path })
      .catch(() => null);
    if (!answer || answer.status === 503) undelivered?.add(path);
    // 404: the manifest is gone because its tasks were given to another worker.
    else if (answer.status !== 202 && answer.status !== 404) throw refused(path, answer.body);
  }

  async notifyUndelivered(workerId: number): Promise<void> {
    for (const path of [...(this.#undelivered.get(workerId) ?? [])]) await this.notify(workerId, path);
  }
}

function refused(path: string, answer: string): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `The worker refused ${path}: ${answer.slice(0, 500)}`,
    nextStep: 'The worker and this program may have different versions: stop the old worker and resume.',
  });
}
