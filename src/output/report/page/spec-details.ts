/// <reference lib="dom" />
import type { ReportItem } from '../../../core/upsample/upsample-report.ts';
import type { Child, MakeElement } from './elements.ts';
import type { Formats } from './formats.ts';
import type { DiffSpan } from './word-diff.ts';

/** What the details of a spec are made with. */
export interface SpecDetailsParts {
  readonly el: MakeElement;
  readonly formats: Formats;
  frames(index: number): string[];
  diff(before: string, after: string): DiffSpan[];
}

/**
 * What opens below a row: the frames, the prompt before and after, and every figure.
 *
 * Self-contained: its source is also embedded in the page.
 */
export function createSpecDetails({ el, formats, frames, diff }: SpecDetailsParts) {
  return (spec: ReportItem, index: number): HTMLElement[] => [
    el('div', { class: 'texts' }, frameStrip(spec, index), ...prompts(spec)),
    el('div', { class: 'numbers' }, ...tokenFigures(spec), facts(spec)),
  ];

  function frameStrip(spec: ReportItem, index: number): HTMLElement {
    const sources = frames(index);
    if (sources.length === 0) return el('p', { class: 'quiet' }, noFrames(spec));
    const { width, height } = spec.hint ?? { width: 320, height: 180 };
    const images = sources.map((src, number) => {
      const label = `Frame ${number + 1} of ${sources.length}`;
      const alt = `${label} that the model saw for ${spec.name}`;
      return el(
        'figure',
        {},
        el('img', { src, alt, width, height, decoding: 'async' }),
        el('figcaption', {}, label),
      );
    });
    return el('div', { class: 'frames' }, ...images);
  }

  function noFrames(spec: ReportItem): string {
    if (spec.video === null) return 'No video, so the model saw no frames.';
    return spec.frames_used ? 'The frames are not in this page.' : 'No frame was sent.';
  }

  function prompts({ prompt_before: before, prompt_after: after }: ReportItem): HTMLElement[] {
    const sections: HTMLElement[] = [];
    if (before !== null) sections.push(section('Prompt before', before, 'before', [before]));
    if (after !== null) {
      const content = before === null ? [after] : diff(before, after).map(marked);
      sections.push(section('Prompt after', after, 'after', content, before === null ? null : legend()));
    }
    return sections;
  }

  function section(
    title: string,
    text: string,
    kind: string,
    content: Child[],
    note: HTMLElement | null = null,
  ) {
    const copy = el(
      'button',
      { type: 'button', class: 'copy', 'aria-label': `Copy: ${title}`, 'data-copy': text },
      'Copy',
    );
    return el(
      'section',
      { class: `prompt ${kind}` },
      el('div', { class: 'prompt-title' }, el('h4', {}, title), note, copy),
      el('p', { dir: 'auto' }, ...content),
    );
  }

  function legend(): HTMLElement {
    return el('span', { class: 'legend' }, el('ins', {}, 'added'), ' ', el('del', {}, 'removed'), ' kept');
  }

  /** The blank after a changed word stands outside its mark, where it would look like a part of it. */
  function marked({ kind, text }: DiffSpan): Child {
    if (kind === 'kept') return text;
    const word = text.trimEnd();
    const fragment = document.createDocumentFragment();
    fragment.append(
      el(kind === 'added' ? 'ins' : 'del', {}, word),
      text.slice(word.length) || (kind === 'removed' ? ' ' : ''),
    );
    return fragment;
  }

  function tokenFigures({ tokens }: ReportItem): HTMLElement[] {
    if (tokens === null) return [];
    const drift = formats.driftPercent(tokens.prompt_predicted, tokens.actual_prompt);
    const control = Math.max(0, tokens.prompt_predicted - tokens.vision - tokens.text);
    return [
      el('h4', {}, 'Tokens'),
      budget(
        [
          ['vision', tokens.vision],
          ['text', tokens.text + control],
          ['output', tokens.output_reserved],
        ],
        tokens.limit,
      ),
      el(
        'dl',
        { class: 'fact-list' },
        fact('Predicted', `${formats.count(tokens.prompt_predicted)} (${tokens.estimator})`),
        fact(
          'Counted by the engine',
          tokens.actual_prompt === null ? null : formats.count(tokens.actual_prompt),
        ),
        fact('Prediction off by', drift === null ? null : formats.percent(drift)),
        fact('Answer', tokens.actual_output === null ? null : formats.count(tokens.actual_output)),
      ),
    ];
  }

  /** How the limit is used: a bar, and the same figures as its caption. */
  function budget(parts: [name: string, count: number][], limit: number): HTMLElement {
    const total = Math.max(limit, ...[parts.reduce((sum, [, count]) => sum + count, 0)], 1);
    const bar = el('div', { class: 'budget', 'aria-hidden': 'true' });
    for (const [name, count] of parts) {
      const part = el('span', { class: name });
      part.style.width = `${(count / total) * 100}%`;
      bar.append(part);
    }
    const entries = parts.map(([name, count]) =>
      el('span', { class: `key ${name}` }, `${name} ${formats.count(count)}`),
    );
    const caption = el(
      'p',
      { class: 'budget-key' },
      ...entries,
      el('span', {}, `limit ${formats.count(limit)}`),
    );
    return el('div', {}, bar, caption);
  }

  function facts(spec: ReportItem): HTMLElement {
    const { video, hint } = spec;
    return el(
      'dl',
      { class: 'fact-list' },
      fact('Attempts', formats.count(spec.attempts)),
      fact('Duration', spec.duration_ms === null ? null : formats.duration(spec.duration_ms)),
      fact('Frames used', spec.frames_used === null ? null : formats.count(spec.frames_used)),
      fact('Video', video && `${video.width} × ${video.height}, ${formats.count(video.frames)} frames`),
      fact('From', video === null ? null : video.path),
      fact(
        'Sent as',
        hint &&
          `${hint.width} × ${hint.height}, ${hint.frames} frames${hint.generated ? ' (hint made)' : ''}`,
      ),
      fact('Written to', spec.output),
    );
  }

  function fact(term: string, value: string | null): HTMLElement | null {
    if (value === null || value === '') return null;
    return el('div', {}, el('dt', {}, term), el('dd', {}, el('bdi', {}, value)));
  }
}
