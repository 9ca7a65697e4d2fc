import { type ClipChoice, chooseClip } from '../../core/frames/choose-clip.ts';
import type { OutputContainer } from '../../core/frames/container-limits.ts';
import type { FrameFormat } from '../../core/frames/frame-format.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import type { PlannedClip } from '../../core/upscale/upscale-checkpoint.ts';
import type { UpscaleRequest } from './upscale-request.ts';

/** The formats of a video's frames, as the checkpoint keeps them, and what a person has to know of them. */
export function planClip(
  facts: VideoFacts,
  container: OutputContainer,
  { engine, scale }: Pick<UpscaleRequest['upscaling'], 'engine' | 'scale'>,
): { readonly clip: PlannedClip; readonly notices: readonly string[] } {
  const choice = chooseClip(facts, { engine, scale, container });
  const { video } = facts;
  return {
    notices: choice.notices,
    clip: {
      stream: video.index,
      is_turned: choice.isTurned,
      frame: written(choice.frame),
      target: written(choice.target),
      frame_rate: { ...video.frameRate },
      time_base: { ...video.timeBase },
      sample_aspect: { ...choice.sampleAspect },
      color: writtenColor(choice),
    },
  };
}

function written({ width, height, pixelFormat }: FrameFormat): PlannedClip['frame'] {
  return { width, height, pixel_format: pixelFormat };
}

function writtenColor({ color }: ClipChoice): PlannedClip['color'] {
  const { range, space, primaries, transfer, chromaLocation } = color;
  return { range, space, primaries, transfer, chroma_location: chromaLocation };
}
