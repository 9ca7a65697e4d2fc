import { usualEncoding } from '../../core/encoding/encoding-settings.ts';
import { chooseFrameFormats, type FrameFormatChoice } from '../../core/frames/choose-frame-formats.ts';
import { containerOf, type OutputContainer } from '../../core/frames/container-limits.ts';
import { filtersFor } from '../../core/frames/frame-filters.ts';
import type { FrameFormat } from '../../core/frames/frame-format.ts';
import { isPicturePattern } from '../../core/frames/picture-series.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import type { PlannedClip } from '../../core/video/video-checkpoint.ts';
import { AppError } from '../../errors/app-error.ts';
import type { VideoOperation } from './video-types.ts';

/** The formats of a video's frames, as the checkpoint keeps them, and what a person has to know of them. */
export function planClip(
  facts: VideoFacts,
  container: OutputContainer,
  {
    takesRgb,
    scale,
    size,
    filters: asked,
    encoding = usualEncoding,
  }: Pick<VideoOperation, 'takesRgb' | 'scale' | 'size' | 'filters'> &
    Partial<Pick<VideoOperation, 'encoding'>>,
): Pick<FrameFormatChoice, 'encoding' | 'notices'> & { readonly clip: PlannedClip } {
  const filters = asked === undefined ? undefined : filtersFor(asked, facts.video.extras);
  const choice = chooseFrameFormats(facts, { takesRgb, scale, size, container, encoding, filters });
  const { video } = facts;
  const { range, space, primaries, transfer, chromaLocation } = choice.color;
  return {
    encoding: choice.encoding,
    notices: choice.notices,
    clip: {
      stream: video.index,
      is_turned: choice.isTurned,
      frame: written(choice.frame),
      target: written(choice.target),
      frame_rate: { ...video.frameRate },
      time_base: { ...video.timeBase },
      sample_aspect: { ...choice.sampleAspect },
      color: { range, space, primaries, transfer, chroma_location: chromaLocation },
      ...(choice.sourceRange === null ? {} : { source_range: choice.sourceRange }),
      ...(filters && { filters }),
      ...(video.hdr ? { hdr: video.hdr } : {}),
    },
  };
}

function written({ width, height, pixelFormat }: FrameFormat): PlannedClip['frame'] {
  return { width, height, pixel_format: pixelFormat };
}

/** The container that a path's ending asks for. @throws AppError `output-unsupported`. */
export function outputContainerOf(path: string): OutputContainer {
  const found = isPicturePattern(path) ? 'mkv' : containerOf(path);
  if (found) return found;
  const ending = /\.([^./\\]+)$/.exec(path)?.[1];
  throw new AppError({
    code: 'output-unsupported',
    message: ending === undefined ? `${path} has no file extension.` : `.${ending} files cannot be written.`,
    nextStep: 'Use .mp4, .mov, .mkv or .webm; .mkv holds every kind of sound and subtitles.',
  });
}

export function isPicture({ container }: VideoFacts): boolean {
  return /^(image2|.*_pipe)$/.test(container);
}

/** ffmpeg reads a picture as a video of one frame, which no player would call one. */
export function assertIsVideo(facts: VideoFacts, path: string): void {
  if (!isPicture(facts)) return;
  throw new AppError({
    code: 'video-unreadable',
    message: `${path} is a picture, not a video.`,
    nextStep: 'Name the output as a picture, too, with an ending such as .png, or a folder.',
  });
}
