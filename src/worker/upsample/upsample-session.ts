import type { EngineSpec, WorkTask } from '../../protocol/manifest.ts';
import type { Engine } from '../engines/engine.ts';
import { type TaskOutcome, WorkSession } from '../tasks/work-session.ts';
import { Admission } from './admission.ts';
import { runTask, type TaskTools } from './run-task.ts';

/** An engine that enriches prompts, in use. */
export class EngineSession extends WorkSession {
  readonly spec: EngineSpec;
  readonly engine: Engine;
  readonly admission: Admission;
  readonly #tools: TaskTools;

  constructor(spec: EngineSpec, engine: Engine, tools: TaskTools) {
    super();
    this.spec = spec;
    this.engine = engine;
    this.#tools = tools;
    this.admission = new Admission(spec, tools.clock, tools.random01);
  }

  /**
   * How many tasks may be under way: one per slot, and where the engine can read frames ahead as many again, so
   * that reading and publishing never leave a slot empty.
   */
  get taskLimit(): number {
    return this.engine.prepare ? 2 * this.spec.concurrency : this.spec.concurrency;
  }

  get trouble(): string | null {
    return this.engine.trouble ?? this.admission.gate.trouble;
  }

  get isRestarting(): boolean {
    return this.engine.trouble != null;
  }

  get isReleasedWhenIdle(): boolean {
    return this.engine.isReleasedWhenIdle ?? false;
  }

  async start(): Promise<void> {
    await this.engine.start(this.stopSignal);
  }

  async run(task: WorkTask): Promise<TaskOutcome> {
    if ('clip' in task)
      throw new TypeError(`${task.task_key} is a segment, and this engine enriches prompts`);
    return await runTask(task, this, this.#tools);
  }

  override tryAgain(): void {
    this.admission.gate.reset();
  }

  async close(): Promise<void> {
    await this.engine.stop();
  }
}
