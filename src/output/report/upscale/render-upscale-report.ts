import type { ComparedFrame, UpscaleReport } from '../../../core/upscale/upscale-report.ts';
import { renderDocumentHead } from '../document-head.ts';
import { html } from '../html.ts';
import { themeScript } from '../script.ts';
import { upscalePageStyle } from '../styles/upscale-page-style.ts';
import { renderBanner } from './banner.ts';
import { renderDuplicates } from './duplicates.ts';
import { renderPictures } from './pictures.ts';
import { upscalePageScript } from './script.ts';
import { renderSegments } from './segments.ts';
import { renderSettings } from './settings.ts';
import { statusWords } from './status-words.ts';
import { renderStreams } from './streams.ts';
import { renderTime } from './time.ts';

/**
 * One self-contained page about an upscaled video, in pieces to be written one after the other: no network, no other
 * file, a content security policy that allows its own script and style and nothing else. All facts stand in the
 * markup; only comparing pictures with a slider needs the script.
 *
 * @param pictures - Some frames before and after; none while there is no finished video.
 */
export function* renderUpscaleReport(
  report: UpscaleReport,
  pictures: readonly ComparedFrame[],
): Generator<string, void> {
  const head = renderDocumentHead({
    title: `${statusWords(report.status).title}: cosmos run ${report.run_id}`,
    style: upscalePageStyle,
    earlyScript: themeScript,
    script: upscalePageScript,
    skipTo: { id: 'results', text: 'Skip to the results' },
  });
  yield head.markup;
  yield renderBanner(report).markup;
  yield '<main id="results" tabindex="-1">\n';
  for (const piece of renderPictures(report, pictures)) yield piece.markup;
  yield renderTime(report).markup;
  yield renderDuplicates(report).markup;
  yield renderStreams(report).markup;
  yield renderSegments(report).markup;
  yield renderSettings(report).markup;
  yield closing.markup;
  yield `<script>${upscalePageScript}</script>\n</body>\n</html>\n`;
}

const closing = html`</main>
<footer><p>Made by cosmos. This page is complete in itself: it loads nothing and sends nothing.</p></footer>
`;
