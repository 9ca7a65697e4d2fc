import { AppError } from '../../errors/app-error.ts';
import type { RunWorker } from './run-workers.ts';

/** Tells workers of the manifests that lie ready for them. */
export class ManifestNotifier {
  readonly #workers: readonly RunWorker[];
  /** Manifests that a worker was told of in vain, by worker. */
  readonly #unheard: ReadonlyMap<number, Set<string>>;

  constructor(workers: readonly RunWorker[]) {
    this.#workers = workers;
    this.#unheard = new Map(workers.map(({ workerId }) => [workerId, new Set<string>()]));
  }

  /**
   * Tells a worker of a manifest. One that cannot be reached is told again later, which does no harm: when it is
   * started it reads its manifests by itself.
   *
   * @throws AppError `worker-failed` when the worker refuses the manifest.
   */
  async notify(workerId: number, path: string): Promise<void> {
    const unheard = this.#unheard.get(workerId);
    unheard?.delete(path);
    const answer = await this.#workers[workerId]?.api
      .post('/process_manifest', { manifest_path: path })
      .catch(() => null);
    if (!answer || answer.status === 503) unheard?.add(path);
    // A manifest that is gone was given to another worker.
    else if (answer.status !== 202 && answer.status !== 404) throw refused(path, answer.body);
  }

  /** Tells a worker of everything that it was told of in vain. */
  async notifyUndelivered(workerId: number): Promise<void> {
    for (const path of [...(this.#unheard.get(workerId) ?? [])]) await this.notify(workerId, path);
  }
}

function refused(path: string, answer: string): AppError {
  return new AppError({
    code: 'worker-failed',
    message: `The worker refused ${path}: ${answer.slice(0, 500)}`,
    nextStep: 'Worker and program may be of different versions: stop the old worker and resume.',
  });
}
