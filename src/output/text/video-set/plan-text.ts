import { basename } from 'node:path';
import { printable } from '../../../core/printable.ts';
import type { VideoSetPlanDocument } from '../../json/video-set-plan-document.ts';
import { formatTable } from '../columns.ts';
import { bytesText, counted, numeral } from '../format.ts';
import type { Style } from '../style.ts';
import { noticeLine } from '../summary-sections.ts';
import { setEngineText } from '../video/video-names.ts';

/** Videos that are listed; `--json` has all. */
const maxListed = 100;

export function formatVideoSetPlan(plan: VideoSetPlanDocument, style: Style): string {
  const { counts, engine, videos, ignored, notices } = plan;
  const model = engine.model === null ? '' : basename(engine.model);
  const rows = [
    ['Videos', videosText(counts)],
    ['Output', printable(plan.output)],
    [
      'Engine',
      printable(
        setEngineText({
          ...{ engine: engine.kind, model, scale: engine.scale, size: engine.size, workers: engine.workers },
          isWorkerCountOpen: engine.is_worker_count_open,
        }),
      ),
    ],
    ['Disk', diskText(plan, style)],
    ...(ignored.length === 0
      ? []
      : [['Ignored', `${ignored.map(printable).join(', ')} (neither videos nor pictures)`]]),
  ];
  const table = formatTable(rows.map(([term = '', text = '']) => [style.bold(term), text]));
  const more = videos.length - maxListed;
  const list = formatTable(videos.slice(0, maxListed).map((video) => videoCells(video, plan.output, style)));
  const lines = [
    ...table,
    '',
    ...list.map((line) => `  ${line}`),
    ...(more > 0 ? [style.dim(`  and ${counted(more, 'more video')}; --json lists them all`)] : []),
    ...(notices.length > 0 ? ['', ...notices.map(noticeLine)] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function videosText({ videos, to_do: toDo, skipped, failed }: VideoSetPlanDocument['counts']): string {
  const parts = [
    `${numeral(toDo)} of ${counted(videos, 'video')} to be upscaled`,
    skipped > 0 ? `${numeral(skipped)} skipped, whose output is there already (--force replaces it)` : '',
    failed > 0 ? `${numeral(failed)} cannot be read` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function diskText({ expected, free_bytes: free }: VideoSetPlanDocument, style: Style): string {
  const need = `about ${bytesText(expected.output_bytes)} for the videos`;
  if (free === null) return `${need}, free space unknown`;
  const text = `${bytesText(free)} free`;
  return `${need}, ${expected.output_bytes > free ? style.bad(`only ${text}`) : text}`;
}

function videoCells(video: VideoSetPlanDocument['videos'][number], folder: string, style: Style): string[] {
  const { name, output, frames, target, failure, is_skipped: isSkipped } = video;
  const below = output.slice(folder.length + 1);
  if (failure !== null) return [style.bad('✗'), printable(name), printable(failure.message)];
  if (isSkipped) return ['=', printable(name), `${printable(below)} is there already`];
  const size = target === null ? '' : `, ${target.width}x${target.height}`;
  const length = frames === null ? '' : `, about ${counted(frames, 'frame')}`;
  return ['✓', printable(name), `→ ${printable(below)}${size}${length}`];
}
