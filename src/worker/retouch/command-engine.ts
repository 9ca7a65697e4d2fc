import { once } from 'node:events';
import { onAbort } from '../../async/abort.ts';
import { armDeadline, settlesWithin } from '../../async/deadline.ts';
import { Mutex } from '../../async/limits.ts';
import { RgbConverter, type RgbTop } from '../../core/frames/rgb-frames.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { RetoucherSpec } from '../../protocol/retouch.ts';
import { ProgramOutput, secretsIn } from '../program/program-output.ts';
import { ProgramProcess } from '../program/program-process.ts';
import { EngineError } from '../tasks/engine-error.ts';
import type { CropEngine, CropFrame, CropRun } from './crop-engine.ts';

interface CommandEngineOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How long a program that has work may neither read nor write anything. */
  readonly stallTimeoutMs?: number;
  log(line: string): void;
}

const usualStallTimeoutMs = 30 * 60_000;
const stopGraceMs = 2_000;

/**
 * A person's program, started once for each run of crops: it reads RGB and masks from stdin and writes RGB to stdout. See
 * `docs/retouch.md`.
 */
export class CommandEngine implements CropEngine {
  readonly radiusFrames: number;
  /** It may want to have seen everything before it answers. */
  readonly lookaheadFrames = Number.MAX_SAFE_INTEGER;
  readonly #spec: RetoucherSpec;
  readonly #options: CommandEngineOptions;
  readonly #turn = new Mutex();

  constructor(spec: RetoucherSpec, options: CommandEngineOptions) {
    this.radiusFrames = spec.context_frames;
    this.#spec = spec;
    this.#options = options;
  }

  reachPx(): number {
    return this.#spec.margin_px;
  }

  /** Whether its program is there shows with the first crop. */
  async start(): Promise<void> {}

  async stop(): Promise<void> {
    // Each run ends its own.
  }

  async *process(
    run: CropRun,
    crops: AsyncIterable<CropFrame>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const leave = await this.#enter(signal);
    try {
      yield* this.#call(run, crops, signal);
    } finally {
      leave();
    }
  }

  /** Waits until no other run is under way: programs with a model take all of a GPU. @returns what lets the next one in. */
  async #enter(signal: AbortSignal): Promise<() => void> {
    const [entered, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const turn = this.#turn.run(async () => {
      entered.resolve();
      await left.promise;
    }, signal);
    turn.catch(entered.reject);
    await entered.promise;
    return left.resolve;
  }

  async *#call(
    run: CropRun,
    crops: AsyncIterable<CropFrame>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const { environment, log, stallTimeoutMs = usualStallTimeoutMs } = this.#options;
    signal.throwIfAborted();
    let call: ProgramCall | null = null;
    const output = new ProgramOutput({ add: log }, secretsIn(environment), () => call?.noteActivity());
    const program = await this.#launch(run, output);
    call = new ProgramCall(program, { run, top: topOf(this.#spec), stallTimeoutMs });
    const stopListening = onAbort(signal, () => program.kill());
    try {
      yield* call.answers(crops);
      const how = await call.ending();
      if (how !== 'exit code 0') throw new Error(`it ended with ${how}`);
    } catch (error) {
      // What it ends with says more than that it was ended.
      await settlesWithin(stopGraceMs, program.ended);
      program.kill();
      const how = await program.ended;
      signal.throwIfAborted();
      if (error instanceof EngineError) throw error;
      throw this.#failure(error, how, output.tail());
    } finally {
      call.close();
      stopListening();
      program.kill();
      await program.ended;
    }
  }

  async #launch({ format, frames }: CropRun, output: ProgramOutput): Promise<ProgramProcess> {
    const { command, command_folder: folder, command_format: pixelFormat } = this.#spec;
    const values: Readonly<Record<string, string | number>> = {
      ...{ width: format.width, height: format.height, frames, format: pixelFormat },
    };
    const words = command.map((word) =>
      word.replaceAll(/\{(width|height|frames|format)\}/g, (_, name: string) => String(values[name])),
    );
    try {
      return await ProgramProcess.start({
        ...{ command: words, environment: this.#options.environment, output, stopGraceMs },
        ...{ isPiped: true, folder },
      });
    } catch (error) {
      const message = `The program of --command cannot be started: ${messageOf(error)}. It has to be where the worker runs.`;
      throw new EngineError({ code: 'engine-failed', class: 'fatal', message, cause: error });
    }
  }

  #failure(error: unknown, how: string, tail: string): EngineError {
    const said = tail === '' ? '' : ` Its last lines: ${tail}`;
    const why = messageOf(error);
    const end = why.includes(how) ? '' : ` (${how})`;
    const message = `The program ${this.#spec.command[0]} of --command failed: ${why}${end}.${said}`;
    return new EngineError({ code: 'engine-crashed', class: 'transient', message, cause: error });
  }
}

function topOf({ command_format: format }: RetoucherSpec): RgbTop {
  return format === 'rgb24' ? 255 : 65_535;
}

interface ProgramCallOptions {
  readonly run: CropRun;
  readonly top: RgbTop;
  readonly stallTimeoutMs: number;
}

/** One start of the program: crops are written as fast as it reads them, while its answers are read. */
class ProgramCall {
  readonly #program: ProgramProcess;
  readonly #run: CropRun;
  readonly #converter: RgbConverter;
  readonly #answerBytes: number;
  readonly #result: AsyncIterator<Buffer>;
  readonly #deadline: ReturnType<typeof armDeadline>;
  /** Crops that only come back as they came; null where the answer counts. */
  readonly #unwanted: (Uint8Array | null)[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #waitsForCrops = false;
  #waitsForReader = false;
  #failure: Error | null = null;

  constructor(program: ProgramProcess, { run, top, stallTimeoutMs }: ProgramCallOptions) {
    const { width, height } = run.format;
    this.#program = program;
    this.#run = run;
    this.#converter = new RgbConverter(run.format, run.color, top);
    this.#answerBytes = 3 * width * height * (top === 255 ? 1 : 2);
    this.#result = program.pipes.result[Symbol.asyncIterator]();
    this.#deadline = armDeadline(
      stallTimeoutMs,
      () => this.#waitsForCrops || this.#waitsForReader,
      () => this.#giveUp(new Error(`it did nothing for ${stallTimeoutMs / 1000} s`)),
    );
  }

  /** An answer for each crop. @throws Error that says what was wrong with them. */
  async *answers(crops: AsyncIterable<CropFrame>): AsyncGenerator<Uint8Array> {
    const giving = this.#give(crops).catch((error: unknown) => this.#giveUp(error));
    for (let count = 0; count < this.#run.frames; count++) {
      const answer = await this.#next();
      if (answer === null) throw this.#failure ?? this.#tooFew(count);
      this.#waitsForReader = true;
      yield this.#unwanted.shift() ?? this.#converter.fromRgb(answer);
      this.#waitsForReader = false;
    }
    await giving;
    if (this.#failure) throw this.#failure;
  }

  /** Waits for its end, when all answers were read. @throws Error when it says more than it was asked. */
  async ending(): Promise<string> {
    const more = await this.#result.next();
    if (this.#failure) throw this.#failure;
    if (this.#rest.length > 0 || !more.done)
      throw new Error(`it wrote more than ${this.#run.frames} frames of ${this.#answerBytes} bytes`);
    const how = await this.#program.ended;
    if (this.#failure) throw this.#failure;
    return how;
  }

  /** It has said something. */
  noteActivity(): void {
    this.#deadline.restart();
  }

  close(): void {
    this.#deadline.disarm();
  }

  async #give(crops: AsyncIterable<CropFrame>): Promise<void> {
    const { width, height } = this.#run.format;
    const nothing = new Uint8Array(width * height);
    const { input } = this.#program.pipes;
    this.#waitsForCrops = true;
    for await (const { samples, mask, isWanted } of crops) {
      this.#waitsForCrops = false;
      this.#unwanted.push(isWanted ? null : samples);
      const rgb = this.#converter.toRgb(samples);
      await this.#write(new Uint8Array(rgb.buffer, rgb.byteOffset, rgb.byteLength));
      await this.#write(mask ?? nothing);
      this.#waitsForCrops = true;
    }
    input.end();
    this.#waitsForCrops = false;
  }

  /** A program that closes its stdin may still answer; why one has ended shows by how it ended. */
  async #write(bytes: Uint8Array): Promise<void> {
    const { input } = this.#program.pipes;
    if (!input.writable) return;
    if (!input.write(bytes)) {
      const drained = once(input, 'drain').catch(() => undefined);
      await Promise.race([drained, this.#program.ended]);
    }
    this.#deadline.restart();
  }

  /** Null at the end of what it wrote. */
  async #next(): Promise<Uint8Array | Uint16Array | null> {
    const parts = [this.#rest];
    let size = this.#rest.length;
    while (size < this.#answerBytes) {
      const next = await this.#result.next();
      if (next.done) return null;
      this.#deadline.restart();
      parts.push(next.value);
      size += next.value.length;
    }
    // Memory of its own, so that samples of two bytes lie as they have to.
    const all = parts.length === 1 ? this.#rest : Buffer.concat(parts);
    this.#rest = all.subarray(this.#answerBytes);
    const bytes = Uint8Array.from(all.subarray(0, this.#answerBytes));
    const { width, height } = this.#run.format;
    return bytes.length === 3 * width * height ? bytes : new Uint16Array(bytes.buffer);
  }

  #giveUp(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(messageOf(error));
    this.#program.kill();
  }

  #tooFew(count: number): Error {
    return new Error(`it wrote ${count} of ${this.#run.frames} frames`);
  }
}
