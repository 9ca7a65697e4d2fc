/// <reference lib="dom" />
import type { ReportedVideo } from '../../../../core/inference/inference-report.ts';
import { bytesText, counted } from '../../../text/format.ts';
import { preciseDurationText } from '../../formats.ts';
import { failuresOf, type ListedItem, videosOfItem } from '../../specs/statuses.ts';
import { type Child, el, factList, failureParagraphs } from '../elements.ts';
import type { SpecMedia } from './spec-store.ts';

type VideoPictures = SpecMedia['videos'][number];

const statusTitles: Readonly<Record<ReportedVideo['status'], string>> = {
  made: 'Made',
  reused: 'Reused from an earlier run',
  failed: 'Failed',
  waiting: 'Not made yet',
  'left-out': 'Left out',
};

const videoTones: Readonly<Record<ReportedVideo['status'], string>> = {
  made: 'upsampled',
  reused: 'reused',
  failed: 'failed',
  waiting: 'pending',
  'left-out': 'skipped',
};

const guardrailTexts = { on: 'On', off: 'Off', unknown: 'Unknown: the program was given other arguments' };

/** A section for each video of a spec: how it came out, where it lies, and what it was made with. */
export function videoSections(item: ListedItem, pictures: SpecMedia['videos']): HTMLElement[] {
  return videosOfItem(item).map((video, place) => videoSection(video, pictures[place], item));
}

function videoSection(
  video: ReportedVideo,
  pictures: VideoPictures | undefined,
  item: ListedItem,
): HTMLElement {
  const { status, failure, warnings } = video;
  const mark = el('span', { class: 'mark', 'aria-hidden': 'true' });
  const badge = el('span', { class: `badge ${videoTones[status]}` }, mark, statusTitles[status]);
  const isOfPrompt = failure !== null && item.failure !== null;
  return el(
    'section',
    { class: 'video', 'aria-label': `Video ${video.video}` },
    el('div', { class: 'video-title' }, el('h4', {}, ...titleOf(video, item)), badge),
    failure === null || failuresOf(item).length === 1 ? null : el('div', {}, ...failureParagraphs(failure)),
    isOfPrompt ? el('p', { class: 'quiet' }, 'It has no prompt to be made from.') : null,
    warnings.length === 0 ? null : el('ul', { class: 'warnings' }, ...warnings.map(warningItem)),
    el('div', { class: 'video-parts' }, pictureColumn(video, pictures), videoFacts(video)),
  );
}

/** Its name, where the spec has others beside it. */
function titleOf({ video }: ReportedVideo, item: ListedItem): Child[] {
  const name = video.slice(video.lastIndexOf('/') + 1);
  return videosOfItem(item).length === 1 ? ['Video'] : ['Video ', el('bdi', {}, name)];
}

function warningItem(text: string): HTMLElement {
  return el('li', { dir: 'auto' }, `${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
}

function pictureColumn(video: ReportedVideo, pictures: VideoPictures | undefined): HTMLElement | null {
  const { file } = video;
  if (file === null) return null;
  const { stills = [], clip = null } = pictures ?? {};
  const [first] = stills;
  const main =
    clip === null ? first && still(first, `${video.video}, its first frame`) : player(clip, video, first);
  const strip = stills.map((src, number) =>
    still(src, `Frame ${number + 1} of ${stills.length} of ${video.video}`),
  );
  return el(
    'div',
    { class: 'video-pictures' },
    main ?? el('p', { class: 'quiet' }, 'No picture of it is in this page.'),
    strip.length > 1 ? el('div', { class: 'stills' }, ...strip) : null,
    el('p', {}, fileLink(file.path, 'Open the whole video')),
  );
}

/** Plays by itself, unless the reader wants no motion. A browser that cannot play it shows a frame. */
function player(src: string, video: ReportedVideo, poster: string | undefined): HTMLElement {
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const flags = { muted: '', loop: '', playsinline: '', controls: '', autoplay: isStill ? null : '' };
  const label = `The first seconds of ${video.video}`;
  const element = el('video', { src, poster: poster ?? null, 'aria-label': label, ...flags });
  // The attribute alone does not silence an element that a script made, and only silent ones may play by themselves.
  element.muted = true;
  element.addEventListener('error', () => {
    element.replaceWith(
      poster === undefined ? el('p', { class: 'quiet' }, 'It cannot be played here.') : still(poster, label),
    );
  });
  return element;
}

function still(src: string, alt: string): HTMLElement {
  return el('img', { src, alt, decoding: 'async' });
}

function videoFacts(video: ReportedVideo): HTMLElement {
  const { file, parameters } = video;
  const seconds = file && file.fps > 0 ? ` (${(file.frames / file.fps).toFixed(1)} s)` : '';
  const weights = video.controls.map((control) => [`Weight of ${control.kind}`, weightText(control)]);
  const kept = video.kept_controls.map(({ kind, path }) => [`Video of ${kind}`, fileLink(path, 'Open')]);
  return factList({
    Picture: file && `${file.width} × ${file.height}`,
    Length: file && `${counted(file.frames, 'frame')} at ${file.fps} fps${seconds}`,
    Size: file && bytesText(file.size_bytes),
    Guardrails: video.guardrails && guardrailTexts[video.guardrails],
    Prompt: video.is_prompt_edited ? 'Edited by hand' : null,
    Attempts: video.attempts === 0 ? null : String(video.attempts),
    Duration: video.duration_ms === null ? null : preciseDurationText(video.duration_ms),
    ...Object.fromEntries(weights),
    Steps: String(parameters.num_steps),
    Guidance: String(parameters.guidance),
    'Sigma max': String(parameters.sigma_max),
    'Random seed': String(parameters.seed),
    'Frame rate asked for': `${parameters.fps} fps`,
    Blur: parameters.blur_strength.replaceAll('_', ' '),
    Edges: parameters.canny_threshold.replaceAll('_', ' '),
    'Negative prompt': video.negative_prompt,
    RunSpec: video.run_spec,
    ...Object.fromEntries(kept),
    File: file?.path ?? null,
  });
}

function weightText({ weight, path }: ReportedVideo['controls'][number]): string {
  return path === null ? `${weight}, made from the video` : String(weight);
}

/** Opens beside the page, which would lose its place. */
function fileLink(path: string, text: Child): HTMLElement {
  return el('a', { href: fileHref(path), target: '_blank', rel: 'noopener' }, text);
}

/** The URL of a file by its absolute path, in the spelling of any system. */
export function fileHref(path: string): string {
  const isWindows = /^([a-z]:[\\/]|\\\\)/i.test(path);
  const parts = (isWindows ? path.replaceAll('\\', '/') : path).toWellFormed().split('/');
  const encoded = parts.map((part) => encodeURIComponent(part).replace(/^([a-z])%3A$/i, '$1:')).join('/');
  if (encoded.startsWith('//')) return `file:${encoded}`;
  return `file://${encoded.startsWith('/') ? '' : '/'}${encoded}`;
}
