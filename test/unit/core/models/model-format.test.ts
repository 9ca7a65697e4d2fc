import { expect, it } from 'vitest';
import { foreignModelOf } from '../../../../src/core/models/model-format.ts';
import { networkModel, sampleNetwork } from '../../../support/onnx/sample-models.ts';

function safetensors(): Buffer {
  const header = Buffer.from('{"weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(4)]);
}

it.each([
  { what: 'is empty', head: '' },
  { what: 'pointer of Git LFS', head: 'version https://git-lfs.github.com/spec/v1\noid sha256:00\n' },
  { what: 'web page', head: '\n<!DOCTYPE html><html><head><title>Not found</title>' },
  { what: 'JSON text', head: '{"error":"Invalid username or password."}' },
  { what: 'safetensors', head: safetensors() },
  { what: 'PyTorch', head: 'PK\x03\x04\x00\x00archive/data.pkl' },
  { what: 'PyTorch', head: Buffer.from([0x80, 2, 0x7d, 0x71, 0]) },
  { what: 'GGUF', head: 'GGUF\x03\x00\x00\x00' },
  { what: 'HDF5', head: Buffer.from('\x89HDF\r\n\x1a\n', 'latin1') },
  { what: 'TensorFlow Lite', head: '\x1c\x00\x00\x00TFL3' },
  { what: 'is a picture', head: Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1') },
  { what: 'is a picture', head: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0x10]) },
  { what: 'is a video', head: '\0\0\0\x20ftypisom\0\0\x02\0' },
  { what: 'is text', head: '[upscaling]\nengine = "onnx"  # größer\n' },
])('$what', ({ what, head }) => {
  expect(foreignModelOf(Buffer.from(head))?.what).toContain(what);
});

it('a name tells what unknown content does not', () => {
  const unknown = Buffer.from([8, 7, 0x12, 3, 0]);
  expect(foreignModelOf(unknown, 'weights.pth')?.what).toContain('PyTorch');
  expect(foreignModelOf(unknown, 'model.onnx')).toBeNull();
});

it('an ONNX model is none of them', () => {
  expect(foreignModelOf(networkModel(sampleNetwork(2, [3])).subarray(0, 512), 'x2.onnx')).toBeNull();
});
