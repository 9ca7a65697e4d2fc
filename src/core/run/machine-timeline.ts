import { z } from 'zod';
import { type Journaled, type MachineEvent, type MachineState, machineStates } from './run-status.ts';

const count = z.int().min(0);

/** What one machine did in a run on several machines. Times are milliseconds since the run first gave a task away. */
export const machineReportSchema = z.object({
  machine: z.string(),
  state: z.enum(machineStates),
  /** Why it is in that state. */
  message: z.string().nullable(),
  /** Tasks whose result counted. */
  tasks: count,
  /** Frames of those; 0 where tasks are no segments. */
  frames: count,
  /** Copies of other machines' tasks that it was given. */
  copies: count,
  /** Tasks that it was given and that another machine answered, or that were taken back. */
  lost: count,
  /** It had at least one task. */
  busy_ms: count,
  /** It had none, from its first task until the last answer of the run. */
  idle_ms: count,
  /** Its tasks in order; null where there are too many to list. */
  spans: z
    .array(
      z.object({
        /** As people know it: `segment 3`, `a/b.json`. */
        task: z.string(),
        from_ms: count,
        to_ms: count,
        outcome: z.enum(['counted', 'lost', 'open']),
        is_copy: z.boolean(),
      }),
    )
    .nullable(),
});

export type MachineReport = z.infer<typeof machineReportSchema>;
type Span = Omit<NonNullable<MachineReport['spans']>[number], 'task'> & { readonly key: string };

/** Spans that a report lists, of all machines together. */
const maxSpans = 4_000;

/** The state of a machine while the run works. */
export interface MachineStanding {
  readonly machine: string;
  readonly state: MachineState;
  readonly message: string | null;
  readonly tasks: number;
  readonly underWay: number;
  /** Null before its first answer with frames. */
  readonly framesPerSecond: number | null;
}

interface Machine {
  state: MachineState;
  message: string | null;
  tasks: number;
  frames: number;
  copies: number;
  lost: number;
  underWay: number;
  firstMs: number | null;
  lastAnswerMs: number;
  readonly spans: Span[];
}

interface OpenSpan {
  readonly fromMs: number;
  readonly isCopy: boolean;
}

type TimedEvent = Journaled<{ readonly type: string }>;

/**
 * Folds the events of a run on several machines: who did which task when. Memory grows with the tasks under way, and with all
 * tasks only where their spans are kept for a report.
 */
export class MachineTimeline {
  readonly #keepsSpans: boolean;
  readonly #machines = new Map<string, Machine>();
  /** By task, then by machine. */
  readonly #open = new Map<string, Map<string, OpenSpan>>();
  /** Who answered the tasks whose outcome is recorded next. */
  readonly #answeredBy = new Map<string, string>();
  /** What people call tasks, by key. */
  readonly #names = new Map<string, string>();
  #originMs: number | null = null;
  #endMs = 0;

  constructor({ keepsSpans }: { readonly keepsSpans: boolean }) {
    this.#keepsSpans = keepsSpans;
  }

  get size(): number {
    return this.#machines.size;
  }

  apply(event: TimedEvent): void {
    if (isMachineEvent(event)) {
      const atMs = Date.parse(event.time);
      if (event.type === 'machine-changed') this.#change(event, atMs);
      else if (event.type === 'task-assigned') this.#assign(event, atMs);
      else this.#answer(event, atMs);
    } else if (isOfTask(event)) {
      this.#credit(event);
      const name = this.#keepsSpans ? nameIn(event) : null;
      if (name !== null) this.#names.set(event.task_key, name);
    }
  }

  /** In the order in which they joined. */
  standings(): MachineStanding[] {
    return [...this.#machines].map(([machine, { state, message, tasks, underWay, ...facts }]) => {
      const seconds = (facts.lastAnswerMs - (facts.firstMs ?? 0)) / 1000;
      const framesPerSecond = facts.frames > 0 && seconds > 0 ? facts.frames / seconds : null;
      return { machine, state, message, tasks, underWay, framesPerSecond };
    });
  }

  /** Null for a run on one machine. */
  report(): MachineReport[] | null {
    if (this.#machines.size === 0) return null;
    const spans = [...this.#machines.keys()].map((machine) => this.#spansOf(machine));
    const isListed = spans.reduce((sum, { length }) => sum + length, 0) <= maxSpans;
    return [...this.#machines].map(([machine, facts], at) => {
      const own = spans[at] ?? [];
      const busyMs = unionMs(own);
      const presentMs = facts.firstMs === null ? 0 : Math.max(0, this.#endMs - facts.firstMs);
      const { state, message, tasks, frames, copies, lost } = facts;
      return {
        ...{ machine, state, message, tasks, frames, copies, lost },
        ...{ busy_ms: busyMs, idle_ms: Math.max(0, presentMs - busyMs) },
        spans: isListed
          ? own.map(({ key, ...span }) => ({ task: this.#names.get(key) ?? key.slice(0, 12), ...span }))
          : null,
      };
    });
  }

  #spansOf(machine: string): Span[] {
    const origin = this.#originMs ?? 0;
    const open = [...this.#open].flatMap(([key, holders]) => {
      const span = holders.get(machine);
      if (!span) return [];
      const toMs = Math.max(this.#endMs, span.fromMs) - origin;
      return [spanOf(key, span, toMs, 'open', origin)];
    });
    const spans = [...(this.#machines.get(machine)?.spans ?? []), ...open];
    return spans.sort((one, other) => one.from_ms - other.from_ms);
  }

  #change({ machine, state, message }: MachineEventOf<'machine-changed'>, atMs: number): void {
    const facts = this.#machine(machine);
    facts.state = state;
    facts.message = message;
    if (state !== 'refused' && state !== 'ended') return;
    for (const key of this.#open.keys()) this.#close(key, machine, atMs, 'lost');
  }

  #assign({ task_key: key, machine, is_copy: isCopy }: MachineEventOf<'task-assigned'>, atMs: number): void {
    this.#originMs ??= atMs;
    this.#endMs = Math.max(this.#endMs, atMs);
    const facts = this.#machine(machine);
    facts.firstMs ??= atMs;
    const holders = this.#open.get(key) ?? new Map<string, OpenSpan>();
    if (!isCopy)
      for (const holder of [...holders.keys()])
        if (holder !== machine) this.#close(key, holder, atMs, 'lost');
    if (holders.has(machine)) return;
    if (isCopy) facts.copies += 1;
    facts.underWay += 1;
    this.#open.set(key, holders.set(machine, { fromMs: atMs, isCopy }));
  }

  #answer({ task_key: key, machine }: MachineEventOf<'task-answered'>, atMs: number): void {
    this.#originMs ??= atMs;
    this.#endMs = Math.max(this.#endMs, atMs);
    const facts = this.#machine(machine);
    facts.tasks += 1;
    facts.lastAnswerMs = atMs;
    this.#answeredBy.set(key, machine);
    for (const holder of [...(this.#open.get(key)?.keys() ?? [])])
      this.#close(key, holder, atMs, holder === machine ? 'counted' : 'lost');
  }

  /** The outcome of a task says how many frames it had. */
  #credit(event: TaskEvent): void {
    const machine = this.#answeredBy.get(event.task_key);
    if (machine === undefined) return;
    this.#answeredBy.delete(event.task_key);
    if (event.type === 'segment-finished' && 'frames' in event && typeof event.frames === 'number')
      this.#machine(machine).frames += event.frames;
  }

  #close(key: string, machine: string, atMs: number, outcome: Span['outcome']): void {
    const holders = this.#open.get(key);
    const span = holders?.get(machine);
    if (!holders || !span) return;
    holders.delete(machine);
    if (holders.size === 0) this.#open.delete(key);
    const facts = this.#machine(machine);
    facts.underWay -= 1;
    if (outcome === 'lost') facts.lost += 1;
    const origin = this.#originMs ?? 0;
    if (this.#keepsSpans) facts.spans.push(spanOf(key, span, atMs - origin, outcome, origin));
  }

  #machine(name: string): Machine {
    const found = this.#machines.get(name);
    if (found) return found;
    const machine: Machine = {
      ...{ state: 'working', message: null, tasks: 0, frames: 0, copies: 0, lost: 0, underWay: 0 },
      ...{ firstMs: null, lastAnswerMs: 0, spans: [] },
    };
    this.#machines.set(name, machine);
    return machine;
  }
}

/** The machines of a run, from all its events; null for a run on one machine. */
export function machinesOf(events: Iterable<TimedEvent>): MachineReport[] | null {
  const timeline = new MachineTimeline({ keepsSpans: true });
  for (const event of events) timeline.apply(event);
  return timeline.report();
}

type MachineEventOf<Type extends MachineEvent['type']> = Extract<Journaled<MachineEvent>, { type: Type }>;

const machineEventTypes: ReadonlySet<string> = new Set<MachineEvent['type']>([
  'task-assigned',
  'task-answered',
  'machine-changed',
]);

function isMachineEvent(event: TimedEvent): event is Journaled<MachineEvent> {
  return machineEventTypes.has(event.type);
}

type TaskEvent = TimedEvent & { readonly task_key: string };

function isOfTask(event: TimedEvent): event is TaskEvent {
  return 'task_key' in event && typeof event.task_key === 'string';
}

/** Events of every kind of run say which of its things they are about. */
function nameIn(event: TaskEvent): string | null {
  if ('segment_id' in event) return `segment ${event.segment_id}`;
  if ('video' in event && typeof event.video === 'string') return event.video;
  return 'spec' in event && typeof event.spec === 'string' ? event.spec : null;
}

function spanOf(
  key: string,
  { fromMs, isCopy }: OpenSpan,
  toMs: number,
  outcome: Span['outcome'],
  originMs: number,
): Span {
  return { key, from_ms: fromMs - originMs, to_ms: toMs, outcome, is_copy: isCopy };
}

/** Milliseconds in which at least one span was open. @param spans - In the order of their beginnings. */
function unionMs(spans: readonly Span[]): number {
  let sum = 0;
  let endMs = 0;
  for (const { from_ms: from, to_ms: to } of spans) {
    sum += Math.max(0, to - Math.max(from, endMs));
    endMs = Math.max(endMs, to);
  }
  return sum;
}
