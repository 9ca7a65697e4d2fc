import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { BuiltInChoice } from '../../core/models/built-in-models.ts';
import { type LayersModel, readLayersModel } from '../../core/models/layers-model.ts';
import { AppError } from '../../errors/app-error.ts';
import { isSystemError } from '../../errors/system-error.ts';
import { readAtMost } from '../files/bounded-read.ts';

/** Far more than the list of some hundred layers takes. */
const maxListBytes = 1024 * 1024;
/** TensorFlow.js cuts weights into files of 4 MiB. */
const maxShardBytes = 4 * 1024 * 1024;
const maxShards = 32;
const shardName = /^group1-shard\d{1,2}of\d{1,2}\.bin$/;

/**
 * Reads the network of a package. What it reads is bounded, and used only where it is, to the byte, what was published.
 *
 * @param folder - The package's folder.
 * @returns null where the package has no such file.
 * @throws AppError `model-unreadable` where it holds something else.
 */
export async function readWeights(folder: string, choice: BuiltInChoice): Promise<LayersModel | null> {
  const { scale, weightsSha256 } = choice;
  const inside = (name: string) => join(folder, 'models', `x${scale}`, name);
  try {
    const list = await readAtMost(inside('model.json'), maxListBytes);
    const document: unknown = JSON.parse(list.toString('utf8'));
    const shards: Buffer[] = [];
    for (const name of shardNames(document)) shards.push(await readAtMost(inside(name), maxShardBytes));
    const hash = createHash('sha256').update(list);
    for (const shard of shards) hash.update(shard);
    if (hash.digest('hex') !== weightsSha256) throw new RangeError('they are not those that were published');
    return readLayersModel(document, Buffer.concat(shards));
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return null;
    if (isSystemError(error)) throw damaged(folder, choice, error.message, error);
    if (error instanceof RangeError || error instanceof SyntaxError)
      throw damaged(folder, choice, error.message, error);
    throw error;
  }
}

/** The names of the files of weights, which lead nowhere else. */
function shardNames(document: unknown): string[] {
  const { weightsManifest }: { weightsManifest?: unknown } = Object(document);
  const [group]: unknown[] = Array.isArray(weightsManifest) ? weightsManifest : [];
  const { paths }: { paths?: unknown } = Object(group);
  const names: unknown[] = Array.isArray(paths) ? paths : [];
  const plain = names.filter((name) => typeof name === 'string').filter((name) => shardName.test(name));
  if (plain.length === 0 || plain.length !== names.length || names.length > maxShards)
    throw new RangeError('its list of files is damaged');
  return plain;
}

function damaged(folder: string, { name }: BuiltInChoice, why: string, cause: unknown): AppError {
  return new AppError({
    code: 'model-unreadable',
    message: `The weights of ${name} in ${folder} cannot be used: ${why}.`,
    nextStep: `Install them again with: cosmos models install ${name}`,
    cause,
  });
}
