import { describe, expect, it } from 'vitest';
import { bytesField, type Field, integerField } from '../../../../../src/core/models/onnx/protobuf-writer.ts';
import { namesExternalData } from '../../../../../src/worker/upscale/onnx/external-data.ts';
import { externalTensor, modelWithTensor, tensorPlaces } from '../../../../support/onnx/external-data.ts';
import { networkModel, sampleNetwork } from '../../../../support/onnx/sample-models.ts';

const inFile = [integerField(14, 0)];

describe('a file that names another for its numbers', () => {
  it.each(tensorPlaces)('%s', (place) => {
    expect(namesExternalData(modelWithTensor(place, externalTensor('/etc/passwd')))).toBe(true);
    expect(namesExternalData(modelWithTensor(place, inFile))).toBe(false);
  });

  const location = (value: readonly number[]): Field => Buffer.from([14 << 3, ...value]);
  const longLocation = (...value: number[]): Field => Buffer.from([0xf0, 0x80, 0x80, 0x80, 0x00, ...value]);
  it.each([
    {
      what: '1 + 2^32, of which a reader keeps the lower half',
      tensor: [location([0x81, 0x80, 0x80, 0x80, 0x10])],
    },
    { what: '-1', tensor: [location([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])] },
    { what: '1 in more bytes than it takes', tensor: [location([0x81, 0x80, 0x00])] },
    { what: 'a number of the field in more bytes than it takes', tensor: [longLocation(1)] },
    { what: 'said once, and taken back', tensor: [integerField(14, 1), integerField(14, 0)] },
  ])('location: $what', ({ tensor }) => {
    expect(namesExternalData(modelWithTensor('initializer', tensor))).toBe(true);
  });

  it('merged messages are looked at one by one', () => {
    const harmless = networkModel(sampleNetwork(2, [3]));
    const more = modelWithTensor('constant in a function', externalTensor('weights.bin'));
    expect(namesExternalData(harmless)).toBe(false);
    expect(namesExternalData(Buffer.concat([harmless, more]))).toBe(true);
  });

  it.each([
    { what: 'a number beyond 64 bits', field: location([...Array<number>(9).fill(0x80), 0x02]) },
    { what: 'a field number beyond 32 bits', field: Buffer.from([0xf0, 0x80, 0x80, 0x80, 0x10, 1]) },
    { what: 'a group', field: Buffer.from([(14 << 3) | 3, (14 << 3) | 4]) },
    { what: 'a length that is negative', field: Buffer.from([0x0a, ...Array<number>(9).fill(0xff), 1]) },
  ])('no model: $what', ({ field }) => {
    expect(() => namesExternalData(modelWithTensor('initializer', [field]))).toThrow(RangeError);
  });

  it('no model: graphs in graphs without an end', () => {
    let graph: Field[] = [bytesField(5, externalTensor('weights.bin'))];
    for (let depth = 0; depth < 40; depth++) graph = [bytesField(1, [bytesField(5, [bytesField(6, graph)])])];
    expect(() => namesExternalData(Buffer.concat([bytesField(7, graph)]))).toThrow(/too deeply/);
  });
});
