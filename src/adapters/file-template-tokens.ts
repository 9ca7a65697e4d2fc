import { z } from 'zod';
import type { EstimatorName } from '../core/tokens/estimator.ts';
import type { TemplateTokens } from '../ports/model-server.ts';
import { AppendLog } from './files/append-log.ts';

/** {@link TemplateTokens} in one file, a line each. */
export class FileTemplateTokens implements TemplateTokens {
  readonly #log: AppendLog<number>;

  constructor(path: string) {
    this.#log = new AppendLog({ path, schema: z.int().min(0), maxEntries: 1000 });
  }

  async get(model: string, estimator: EstimatorName): Promise<number | null> {
    return await this.#log.get(keyOf(model, estimator));
  }

  async put(model: string, estimator: EstimatorName, tokens: number): Promise<void> {
    if ((await this.get(model, estimator)) === tokens) return;
    await this.#log.put(keyOf(model, estimator), tokens);
    await this.#log.settled();
  }
}

function keyOf(model: string, estimator: EstimatorName): string {
  return `${estimator} ${model}`;
}
