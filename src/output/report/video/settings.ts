import { codecFacts } from '../../../core/encoding/codecs.ts';
import { encodingTexts } from '../../../core/encoding/describe-encoding.ts';
import { filtersText } from '../../../core/frames/frame-filters.ts';
import type { VideoReport } from '../../../core/video/video-report.ts';
import { bytesText, numeral } from '../../text/format.ts';
import type { Html } from '../html.ts';
import { facts, panel } from '../sections.ts';

export function renderSettings(report: VideoReport): Html {
  const { source, target, settings, video } = report;
  const tile = settings.tile === 0 ? 'whole frames' : `${settings.tile} px`;
  const workers = `${settings.is_worker_count_open ? 'up to ' : ''}${numeral(settings.workers)}`;
  const values = {
    Source: `${pictureText(source)}, ${Number(source.frame_rate.toFixed(3))} fps, ${bytesText(source.size_bytes)}`,
    Output: `${pictureText(target)}${video === null ? '' : `, ${bytesText(video.size_bytes)}`}`,
    Model: report.model,
    Scale: `×${settings.scale}`,
    'Batch size': `${numeral(settings.batch_size)} frames`,
    Workers: settings.slots > 1 ? `${workers} on each of ${settings.slots} slots` : workers,
    Tile: report.engine === 'onnx' ? tile : '',
    Before: filtersText(settings.filters),
    Duplicates: `--dedupe ${settings.dedupe}`,
    Encoder: [codecFacts[settings.codec].label, ...encodingTexts(settings)].join(', '),
    'Damaged sources': settings.keep_going ? 'what can be read (--keep-going)' : '',
    cosmos: report.tool_version,
  };
  return panel('settings', 'Settings', facts('fact-list settings', values));
}

function pictureText({ width, height, pixel_format: format }: VideoReport['target']): string {
  return `${width} × ${height} ${format}`;
}
