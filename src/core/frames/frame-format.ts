import type { Size } from '../hints/display-size.ts';

/** Raw frames: their size and ffmpeg's name of their pixel format. */
export interface FrameFormat extends Size {
  readonly pixelFormat: string;
}

/** How one pixel format lies in memory: bytes of a sample, and its planes as divisors of the frame's sides. */
interface PixelLayout {
  readonly bytesPerSample: 1 | 2;
  readonly planes: readonly { readonly samples: number; readonly across: number; readonly down: number }[];
}

const full = { samples: 1, across: 1, down: 1 };
const planar = (across: number, down: number, bytesPerSample: 1 | 2 = 1): PixelLayout => ({
  bytesPerSample,
  planes: [full, { samples: 1, across, down }, { samples: 1, across, down }],
});

const layouts: Readonly<Record<string, PixelLayout>> = {
  gray: { bytesPerSample: 1, planes: [full] },
  gray10le: { bytesPerSample: 2, planes: [full] },
  gray12le: { bytesPerSample: 2, planes: [full] },
  gray16le: { bytesPerSample: 2, planes: [full] },
  yuv420p: planar(2, 2),
  yuv422p: planar(2, 1),
  yuv444p: planar(1, 1),
  yuv420p10le: planar(2, 2, 2),
  yuv422p10le: planar(2, 1, 2),
  yuv444p10le: planar(1, 1, 2),
  yuv420p12le: planar(2, 2, 2),
  yuv422p12le: planar(2, 1, 2),
  yuv444p12le: planar(1, 1, 2),
  yuv420p16le: planar(2, 2, 2),
  yuv422p16le: planar(2, 1, 2),
  yuv444p16le: planar(1, 1, 2),
  rgb24: { bytesPerSample: 1, planes: [{ samples: 3, across: 1, down: 1 }] },
  rgb48le: { bytesPerSample: 2, planes: [{ samples: 3, across: 1, down: 1 }] },
};

/** Whether frames of this pixel format can flow through pipes. */
export function isPipeFormat(pixelFormat: string): boolean {
  return Object.hasOwn(layouts, pixelFormat);
}

/** One plane of a raw frame: rows of samples without padding. */
export interface FramePlane extends Size {
  /** Where it begins, in samples from the frame's beginning. */
  readonly offset: number;
  /** Samples of a pixel that lie side by side in it: 3 where red, green and blue do. */
  readonly samples: number;
  /** How many pixels of the frame a sample covers in width … */
  readonly across: number;
  /** … and in height. `width` and `height` count these, rounded up. */
  readonly down: number;
}

/** How the samples of a raw frame lie in memory. @throws RangeError as {@link frameBytes}. */
export function planesOf(format: FrameFormat): readonly FramePlane[] {
  let offset = 0;
  return layoutOf(format).planes.map(({ samples, across, down }) => {
    const [width, height] = [Math.ceil(format.width / across), Math.ceil(format.height / down)];
    const plane = { offset, width, height, samples, across, down };
    offset += samples * width * height;
    return plane;
  });
}

/** The samples of a raw frame, not copied: of 16 bits each where the format has more than 8. */
export function samplesOf(
  frame: Uint8Array,
  format: Pick<FrameFormat, 'pixelFormat'>,
): Uint8Array | Uint16Array {
  return layoutOf(format).bytesPerSample === 1
    ? frame
    : new Uint16Array(frame.buffer, frame.byteOffset, frame.byteLength / 2);
}

/** Bits of a sample that count. */
export function bitsOf({ pixelFormat }: Pick<FrameFormat, 'pixelFormat'>): number {
  return pixelFormat === 'rgb48le' ? 16 : Number(/1[026](?=le$)/.exec(pixelFormat)?.[0] ?? 8);
}

/**
 * Bytes of one raw frame, as ffmpeg's `rawvideo` writes it: no padding, chroma sides rounded up.
 *
 * @throws RangeError for a pixel format that is not among those of {@link isPipeFormat}.
 */
export function frameBytes(format: FrameFormat): number {
  const samples = planesOf(format).reduce(
    (sum, plane) => sum + plane.samples * plane.width * plane.height,
    0,
  );
  return layoutOf(format).bytesPerSample * samples;
}

function layoutOf({ pixelFormat }: Pick<FrameFormat, 'pixelFormat'>): PixelLayout {
  const layout = layouts[pixelFormat];
  if (!layout) throw new RangeError(`no layout is known of the pixel format ${pixelFormat}`);
  return layout;
}
