import { describe, expect, it } from 'vitest';
import { Dealer } from '../../../../src/core/dealing/dealer.ts';
import type { DealingStep } from '../../../../src/core/dealing/dealing-steps.ts';
import { windowOf } from '../../../../src/core/dealing/window.ts';

const second = 1_000;

/** A dealer of segments with a machine of one worker for each name. */
function segments(names: readonly string[], sizes: readonly number[], mayCopy = true): Dealer {
  const dealer = new Dealer({ window: windowOf({ kind: 'segments' }), mayCopy });
  for (const name of names) dealer.addMachine(name, 1);
  sizes.forEach((size, at) => {
    dealer.add({ key: `t${at}`, size });
  });
  return dealer;
}

function assigned(steps: readonly DealingStep[]): string[] {
  return steps.flatMap((step) =>
    step.type === 'assign' ? step.keys.map((key) => `${step.machine} ${key}`) : [],
  );
}

function dealtTo(steps: readonly DealingStep[], name: string): string[] {
  return steps.flatMap((step) => (step.machine === name ? step.keys : []));
}

describe('a dealer', () => {
  it('gives each worker two segments to do and one to wait, the longest first, and keeps the rest', () => {
    const dealer = segments(['a', 'b'], [1, 2, 3, 4, 5, 6, 7, 8]);
    const steps = dealer.next(0);
    expect(dealtTo(steps, 'a')).toEqual(['t7', 't4', 't3']);
    expect(dealtTo(steps, 'b')).toEqual(['t6', 't5', 't2']);
    expect(dealer.waitingCount).toBe(2);
    expect(dealer.next(0)).toEqual([]);
  });

  it('gives a machine more as soon as it has finished something, so that fast ones draw more', () => {
    const dealer = segments(['fast', 'slow'], Array(20).fill(1));
    dealer.next(0);
    for (let at = 1; at <= 5; at++) {
      dealer.noteFinished('fast', dealer.heldBy('fast')[0] ?? '', at * second);
      expect(assigned(dealer.next(at * second))).toHaveLength(1);
    }
    expect(dealer.heldBy('slow')).toHaveLength(3);
  });

  it('refills prompts when a machine is low, many at once', () => {
    const window = windowOf({ kind: 'upsample', concurrency: 4 });
    expect(window).toEqual({ parallel: 4, most: 12, refillAt: 8 });
    const dealer = new Dealer({ window, mayCopy: false });
    dealer.addMachine('a', 1);
    for (let at = 0; at < 40; at++) dealer.add({ key: `t${at}`, size: 1 });
    expect(assigned(dealer.next(0))).toHaveLength(12);
    const refills = [1, 2, 3, 4].map((at) => {
      dealer.noteFinished('a', `t${at}`, at * second);
      return assigned(dealer.next(at * second)).length;
    });
    expect(refills).toEqual([0, 0, 0, 4]);
  });

  it('asks back what a slow machine has not begun, and gives it to the idle one', () => {
    const dealer = segments(['fast', 'slow'], Array(6).fill(1));
    dealer.endSubmitting();
    dealer.next(0);
    dealer.noteBegun('slow', dealer.heldBy('slow')[0] ?? '', 0);
    const held = dealer.heldBy('slow');
    for (const key of dealer.heldBy('fast')) dealer.noteFinished('fast', key, second);
    const asked = [held[2] ?? '', held[1] ?? ''];
    expect(dealer.next(10 * second)).toEqual([{ type: 'withdraw', machine: 'slow', keys: asked }]);
    dealer.noteWithdrawn('slow', asked, new Set(asked.slice(0, 1)), 11 * second);
    expect(assigned(dealer.next(11 * second))).toEqual([`fast ${held[2]}`]);
  });

  it('does not ask again for what a machine would not give back', () => {
    const dealer = segments(['fast', 'slow'], Array(6).fill(1), false);
    dealer.endSubmitting();
    dealer.next(0);
    for (const key of dealer.heldBy('fast')) dealer.noteFinished('fast', key, second);
    const asked = dealer.next(10 * second).flatMap(({ keys }) => keys);
    expect(asked.length).toBeGreaterThan(0);
    dealer.noteWithdrawn('slow', asked, new Set(), 11 * second);
    const again = dealer.next(20 * second).flatMap(({ keys }) => keys);
    expect(new Set(again).intersection(new Set(asked)).size).toBe(0);
  });

  it.each([
    { rule: 'copies what a machine will need far longer for, once', mayCopy: true, copies: 1 },
    { rule: 'never copies what may not be done twice', mayCopy: false, copies: 0 },
  ])('$rule', ({ mayCopy, copies }) => {
    const dealer = segments(['fast', 'slow'], [1, 1], mayCopy);
    dealer.endSubmitting();
    dealer.next(0);
    const [slow = ''] = dealer.heldBy('slow');
    for (const key of dealer.heldBy('fast')) dealer.noteFinished('fast', key, second);
    dealer.noteBegun('slow', slow, 0);
    const steps = [20, 40, 60].flatMap((at) => dealer.next(at * second));
    expect(steps.filter((step) => step.type === 'assign' && step.isCopy)).toHaveLength(copies);
    if (!mayCopy) return;
    expect(dealer.holdersOf(slow)).toEqual(['slow', 'fast']);
    expect(dealer.noteFinished('fast', slow, 61 * second)).toEqual({ isFirst: true, others: ['slow'] });
    expect(dealer.noteFinished('slow', slow, 62 * second)).toEqual({ isFirst: false, others: [] });
    expect(dealer.openCount).toBe(0);
  });

  it('copies what stands still, though it was said to be nearly done', () => {
    const dealer = segments(['fast', 'stuck'], [1, 1]);
    dealer.endSubmitting();
    dealer.next(0);
    const [stuck = ''] = dealer.heldBy('stuck');
    for (const key of dealer.heldBy('fast')) dealer.noteFinished('fast', key, second);
    dealer.noteProgress('stuck', stuck, 1, second);
    expect(dealer.next(1.5 * second)).toEqual([]);
    expect(assigned(dealer.next(4 * second))).toEqual([`fast ${stuck}`]);
  });

  it('copies nothing that will soon be done where it is', () => {
    const dealer = segments(['a', 'b'], Array(6).fill(1));
    dealer.endSubmitting();
    dealer.next(0);
    dealer.noteFinished('a', dealer.heldBy('a')[0] ?? '', 10 * second);
    dealer.noteFinished('b', dealer.heldBy('b')[0] ?? '', 10 * second);
    for (const key of dealer.heldBy('a')) dealer.noteFinished('a', key, 20 * second);
    for (const key of dealer.heldBy('b')) dealer.noteBegun('b', key, 20 * second);
    dealer.noteProgress('b', dealer.heldBy('b')[0] ?? '', 0.9, 20 * second);
    dealer.noteFinished('b', dealer.heldBy('b')[0] ?? '', 20 * second);
    dealer.noteProgress('b', dealer.heldBy('b')[0] ?? '', 0.5, 20 * second);
    expect(dealer.next(20 * second)).toEqual([]);
  });

  it('leaves the tasks of a silent machine where they are, and copies them when it is lost', () => {
    const dealer = segments(['a', 'lost'], [1, 1]);
    dealer.endSubmitting();
    dealer.next(0);
    dealer.setState('lost', 'silent', second);
    for (const key of dealer.heldBy('a')) dealer.noteFinished('a', key, second);
    expect(dealer.next(second)).toEqual([]);
    dealer.setState('lost', 'lost', 1.5 * second);
    const [key = ''] = dealer.heldBy('lost');
    expect(dealer.next(1.5 * second)).toEqual([{ type: 'assign', machine: 'a', keys: [key], isCopy: true }]);
    // The copy is lost as well, and there is another machine.
    dealer.setState('a', 'lost', 2 * second);
    dealer.addMachine('b', 1);
    expect(assigned(dealer.next(3 * second))).toEqual([`b ${key}`]);
  });

  it('gives the tasks of a machine that is gone for good to the others', () => {
    const dealer = segments(['a', 'gone'], Array(4).fill(1), false);
    dealer.next(0);
    const held = dealer.heldBy('gone');
    dealer.removeMachine('gone');
    expect(dealer.waitingCount).toBe(held.length);
    expect(dealtTo(dealer.next(0), 'a')).toHaveLength(1);
  });

  it('deals all that is left by speed when nobody stays', () => {
    const dealer = segments(['fast', 'slow'], Array(126).fill(1));
    dealer.next(0);
    for (let at = 1; at <= 4; at++) {
      dealer.noteFinished('fast', dealer.heldBy('fast')[0] ?? '', at * second);
      dealer.next(at * second);
    }
    dealer.noteFinished('slow', dealer.heldBy('slow')[0] ?? '', 4 * second);
    dealer.dealRest(4 * second);
    expect(dealer.waitingCount).toBe(0);
    expect(dealer.heldBy('fast').length / dealer.heldBy('slow').length).toBeGreaterThan(3);
  });

  it('keeps what a machine has from before, and does not deal it again', () => {
    const dealer = segments(['a', 'b'], []);
    for (let at = 0; at < 5; at++) dealer.adopt({ key: `t${at}`, size: 1 }, 'a', 0);
    dealer.add({ key: 't0', size: 1 });
    expect(dealer.next(0)).toEqual([]);
    expect(dealer.heldBy('a')).toHaveLength(5);
  });
});
