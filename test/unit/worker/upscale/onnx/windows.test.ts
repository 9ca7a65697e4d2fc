import { describe, expect, it } from 'vitest';
import { copyCore, copyWindow } from '../../../../../src/worker/upscale/onnx/windows.ts';

describe.each([{ SampleArray: Uint8Array }, { SampleArray: Uint16Array }])(
  'windows of $SampleArray.name',
  ({ SampleArray }) => {
    const [width, height] = [5, 3];
    const samples = numbered(new SampleArray(3 * width * height));

    it('give back what was put in', () => {
      const window = { x: 0, y: 0, width, height };
      const copied = new SampleArray(samples.length);
      copyWindow(copied, { width, height, samples }, window);
      const back = new SampleArray(samples.length);
      const columns = { windowBegin: 0, begin: 0, end: width };
      const rows = { windowBegin: 0, begin: 0, end: height };
      copyCore({ width, height, samples: back }, copied, { columns, rows, window, scale: 1 });
      expect(back).toEqual(samples);
    });

    it('go on beyond the edges with the last column and row', () => {
      const copied = new SampleArray(3 * 16);
      copyWindow(copied, { width, height, samples }, { x: 3, y: 1, width: 4, height: 4 });
      const pixel = (x: number, y: number) => [0, 1, 2].map((channel) => (y * width + x) * 3 + channel);
      const row = (y: number) => [pixel(3, y), pixel(4, y), pixel(4, y), pixel(4, y)].flat();
      expect([...copied]).toEqual([...row(1), ...row(2), ...row(2), ...row(2)]);
    });

    it('give their core only', () => {
      const tile = numbered(new SampleArray(3 * 36));
      const large = { width: 8, height: 4, samples: new SampleArray(3 * 32) };
      const columns = { windowBegin: 1, begin: 2, end: 4 };
      const rows = { windowBegin: 0, begin: 1, end: 2 };
      copyCore(large, tile, { columns, rows, window: { width: 3, height: 3 }, scale: 2 });
      const filled = [...large.samples].flatMap((sample, at) => (sample === 0 ? [] : [[at, sample]]));
      const expected = [2, 3].flatMap((y) =>
        Array.from({ length: 12 }, (_, at) => [(y * 8 + 4) * 3 + at, (y * 6 + 2) * 3 + at]),
      );
      expect(filled).toEqual(expected);
    });
  },
);

function numbered<Samples extends Uint8Array | Uint16Array>(samples: Samples): Samples {
  for (const index of samples.keys()) samples[index] = index;
  return samples;
}
