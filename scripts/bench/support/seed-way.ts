import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ServedModel } from './served-model.ts';

const answersSchema = z.array(z.string().min(1));

/**
 * The seeds' way: for each batch, one after the other, a container that loads the model, asks for one prompt after the
 * other, and ends. Frames are neither extracted nor sent and nothing travels over SSH, which favours it.
 *
 * @returns milliseconds from the first container's start to the last one's end.
 */
export async function runSeedWay(
  served: ServedModel,
  prompts: readonly string[],
  batchSize: number,
): Promise<number> {
  const { stage, lab, modelsFolder } = served;
  const folder = join(stage.folder, 'seed-way');
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o777);
  await copyFile(new URL('./seed-batch.mjs', import.meta.url), join(folder, 'seed-batch.mjs'));
  const server = served.command('/job/journal', '8000', 1);
  let wallMs = 0;
  for (let from = 0; from < prompts.length; from += batchSize) {
    const batch = prompts.slice(from, from + batchSize);
    await writeFile(join(folder, 'prompts.json'), JSON.stringify(batch));
    const start = performance.now();
    await stage.docker(
      ...['run', '--rm', '--network', 'none', '--volume', `${folder}:/job`],
      ...['--volume', `${modelsFolder}:/models:ro`, '--user', '0:0', '--entrypoint', 'node', lab.image],
      ...['/job/seed-batch.mjs', '/job', ...server],
    );
    wallMs += performance.now() - start;
    const answers = answersSchema.parse(JSON.parse(await readFile(join(folder, 'answers.json'), 'utf8')));
    if (answers.length !== batch.length) throw new Error(`${answers.length} of ${batch.length} answers`);
  }
  return wallMs;
}
