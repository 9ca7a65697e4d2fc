import { counted } from '../format.ts';

/** What is done to the frames, by the kind of run. */
export const workTexts = {
  upscale: { done: 'upscaled', work: 'upscaling', stage: 'Upscale' },
  retouch: { done: 'retouched', work: 'retouching', stage: 'Retouch' },
} as const;

interface ShownEngine {
  readonly engine: string;
  readonly model: string;
  readonly workers: number;
  /** Fewer workers may turn out to be as quick. */
  readonly isWorkerCountOpen?: boolean;
}

/** An engine for people: `lanczos x2, 4 workers`, `onnx (anime.onnx) x4, up to 2 workers`, `blur`. */
export function upscaleEngineText({ scale, ...engine }: ShownEngine & { readonly scale: number }): string {
  // Regions are processed at their size.
  return scale === 1 ? nameText(engine) : `${nameText(engine)} x${scale}, ${workersText(engine)}`;
}

/** The same of several videos, which may be brought to one size: `lanczos to 1080p, 4 workers`. */
export function setEngineText(
  engine: ShownEngine & { readonly scale: number | null; readonly size: string },
): string {
  const { scale, size } = engine;
  return scale === null
    ? `${nameText(engine)} to ${size}, ${workersText(engine)}`
    : upscaleEngineText({ ...engine, scale });
}

function nameText({ engine, model }: ShownEngine): string {
  return model === '' ? engine : `${engine} (${model})`;
}

function workersText({ workers, isWorkerCountOpen = false }: ShownEngine): string {
  return `${isWorkerCountOpen && workers > 1 ? 'up to ' : ''}${counted(workers, 'worker')}`;
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
