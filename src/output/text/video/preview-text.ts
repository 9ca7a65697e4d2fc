import { basename } from 'node:path';
import { printable } from '../../../core/printable.ts';
import type { PreviewVariant, UpscalePreview } from '../../../core/upscale/upscale-preview.ts';
import { fittedTable } from '../columns.ts';
import { counted, durationText, rateText } from '../format.ts';
import type { Style } from '../style.ts';

/** What a preview found, and where it is. @param columns - Width to keep to; undefined keeps all whole. */
export function formatUpscalePreview(
  { video, moments, variants, target, frames, notices }: UpscalePreview,
  page: string,
  style: Style,
  columns?: number,
): string {
  const crops = moments.reduce((sum, { crops: of }) => sum + of.length, 0);
  const failed = variants.filter(({ failure }) => failure !== null);
  const head = `${counted(crops, 'crop')} of ${counted(moments.length, 'moment')} of ${printable(basename(video))}`;
  const rows = variants.map((variant) => [printable(variant.name), ...timesOf(variant)]);
  return `${[
    `${failed.length === 0 ? style.good('✓') : style.bad('!')} ${head}, at ${target.width}x${target.height}`,
    '',
    ...fittedTable(
      [['WITH', 'FRAMES A SECOND', `ALL ${counted(frames, 'FRAME', 'FRAMES')}`], ...rows],
      columns,
      [0],
    ),
    '',
    ...failed.map(({ name, failure }) => `${style.bad('✕')} ${printable(name)}: ${printable(failure ?? '')}`),
    `Page  ${printable(page)}`,
    ...notices.map((text) => style.dim(`! ${printable(text)}`)),
    style.dim('Times are estimates, from a few frames made on this machine.'),
  ].join('\n')}\n`;
}

function timesOf({ pace, wholeMs, failure }: PreviewVariant): string[] {
  if (pace === null || wholeMs === null) return ['—', failure === null ? 'not measured' : 'cannot be used'];
  return [rateText(1000 / pace.frameMs), `about ${durationText(wholeMs)}`];
}
