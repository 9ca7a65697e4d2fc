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
  yuv420p: planar(2, 2),
  yuv422p: planar(2, 1),
  yuv444p: planar(1, 1),
  yuv420p10le: planar(2, 2, 2),
  yuv422p10le: planar(2, 1, 2),
  yuv444p10le: planar(1, 1, 2),
  rgb24: { bytesPerSample: 1, planes: [{ samples: 3, across: 1, down: 1 }] },
  rgb48le: { bytesPerSample: 2, planes: [{ samples: 3, across: 1, down: 1 }] },
};

/** Whether frames of this pixel format can flow through pipes. */
export function isPipeFormat(pixelFormat: string): boolean {
  return Object.hasOwn(layouts, pixelFormat);
}

/**
 * Bytes of one raw frame, as ffmpeg's `rawvideo` writes it: no padding, chroma sides rounded up.
 *
 * @throws RangeError for a pixel format that is not among those of {@link isPipeFormat}.
 */
export function frameBytes({ width, height, pixelFormat }: FrameFormat): number {
  const layout = layouts[pixelFormat];
  if (!layout) throw new RangeError(`no layout is known of the pixel format ${pixelFormat}`);
  const samples = layout.planes.map(
    ({ samples: each, across, down }) => each * Math.ceil(width / across) * Math.ceil(height / down),
  );
  return layout.bytesPerSample * samples.reduce((sum, plane) => sum + plane, 0);
}
