import { join } from 'node:path';
import { FfmpegFrameTool } from '../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { Settings } from '../../src/core/settings/settings-schema.ts';
import { layout } from '../../src/protocol/layout.ts';
import type { UpscalerSpec } from '../../src/protocol/segment.ts';
import type { TaskResult } from '../../src/protocol/task-result.ts';
import { LanczosEngine } from '../../src/worker/upscale/lanczos-engine.ts';
import { SegmentUpscaler } from '../../src/worker/upscale/segment-upscaler.ts';
import { type MemoryWork, okResult } from './memory-host.ts';

/** Real segments of a film, twice as large, each made once. They lie in `root`, as in a run's folder. */
export function workOnSegments(
  film: string,
  root: string,
  { crf, preset }: Pick<Settings['upscaling'], 'crf' | 'preset'>,
): MemoryWork {
  const frames = new FfmpegFrameTool();
  const encoding = { crf: crf === 'auto' ? 18 : crf, preset, threads: 1 };
  const spec: UpscalerSpec = {
    ...{ kind: 'lanczos', scale: 2, batch_size: 16, lanes: 1, is_lane_count_open: false },
    ...{ tile: 0, model: null, encoding },
  };
  const upscaler = new SegmentUpscaler(spec, new LanczosEngine(2, frames), {
    frames,
    objectPathOf: () => film,
    runFolder: root,
    clock: systemClock,
    log: () => undefined,
  });
  const signal = new AbortController().signal;
  const made = new Map<string, TaskResult>();
  return {
    perform: async (task) => {
      if (!('clip' in task)) throw new TypeError('this host only upscales');
      const known = made.get(task.task_key);
      if (known) return known;
      const segment = await upscaler.run(task, { signal, onProgress: () => undefined });
      const result = { ...okResult(task, ''), text: null, segment };
      made.set(task.task_key, result);
      return result;
    },
    fileOf: (taskKey) => join(root, layout.output(taskKey)),
  };
}
