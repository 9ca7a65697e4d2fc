import { expect, it } from 'vitest';
import type { MachineReport } from '../../../../src/core/run/machine-timeline.ts';
import { renderMachines } from '../../../../src/output/report/machines.ts';

const machine: MachineReport = {
  ...{ machine: '<b>gpu1</b>', state: 'unreachable', message: 'no "answer"', tasks: 2, frames: 480 },
  ...{ copies: 1, lost: 1, busy_ms: 4_000, idle_ms: 1_000 },
  spans: [
    { task: 'segment 0', from_ms: 0, to_ms: 2_000, outcome: 'counted', is_copy: false },
    { task: 'segment 1', from_ms: 1_000, to_ms: 4_000, outcome: 'counted', is_copy: true },
    { task: 'segment 2', from_ms: 2_000, to_ms: 5_000, outcome: 'lost', is_copy: false },
  ],
};

it('draws tasks side by side where they overlap, and escapes what comes from hosts', () => {
  const { markup } = renderMachines([machine]);
  expect(markup).not.toContain('<b>gpu1');
  expect(markup).toContain('unreachable');
  expect(markup).toContain('<rect class="counted" x="0.0" y="0" width="400.0"');
  expect(markup).toContain('<rect class="copied" x="200.0" y="8" width="600.0"');
  expect(markup).toContain('<rect class="elsewhere" x="400.0" y="0" width="600.0"');
  expect(markup).toContain('<title>segment 2, 3.0 s</title>');
});

it('is nothing for one machine, and a table without drawings for a great many tasks', () => {
  expect(renderMachines(null).markup).toBe('');
  expect(renderMachines(undefined).markup).toBe('');
  const { markup } = renderMachines([{ ...machine, spans: null }]);
  expect(markup).not.toContain('<rect');
  expect(markup).toContain('too many tasks');
});

it('lists no more machines than can be read', () => {
  const many = Array.from({ length: 61 }, (_, at) => ({ ...machine, machine: `m${at}` }));
  expect(renderMachines(many).markup).toContain('1 more machine in');
});
