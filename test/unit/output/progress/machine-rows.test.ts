import { describe, expect, it } from 'vitest';
import type { MachineStanding } from '../../../../src/core/run/machine-timeline.ts';
import { machineRows, machinesPart, machineText } from '../../../../src/output/progress/machine-rows.ts';

const working: MachineStanding = {
  ...{ machine: 'gpu1', state: 'working', message: null, tasks: 12, underWay: 3, framesPerSecond: 34.2 },
};

describe('machines in the progress of a run', () => {
  it('have a row each, with what a person wants to know', () => {
    const lost = {
      ...working,
      machine: 'gpu2',
      state: 'unreachable',
      message: 'no answer\u001b[2J',
    } as const;
    const rows = machineRows([working, lost]);
    expect(rows.map(({ what, text }) => [what, text])).toEqual([
      ['gpu1', '12 done · 3 under way · 34 fps'],
      ['gpu2', expect.stringMatching(/^12 done · unreachable: no answer/)],
    ]);
    expect(rows[1]?.text).not.toContain('\u001b');
    expect(machinesPart([working, lost])).toEqual(['1 of 2 machines at work']);
    expect(machinesPart([])).toEqual([]);
  });

  it('are added up where they are many, and what is amiss is shown', () => {
    const many = Array.from({ length: 100 }, (_, at) => ({ ...working, machine: `m${at}`, tasks: at }));
    const rows = machineRows([...many, { ...working, machine: 'odd', state: 'refused', message: 'no' }]);
    expect(rows).toHaveLength(8);
    expect(rows[0]?.what).toBe('odd');
    expect(rows.at(-1)?.text).toBe('94 more machines · 4,371 done');
  });

  it.each([
    {
      state: 'unreachable',
      before: 'working',
      text: 'gpu1 is unreachable: why — what it has keeps running; trying again',
    },
    { state: 'refused', before: undefined, text: 'gpu1 is refused: why' },
    { state: 'ended', before: 'working', text: 'gpu1 takes no more work: why' },
    { state: 'working', before: undefined, text: null },
    { state: 'working', before: 'unreachable', text: 'gpu1 works again' },
    { state: 'unreachable', before: 'unreachable', text: null },
  ] as const)('are logged when they become $state after $before', ({ state, before, text }) => {
    const earlier = before === undefined ? [] : [{ ...working, state: before }];
    expect(machineText({ type: 'machine-changed', machine: 'gpu1', state, message: 'why' }, earlier)).toBe(
      text,
    );
  });
});
