import type { UpscalePreview } from '../../core/upscale/upscale-preview.ts';

/** What `cosmos upscale --preview --json` prints. */
export function upscalePreviewDocument(preview: UpscalePreview, page: string) {
  const { video, frames, seconds, source, target, encoding, variants, moments, notices } = preview;
  return {
    version: 1,
    kind: 'upscale-preview',
    page,
    video: { path: video, frames, seconds, ...source },
    output: { ...target, encoding },
    variants: variants.map(({ name, engine, model, modelScale, pace, wholeMs, failure }) => ({
      ...{ name, engine, model },
      model_scale: modelScale,
      frames_per_second: pace && 1000 / pace.frameMs,
      measured_frames: pace?.frames ?? 0,
      /** Of the whole video: an estimate. */
      duration_ms: wholeMs,
      failure,
    })),
    moments: moments.map(({ frame, seconds: at, crops }) => ({
      frame: frame + 1,
      seconds: at,
      crops: crops.map(({ box }) => ({ ...box })),
    })),
    notices: [...notices],
  };
}
