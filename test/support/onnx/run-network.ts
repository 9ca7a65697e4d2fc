import type { ConvLayer, SampleNetwork } from './sample-models.ts';

/** Channels one after the other, each row by row. */
interface Planes {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/**
 * What a network makes of a picture, computed the plain way.
 *
 * @param picture - RGB, interleaved, 8 or 16 bits a sample.
 * @returns the same kind of picture, `scale` times as large.
 */
export function runNetwork<Samples extends Uint8Array | Uint16Array>(
  { layers, scale }: SampleNetwork,
  picture: Samples,
  width: number,
  height: number,
): Samples {
  const top = picture.BYTES_PER_ELEMENT === 1 ? 255 : 65_535;
  const plane = width * height;
  const data = new Float32Array(3 * plane);
  for (let i = 0; i < 3 * plane; i++) data[(i % 3) * plane + Math.floor(i / 3)] = at(picture, i) / top;
  let planes: Planes = { width, height, channels: 3, data };
  for (const layer of layers) planes = convolve(planes, layer);
  const large = spread(planes, scale);
  const result =
    picture.BYTES_PER_ELEMENT === 1 ? new Uint8Array(large.length) : new Uint16Array(large.length);
  const outPlane = plane * scale * scale;
  for (let i = 0; i < large.length; i++) {
    const value = at(large, (i % 3) * outPlane + Math.floor(i / 3));
    result[i] = Math.min(top, Math.max(0, Math.floor(value * top + 0.5)));
  }
  return result as Samples;
}

/** The largest difference between two pictures, in steps of their samples. */
export function largestDifference(one: ArrayLike<number>, other: ArrayLike<number>): number {
  if (one.length !== other.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < one.length; i++) largest = Math.max(largest, Math.abs(at(one, i) - at(other, i)));
  return largest;
}

function convolve({ width, height, channels, data }: Planes, layer: ConvLayer): Planes {
  const { outChannels, kernel, dilation, weights, bias, isRectified } = layer;
  const result = new Float32Array(outChannels * width * height);
  const reach = (dilation * (kernel - 1)) / 2;
  for (let out = 0; out < outChannels; out++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = at(bias, out);
        for (let channel = 0; channel < channels; channel++) {
          for (let row = 0; row < kernel; row++) {
            const fromY = y + row * dilation - reach;
            if (fromY < 0 || fromY >= height) continue;
            for (let column = 0; column < kernel; column++) {
              const fromX = x + column * dilation - reach;
              if (fromX < 0 || fromX >= width) continue;
              const weight = at(weights, ((out * channels + channel) * kernel + row) * kernel + column);
              sum += weight * at(data, (channel * height + fromY) * width + fromX);
            }
          }
        }
        result[(out * height + y) * width + x] = isRectified ? Math.max(0, sum) : sum;
      }
    }
  }
  return { width, height, channels: outChannels, data: result };
}

/** Depth to space as ONNX defines it by default: channels are taken block by block. */
function spread({ width, height, data }: Planes, scale: number): Float32Array {
  const result = new Float32Array(data.length);
  const outWidth = width * scale;
  const outHeight = height * scale;
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        const place = (y % scale) * scale + (x % scale);
        const from = place * 3 + channel;
        const row = Math.floor(y / scale);
        const column = Math.floor(x / scale);
        result[(channel * outHeight + y) * outWidth + x] = at(data, (from * height + row) * width + column);
      }
    }
  }
  return result;
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? 0;
}
