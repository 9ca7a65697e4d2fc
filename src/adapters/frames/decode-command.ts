import type { DecodeRequest } from '../../ports/frame-tool.ts';
import type { Clip, SegmentTask } from '../../protocol/segment.ts';
import { asFileUrl } from '../ffmpeg/input-options.ts';
import { decodingOptions } from '../ffmpeg/source-options.ts';
import { rawOutput } from './clip-formats.ts';
import { isRgbSpace, rangeOf, scalerMatrix } from './color.ts';
import { isRgb } from './pixel-formats.ts';
import type { UniqueSelection } from './unique-selection.ts';

/** Flags of the scaler wherever colours are converted: exact, and the same on every processor. */
export const exactScaling = 'accurate_rnd+full_chroma_int+full_chroma_inp+bitexact';

/**
 * The ffmpeg arguments that write a segment's frames to stdout.
 *
 * Frames are chosen by their time stamps, whole numbers of ticks. None comes through when the first one in the range is
 * not the segment's first: then seeking went wrong, and nothing may be taken for what it is not.
 *
 * @param seekTime - Where decoding begins, in ticks; null: at the file's beginning.
 */
export function decodeArguments(
  { sourcePath, segment }: DecodeRequest,
  selection: UniqueSelection,
  seekTime: number | null,
): readonly string[] {
  const { clip } = segment;
  return [
    ...decodingOptions,
    ...(clip.is_turned ? [] : ['-noautorotate']),
    ...(seekTime === null ? [] : seekOptions(clip, seekTime)),
    ...['-i', asFileUrl(sourcePath), '-map', `0:${clip.stream}`],
    ...['-vf', [...choice(segment, selection), ...conversion(clip)].join(',')],
    ...['-fps_mode', 'passthrough', '-frames:v', String(selection.frames)],
    ...rawOutput,
  ];
}

/** Rounded up to the next microsecond, all that ffmpeg can say: a moment too early is a whole group of pictures more. */
function seekOptions({ time_base: base }: Clip, seekTime: number): readonly string[] {
  const microseconds = Math.ceil((seekTime * base.numerator * 1e6) / base.denominator);
  return ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', `${microseconds}us`];
}

function choice({ first_time: first, end_time: end }: SegmentTask, { condition }: UniqueSelection): string[] {
  return [
    ...(first === null ? [] : fromExactly(first)),
    ...(end === null ? [] : [`trim=end_pts=${end}`]),
    ...(condition === null ? [] : [`select=${condition}`]),
  ];
}

/** Frames from this time on, and none at all when the first one has another time. */
function fromExactly(first: number): string[] {
  return [`trim=start_pts=${first}`, `select=if(eq(n\\,0)\\,st(0\\,eq(pts\\,${first})))+ld(0)`];
}

/** To the clip's frame format: no step at all where the decoder gives it already. */
function conversion(clip: Clip): string[] {
  const { width, height, pixel_format: format } = clip.frame;
  const range = rangeOf(clip);
  const colors = isRgb(format)
    ? [`in_color_matrix=${scalerMatrix(clip)}`, `in_range=${range}`, 'out_range=pc']
    : [
        `in_range=${range}`,
        `out_range=${range}`,
        // Said only for RGB sources: where it is said, the scaler goes over every frame.
        ...(isRgbSpace(clip.color.space) ? [`out_color_matrix=${scalerMatrix(clip)}`] : []),
      ];
  return [`scale=${width}:${height}:flags=bicubic+${exactScaling}:${colors.join(':')}`, `format=${format}`];
}
