import type { StageReport, VideoReport } from '../../../core/video/video-report.ts';
import { numeral, rateText } from '../../text/format.ts';
import { workTexts } from '../../text/video/video-names.ts';
import { preciseDurationText } from '../formats.ts';
import { type Html, html } from '../html.ts';
import { panel, partsBar } from '../sections.ts';

/** The name of what is done to the frames depends on the kind of run. */
const stageLabels: Record<StageReport['stage'], { readonly name: string | null; readonly what: string }> = {
  scan: { name: 'Scan', what: 'reads times, finds duplicates' },
  decode: { name: 'Decode', what: 'frames of the source' },
  upscale: { name: null, what: 'unique frames, in batches' },
  encode: { name: 'Encode', what: 'all frames' },
  finish: { name: 'Finish', what: 'other streams, verification' },
};

/** These are at work at the same time. */
const parallelStages: readonly StageReport['stage'][] = ['decode', 'upscale', 'encode'];

/** Where the time went: how the whole divides, then how busy and how quick each stage was. */
export function renderTime(report: VideoReport): Html {
  const { kind, time_ms: times, stages } = report;
  if (times.total === 0) return html``;
  const longest = Math.max(1, ...stages.map(({ busy_ms: busyMs }) => busyMs));
  return panel(
    'time',
    'Where the time went',
    html`${partsBar(
      [
        { kind: 'scan', amount: times.scan },
        { kind: 'segments', amount: times.segments },
        { kind: 'finish', amount: times.finish },
      ],
      'time-bar',
    )}
<p class="legend-line">${legend('scan', 'Scan', times.scan, times.total)}
${legend('segments', 'Segments', times.segments, times.total)}
${legend('finish', 'Finish', times.finish, times.total)}</p>
<div class="scroll" role="region" aria-label="Stages" tabindex="0"><table class="stages">
<thead><tr><th scope="col">Stage</th><th scope="col">At work</th><th scope="col" class="wide">
<span class="unseen">Drawn</span></th><th scope="col">Frames</th><th scope="col">Speed</th></tr></thead>
<tbody>${stages.map((stage) => stageRow(stage, longest, paceSetter(stages), kind))}</tbody>
</table></div>
<p class="quiet">Decoding, ${workTexts[kind].work} and encoding run at the same time, so their times may add up to more than the
segments took. The longest of them sets the pace.</p>`,
  );
}

function legend(kind: string, name: string, ms: number, totalMs: number): Html {
  const percent = Math.round((100 * ms) / totalMs);
  return html`<span class="key ${kind}">${name} ${preciseDurationText(ms)} <span class="quiet">${percent} %</span></span>`;
}

function stageRow(
  stage: StageReport,
  longestMs: number,
  pace: StageReport['stage'] | null,
  kind: VideoReport['kind'],
): Html {
  const { name, what } = stageLabels[stage.stage];
  const width = ((1000 * stage.busy_ms) / longestMs).toFixed(1);
  const mark = stage.stage === pace ? html` <span class="pace">sets the pace</span>` : null;
  return html`<tr><th scope="row">${name ?? workTexts[kind].stage}${mark}<small>${what}</small></th>
<td>${stage.busy_ms === 0 ? '—' : preciseDurationText(stage.busy_ms)}</td>
<td class="wide"><svg viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true"><rect class="${stage.stage}" width="${width}" height="8"/></svg></td>
<td>${stage.frames === 0 ? '—' : numeral(stage.frames)}</td>
<td>${stage.frames_per_second === null ? '—' : rateText(stage.frames_per_second)}</td></tr>`;
}

function paceSetter(stages: readonly StageReport[]): StageReport['stage'] | null {
  const parallel = stages.filter(({ stage }) => parallelStages.includes(stage));
  const [longest] = parallel.sort((one, other) => other.busy_ms - one.busy_ms);
  return longest && longest.busy_ms > 0 ? longest.stage : null;
}
