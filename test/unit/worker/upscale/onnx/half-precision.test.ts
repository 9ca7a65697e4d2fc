import { describe, expect, it } from 'vitest';
import { halfBits, withHalfPrecision } from '../../../../../src/worker/upscale/onnx/half-precision.ts';
import { networkModel, sampleNetwork } from '../../../../support/onnx/sample-models.ts';

describe('half precision', () => {
  it('is what the language itself makes of numbers', () => {
    const half = new Float16Array(1);
    const bits = new Uint16Array(half.buffer);
    const numbers = Array.from({ length: 65_536 }, (_, index) => Math.sin(index) * 2 ** ((index % 42) - 26));
    for (const number of [...numbers, 0, -0, 2048.5, 2049, 2051, 65_504, -65_504]) {
      half[0] = number;
      if (halfBits(number) !== bits[0]) expect([number, halfBits(number)]).toEqual([number, bits[0]]);
    }
  });

  it('has a largest number', () => expect(halfBits(1e9)).toBe(halfBits(65_504)));

  it('is refused to networks that it may not suit', () => {
    const network = sampleNetwork(2, [3, 3]);
    expect(() => withHalfPrecision(networkModel(network, { io: 'float16' }))).toThrow('Cast');
    const halved = networkModel(network, { io: 'float16', weights: 'float16' });
    expect(() => withHalfPrecision(halved)).toThrow('no single-precision');
  });
});
