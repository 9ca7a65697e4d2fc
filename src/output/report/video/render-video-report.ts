import type { ComparedFrame, VideoReport } from '../../../core/video/video-report.ts';
import { statusTitle } from '../banner.ts';
import { documentEnd, documentStart, startScript } from '../document.ts';
import { html } from '../html.ts';
import { machinesStyle, renderMachines } from '../machines.ts';
import { baseStyle, panelStyle } from '../style.ts';
import { videoBanner } from './banner.ts';
import { renderDuplicates } from './duplicates.ts';
import { renderPictures } from './pictures.ts';
import { renderRegions } from './regions.ts';
import { renderSegments } from './segments.ts';
import { renderSettings } from './settings.ts';
import { renderStreams } from './streams.ts';
import { videoStyle } from './style.ts';
import { renderTime } from './time.ts';

/**
 * One self-contained page about an upscaled video, in pieces to be written one after the other: no network, no other
 * file, a content security policy that allows its own program and style and nothing else. All facts are in the
 * markup; only comparing pictures with a slider needs the program.
 *
 * @param pictures - Some frames before and after; none while there is no finished video.
 */
export function* renderVideoReport(
  report: VideoReport,
  pictures: readonly ComparedFrame[],
): Generator<string, void> {
  const start = documentStart({
    title: `${statusTitle(report.status)}: cosmos run ${report.run_id}`,
    style: baseStyle + panelStyle + videoStyle + machinesStyle,
    skipTo: { id: 'results', text: 'Skip to the results' },
  });
  yield html`${start}${videoBanner(report)}<main id="results" tabindex="-1">\n`.markup;
  for (const piece of renderPictures(report, pictures)) yield piece.markup;
  yield html`${renderRegions(report)}${renderTime(report)}${renderMachines(report.machines)}${renderDuplicates(report)}${renderStreams(report)}`
    .markup;
  yield html`${renderSegments(report)}${renderSettings(report)}${startScript}${documentEnd}`.markup;
}
