import { execFileSync } from 'node:child_process';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ProcessDetectorTool } from '../../../../src/adapters/detect/detector-process.ts';
import { overlapOf } from '../../../../src/core/detect/detection.ts';
import { writeModel } from '../../../../src/core/models/onnx/write-model.ts';
import type { Box } from '../../../../src/core/regions/place-region.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import { partialObserver } from '../../../../src/output/progress/observers.ts';
import type { VideoObserver } from '../../../../src/ports/run-observer.ts';
import type { DetectRequest } from '../../../../src/services/retouch/detect-regions.ts';
import { retouchOperation } from '../../../../src/services/retouch/retouch-operation.ts';
import { planVideo } from '../../../../src/services/video/plan-video.ts';
import { MemoryHost } from '../../../support/memory-host.ts';
import { externalTensor, modelWithTensor } from '../../../support/onnx/external-data.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts } from '../../../support/test-ports.ts';
import { workerProgram } from '../../../support/worker-rig.ts';

const folder = await temporaryFolder();

/** A clip of 60 frames, 25 in a second, drawn by filters on a dark gradient. */
function clip(name: string, size: string, filters: string, options: readonly string[] = []): string {
  const path = join(folder, name);
  execFileSync('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', `color=c=0x203040:s=${size}:r=25,${filters}`],
    ...['-frames:v', '60', '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '12', ...options, path],
  ]);
  return path;
}

async function regionsOf(
  inputPath: string,
  detect: Partial<DetectRequest>,
  seen: Partial<VideoObserver> = {},
) {
  const { retouching } = resolveSettings([{ source: 'the test', values: {} }]);
  const ports = {
    ...createTestPorts(join(folder, 'runs'), new MemoryHost()),
    detectors: new ProcessDetectorTool(workerProgram),
  };
  const request = {
    ...{ inputPath, outputPath: join(folder, 'out.mp4'), modelPath: null, host: 'local', slots: 1 },
    ...{ retouching, regions: [], maskPath: null, planPath: null, isForced: false, isKeptGoing: false },
    commandFolder: folder,
    detect: { what: 'text', classes: [], confidence: 'auto' as const, ...detect },
  };
  const observer = partialObserver<VideoObserver>(seen);
  const operation = retouchOperation(request);
  const { regions } = await planVideo(request, operation, ports, observer, new AbortController().signal);
  return regions ?? [];
}

const edges = ({ x, y, width, height }: Box) => ({ left: x, top: y, right: x + width, bottom: y + height });

it('finds writing from its first frame to its last', async () => {
  const text = "drawtext=text='Hello world':fontsize=32:fontcolor=white:x=60:y=100:enable='between(n,13,41)'";
  const progress: number[] = [];
  const path = clip('text.mp4', '320x180', text);
  const [region, ...others] = await regionsOf(path, {}, { onDetect: (done) => void progress.push(done) });
  expect(others).toEqual([]);
  expect(region).toMatchObject({ firstFrame: 13, frames: 29 });
  // What fontconfig's usual font draws there, more or less.
  expect(
    overlapOf(
      edges(region?.box ?? { x: 0, y: 0, width: 1, height: 1 }),
      edges({ x: 62, y: 102, width: 180, height: 26 }),
    ),
  ).toBeGreaterThan(0.6);
  expect(progress).toEqual(progress.map((_, index) => index + 1));
  expect(progress.length).toBeGreaterThan(2);
  await expect(regionsOf(clip('nothing.mp4', '320x180', 'null'), {})).rejects.toMatchObject({
    code: 'usage-invalid',
    message: expect.stringContaining('No text was found'),
  });
});

const value = (name: string, ...dims: (number | string)[]) => ({ name, type: 'float32' as const, dims });

/** An input of 64x64; an output of these numbers, and those at `bright` times the mean brightness of the picture. */
async function toyModel(
  name: string,
  dims: readonly number[],
  numbers: Record<number, number>,
  bright: readonly number[],
) {
  const length = dims.reduce((product, side) => product * side, 1);
  const path = join(folder, name);
  const model = writeModel({
    inputs: [value('images', 1, 3, 64, 64)],
    outputs: [value('output', ...dims)],
    nodes: [
      {
        op: 'ReduceMean',
        inputs: ['images'],
        output: 'mean',
        attributes: { axes: [0, 1, 2, 3], keepdims: 0 },
      },
      { op: 'Mul', inputs: ['bright', 'mean'], output: 'scores' },
      { op: 'Add', inputs: ['fixed', 'scores'], output: 'output' },
    ],
    tensors: [
      {
        name: 'fixed',
        dims,
        type: 'float32',
        data: Float32Array.from({ length }, (_, at) => numbers[at] ?? 0),
      },
      {
        name: 'bright',
        dims,
        type: 'float32',
        data: Float32Array.from({ length }, (_, at) => (bright.includes(at) ? 1 : 0)),
      },
    ],
  });
  await writeFile(path, model);
  return path;
}

/** Of an input of 64x64. */
const cells = 84;

it('takes the boxes and classes of a YOLO export', async () => {
  const path = clip('flash.mp4', '160x80', "drawbox=color=white:t=fill:enable='between(n,20,49)'");
  // A box in the middle of the picture, of class 1, and one of class 0 at its left: centres, sizes, scores.
  const facts = [32, 32, 16, 8, 0, 0, 8, 32, 8, 8, 0, 0];
  const at = (box: number, fact: number) => fact * cells + box;
  const numbers = Object.fromEntries(
    [0, 1].flatMap((box) => facts.slice(6 * box, 6 * box + 6).map((fact, index) => [at(box, index), fact])),
  );
  const model = await toyModel('v8.onnx', [1, 6, cells], numbers, [at(0, 5), at(1, 4)]);
  const middle = { firstFrame: 20, frames: 30, box: { x: 60, y: 30, width: 40, height: 20 } };
  expect(await regionsOf(path, { what: model, classes: [1], confidence: 0.7 })).toEqual([middle]);
  expect(await regionsOf(path, { what: model, confidence: 0.7 })).toEqual([
    middle,
    { firstFrame: 20, frames: 30, box: { x: 10, y: 30, width: 20, height: 20 } },
  ]);
  const finished = await toyModel('end.onnx', [1, 2, 6], { 0: 24, 1: 28, 2: 40, 3: 36 }, [4]);
  expect(await regionsOf(path, { what: finished, confidence: 0.7 })).toEqual([middle]);
});

it.each([
  {
    what: 'another output',
    file: () => toyModel('map.onnx', [1, 1, 64, 64], {}, []),
    code: 'model-unreadable',
    said: 'it gives [1, 1, 64, 64]',
  },
  {
    what: 'numbers in another file',
    file: async () => {
      const path = await toyModel('external.onnx', [1, 2, 6], {}, []);
      await appendFile(path, modelWithTensor('constant in a function', externalTensor('secret.bin')));
      return path;
    },
    code: 'model-unreadable',
    said: 'its weights are in a file of their own',
  },
  {
    what: 'no ONNX file',
    file: async () => clip('no-model.onnx.mp4', '64x64', 'null'),
    code: 'model-unreadable',
    said: 'no-model.onnx.mp4 cannot be used',
  },
  {
    what: 'no file',
    file: async () => join(folder, 'none.onnx'),
    code: 'input-missing',
    said: 'does not exist',
  },
])('refuses $what', async ({ file, code, said }) => {
  const path = clip('refused.mp4', '64x64', 'null');
  await expect(regionsOf(path, { what: await file() })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(said),
  });
});
