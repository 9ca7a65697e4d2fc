import type { ReportHeader } from '../../../core/upsample/upsample-report.ts';
import { counted, durationText, numeral } from '../../text/format.ts';
import { renderBanner, type ShownStatus } from '../banner.ts';
import { type Html, html } from '../html.ts';
import { renderMachines } from '../machines.ts';
import { bdi, time } from '../sections.ts';
import { allFailed, embeddedEngine, howToContinue, tokenDriftNotice } from '../specs/notices.ts';

const sentences: Readonly<Record<ShownStatus, string>> = {
  complete: 'Everything that was asked for is done.',
  partial: 'Some specs failed; all others are done.',
  detached: 'Work may still be running on the host.',
  paused: 'The prompts are enriched; you can read and edit them.',
  failed: 'The run ended before it could finish.',
  unfinished: 'The run was stopped; what is done is kept.',
  running: 'The run is at work; what is done so far is below.',
};

export function upsampleBanner(header: ReportHeader): Html {
  const { counts, engine } = header;
  const done = counts.upsampled + counts.reused + counts.skipped + counts.failed;
  return renderBanner({
    work: 'upsampling',
    runId: header.run_id,
    status: header.status,
    sentence: allFailed(header) ? 'Every spec failed.' : sentences[header.status],
    title: titleOf(header),
    outcomes: [
      { kind: 'upsampled', amount: counts.upsampled },
      { kind: 'reused', amount: counts.reused },
      { kind: 'skipped', amount: counts.skipped },
      { kind: 'failed', amount: counts.failed },
      { kind: 'open', amount: counts.total - done },
    ],
    facts: {
      Engine: engine === 'describe' ? embeddedEngine : bdi(engine),
      Model: engine === 'describe' || header.model === '' ? null : bdi(header.model),
      Host: bdi(header.host),
      Duration: durationText(header.duration_ms),
      Started: time(header.started_at),
      Finished: header.finished_at === null ? null : time(header.finished_at),
      'Specs from': bdi(header.input_root),
      'Results in': bdi(header.output_dir),
      cosmos: header.tool_version,
    },
    ending: header.ending,
    notices: html`${howToContinue(header)}${tokenDriftNotice(header.token_drift)}${renderMachines(header.machines)}`,
    hasThemeButton: false,
  });
}

function titleOf({ counts }: ReportHeader): string {
  const done = counts.upsampled + counts.reused;
  const wanted = counts.total - counts.skipped;
  if (counts.reused > 0) {
    const parts = `${counted(counts.upsampled, 'prompt')} upsampled, ${numeral(counts.reused)} reused`;
    return done === wanted ? parts : `${parts} of ${numeral(wanted)}`;
  }
  const prompts = `${counted(wanted, 'prompt')} upsampled`;
  return done === wanted ? prompts : `${numeral(done)} of ${prompts}`;
}
