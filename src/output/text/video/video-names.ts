import { counted } from '../format.ts';

/** What is done to the frames, by the kind of run. */
export const workTexts = {
  upscale: { done: 'upscaled', work: 'upscaling', stage: 'Upscale' },
  retouch: { done: 'retouched', work: 'retouching', stage: 'Retouch' },
} as const;

/** An engine for people: `lanczos x2, 4 workers`, `onnx (anime.onnx) x4, up to 2 workers`, `blur`. */
export function upscaleEngineText(engine: {
  readonly engine: string;
  readonly model: string;
  readonly scale: number;
  readonly workers: number;
  /** Fewer workers may turn out to be as quick. */
  readonly isWorkerCountOpen?: boolean;
}): string {
  const model = engine.model === '' ? '' : ` (${engine.model})`;
  // Regions are processed at their size.
  if (engine.scale === 1) return `${engine.engine}${model}`;
  const atMost = engine.isWorkerCountOpen === true && engine.workers > 1 ? 'up to ' : '';
  return `${engine.engine}${model} x${engine.scale}, ${atMost}${counted(engine.workers, 'worker')}`;
}

/** The same of several videos, which may be brought to one size: `lanczos to 1080p`. */
export function setEngineText(
  engine: Parameters<typeof upscaleEngineText>[0] & { readonly size: string },
): string {
  return engine.size === ''
    ? upscaleEngineText(engine)
    : `${upscaleEngineText({ ...engine, scale: 1 })} to ${engine.size}`;
}

/** `29.1 %`. */
export function percentText(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}

/** `3 other streams copied, 1 converted`; empty where there are none. */
export function streamsText(copied: number, converted: number): string {
  if (copied + converted === 0) return '';
  if (converted === 0) return `${counted(copied, 'other stream')} copied`;
  if (copied === 0) return `${counted(converted, 'other stream')} converted`;
  return `${counted(copied, 'other stream')} copied, ${converted} converted`;
}
