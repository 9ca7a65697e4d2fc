import type { MachineReport } from '../../core/run/machine-timeline.ts';
import { counted, numeral } from '../text/format.ts';
import { preciseDurationText } from './formats.ts';
import { type Html, html } from './html.ts';
import { bdi, panel } from './sections.ts';

/** Machines that are drawn and listed; the others are added up. */
const maxMachines = 60;
/** Tasks of one machine that are drawn side by side; more at once lie over each other. */
const maxLanes = 3;
const laneHeight = 8;
const width = 1000;

type Span = NonNullable<MachineReport['spans']>[number];

/** CSS classes. */
const spanKinds: Record<Span['outcome'], string> = {
  counted: 'counted',
  lost: 'elsewhere',
  open: 'unfinished',
};

const stateTexts: Record<MachineReport['state'], string> = {
  working: 'worked',
  waiting: 'waited',
  unreachable: 'unreachable',
  refused: 'refused',
  ended: 'ended',
};

/** Style of the panel of machines, on pages of whatever kind. */
export const machinesStyle = `
.machines .wide { width: 45%; min-width: 8rem; }
.machines :is(td, th):nth-child(n+3) { text-align: end; white-space: nowrap; }
.machines svg { display: block; width: 100%; border-radius: 4px; background: var(--sunken); }
rect.counted { fill: var(--accent); } .key.counted::before { background: var(--accent); }
rect.copied { fill: var(--upsampled); } .key.copied::before { background: var(--upsampled); }
rect.elsewhere { fill: var(--reused); } .key.elsewhere::before { background: var(--reused); }
rect.unfinished { fill: var(--pending); } .key.unfinished::before { background: var(--pending); }
`;

/** Who did which task when, of a run on several machines; nothing for one machine. */
export function renderMachines(machines: readonly MachineReport[] | null | undefined): Html {
  if (!machines || machines.length === 0) return html``;
  const shown = machines.slice(0, maxMachines);
  const left = machines.length - shown.length;
  const endMs = Math.max(1, ...machines.flatMap(({ spans }) => (spans ?? []).map(({ to_ms: to }) => to)));
  const more =
    left > 0
      ? html`<p class="quiet">${counted(left, 'more machine')} in <code>report.json</code> beside this page.</p>`
      : null;
  const isDrawn = machines.every(({ spans }) => spans !== null);
  const note = isDrawn
    ? html`<p class="legend-line"><span class="key counted">Its result counted</span>
<span class="key copied">A copy of another machine's task</span> <span class="key elsewhere">Done by another machine</span>
<span class="key unfinished">Unfinished</span> <span class="quiet">The line is ${preciseDurationText(endMs)} long.</span></p>`
    : html`<p class="quiet">There are too many tasks to draw each of them.</p>`;
  return panel(
    'machines',
    'Machines',
    html`${note}<div class="scroll" role="region" aria-label="Machines" tabindex="0"><table class="machines">
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${shown.map((machine) => machineRow(machine, endMs))}</tbody></table></div>${more}`,
  );
}

const heads = ['Machine', 'Tasks over time', 'Done', 'Frames', 'Copies', 'Done elsewhere', 'At work', 'Idle'];

function machineRow(machine: MachineReport, endMs: number): Html {
  const { state, message, tasks, frames, copies, lost, busy_ms: busyMs, idle_ms: idleMs, spans } = machine;
  const reason = message === null ? null : html`: ${bdi(message)}`;
  const note = state === 'working' ? null : html`<small>${stateTexts[state]}${reason}</small>`;
  return html`<tr><th scope="row">${bdi(machine.machine)}${note}</th>
<td class="wide">${spans === null ? '—' : drawSpans(spans, endMs)}</td>
<td>${numeral(tasks)}</td><td>${frames === 0 ? '—' : numeral(frames)}</td>
<td>${numeral(copies)}</td><td>${numeral(lost)}</td>
<td>${preciseDurationText(busyMs)}</td><td>${preciseDurationText(idleMs)}</td></tr>`;
}

function drawSpans(spans: readonly Span[], endMs: number): Html {
  const lanes = lanesOf(spans);
  const height = laneHeight * Math.max(1, ...lanes.map((lane) => lane + 1));
  const scale = width / endMs;
  const rects = spans.map(({ task, from_ms: from, to_ms: to, outcome, is_copy: isCopy }, at) => {
    const kind = outcome === 'counted' && isCopy ? 'copied' : spanKinds[outcome];
    const wide = Math.max(1, (to - from) * scale).toFixed(1);
    const y = laneHeight * (lanes[at] ?? 0);
    return html`<rect class="${kind}" x="${(from * scale).toFixed(1)}" y="${y}" width="${wide}" height="${laneHeight - 2}"><title>${task}, ${preciseDurationText(to - from)}</title></rect>`;
  });
  return html`<svg viewBox="0 0 ${width} ${height}" height="${height}" preserveAspectRatio="none" aria-hidden="true">${rects}</svg>`;
}

/** Which lane each span is drawn in: the first that is free. @param spans - In the order of their beginnings. */
function lanesOf(spans: readonly Span[]): number[] {
  const freeAt: number[] = [];
  return spans.map(({ from_ms: from, to_ms: to }) => {
    const free = freeAt.findIndex((at) => at <= from);
    const lane = free >= 0 ? free : Math.min(freeAt.length, maxLanes - 1);
    freeAt[lane] = Math.max(freeAt[lane] ?? 0, to);
    return lane;
  });
}
