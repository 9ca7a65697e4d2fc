import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentSchemas } from '../../scripts/docs/schemas/documents.ts';
import { makeClip, makePictures } from '../support/clips.ts';
import { networkModel, repeatingNetwork } from '../support/onnx/sample-models.ts';
import { Cli } from '../support/run-cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { linesOf, typeLine } from './type-line.ts';

/** Those of a remote host would want one, and those of an encoder in hardware that. */
const examples = linesOf('docs/upscale.md').filter(
  (line) => line.startsWith('cosmos upscale ') && !/gpu1|--encoder/.test(line),
);
const size = { width: 96, height: 54, fps: 24 };

let cli: Cli;

describe('docs/upscale.md', () => {
  beforeAll(async () => {
    cli = new Cli(await temporaryFolder());
    await cli.run(['runs']);
    const inFolder = (name: string) => join(cli.workingFolder, name);
    await makeClip(inFolder('clip.mp4'), { ...size, frames: 12, audio: true });
    await makeClip(inFolder('film.mkv'), { ...size, frames: 12, audio: true });
    await makeClip(inFolder('clip.mkv'), { ...size, frames: 12 });
    await makeClip(inFolder('tape.mkv'), { ...size, frames: 12, codec: 'mjpeg' });
    await mkdir(inFolder('holiday'));
    await makeClip(inFolder('holiday/beach.mp4'), { ...size, frames: 12 });
    await makeClip(inFolder('extra.mov'), { ...size, frames: 12 });
    await makeClip(inFolder('photo.jpg'), { ...size, frames: 1, codec: 'mjpeg' });
    await makePictures(inFolder('frames'), 'frame_%06d.png', { ...size, frames: 3 });
    await breakOff(await makeClip(inFolder('broken.mkv'), { ...size, frames: 48 }));
    await writeFile(inFolder('realesr-general-x4v3.onnx'), networkModel(repeatingNetwork(4)));
  });

  it('has examples', () => expect(examples.length).toBeGreaterThan(5));

  it.each(examples)('runs: %s', async (line) => {
    const { code, output } = await typeLine(line, cli);
    expect(code, output).toBe(0);
  });

  it('leaves documents behind that are as docs/formats says', async () => {
    expectExact('upscale-summary', await readDocument('summary.json'));
    expectExact('upscale-plan', await readDocument('plan.json'));
    const runId = (await readdir(cli.checkpointFolder)).sort().at(-1) ?? '';
    const inRun = (name: string) => readDocument('checkpoints', runId, name);
    expectExact('upscale-checkpoint', await inRun('checkpoint.json'));
    expectExact('upscale-report', await inRun('report.json'));
    expectExact('upscale-processing-plan', await inRun('parallel_processing_plan.json'));
    expectExact('upscale-worker-status', await inRun('worker_0_status.json'));
    const events = await readFile(join(cli.workingFolder, 'events.jsonl'), 'utf8');
    for (const line of events.trim().split('\n')) expectExact('upscale-events', JSON.parse(line));
    const onHost = join(cli.hostRoot, 'runs', runId);
    for (const [folder, page] of Object.entries({ manifests: 'manifest', results: 'result' } as const)) {
      for (const name of await readdir(join(onHost, folder)))
        expectExact(page, JSON.parse(await readFile(join(onHost, folder, name), 'utf8')));
    }
  });
});

async function breakOff(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  const { size: bytes } = await file.stat();
  await file.truncate(Math.floor(bytes / 2));
}

async function readDocument(...path: string[]): Promise<unknown> {
  return JSON.parse(await readFile(join(cli.workingFolder, ...path), 'utf8'));
}

function expectExact(name: keyof typeof documentSchemas, document: unknown): void {
  expect(documentSchemas[name].parse(document)).toEqual(document);
}
