import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { onAbort } from '../../../async/abort.ts';
import { environmentForChild } from '../../../core/child-environment.ts';
import { LaneError } from '../upscale-engine.ts';
import { AnswerReader, type LaneAnswer, requestHeaderBytes } from './lane-protocol.ts';

interface LaneProcessOptions {
  /** The worker's own program … */
  readonly program: string;
  /** … which is a lane when this is its first argument; by default one that enlarges. */
  readonly argument?: string;
  /** The lane's options, which it gets as JSON. */
  readonly options: object;
  /** Size of a frame that it gives. */
  readonly frameBytes: number;
  log(line: string): void;
}

/** An argument that makes the worker's program a lane; its options follow as JSON. */
export const laneArgument = '--lane';

/** The process of a lane: it may be asked again before it has answered, and answers come in the order of what was asked. */
export class LaneProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #signal: AbortSignal;
  readonly #tail: LineTail;
  readonly #reader: AnswerReader;
  readonly #ended: Promise<void>;
  readonly #stopListening: () => void;
  readonly #greeting = Promise.withResolvers<LaneAnswer>();
  readonly #awaited: PromiseWithResolvers<LaneAnswer>[] = [this.#greeting];
  #failure: LaneError | null = null;
  /** Before what it does now. */
  #oomKills = countOomKills();

  constructor(
    { program, argument = laneArgument, options, frameBytes, log }: LaneProcessOptions,
    signal: AbortSignal,
  ) {
    const lane = [program, argument, JSON.stringify(options)];
    this.#signal = signal;
    this.#tail = new LineTail(log);
    this.#greeting.promise.catch(() => undefined);
    this.#child = spawn(process.execPath, lane, {
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      env: environmentForChild(process.env),
    });
    this.#reader = new AnswerReader(frameBytes, (answer) => this.#settle(answer));
    this.#child.stdout.on('data', (chunk: Uint8Array) => {
      try {
        this.#reader.push(chunk);
      } catch (error) {
        this.#giveUp(new LaneError('failed', `The lane's answer makes no sense: ${String(error)}.`, error));
      }
    });
    // A write to a process that is gone shows by its end.
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr])
      stream.on('error', () => undefined);
    this.#child.stderr.on('data', (chunk: Uint8Array) => this.#tail.push(chunk));
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code, killer) => resolve(this.#end(killer ?? `exit code ${code}`, killer)));
      this.#child.once('error', (error) => resolve(this.#end(error.message, null)));
    });
    this.#stopListening = onAbort(signal, () => this.#kill());
  }

  /**
   * What it says first: facts, or a failure.
   *
   * @param timeoutMs - After so long it is ended.
   * @throws LaneError `died` or `out-of-memory`; the signal's reason when that aborts.
   */
  async greeting(timeoutMs: number): Promise<LaneAnswer> {
    const timer = setTimeout(
      () => this.#giveUp(new LaneError('died', `The lane was not ready after ${timeoutMs / 1000} s.`)),
      timeoutMs,
    );
    try {
      return await this.#answerTo(this.#greeting);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Gives it frames, and gives its answer.
   *
   * @param frameBytes - Size of a frame that it gives, where that is not always the same.
   * @throws LaneError `died` or `out-of-memory`; the signal's reason when that aborts.
   */
  async ask(frames: readonly Uint8Array[], frameBytes?: number): Promise<LaneAnswer> {
    this.#signal.throwIfAborted();
    if (this.#failure) throw this.#failure;
    const isOther = frameBytes !== undefined && frameBytes !== this.#reader.frameBytes;
    if (isOther && this.#awaited.length > 0)
      throw new LaneError('failed', 'A lane was asked for frames of several sizes at once.');
    const awaited = Promise.withResolvers<LaneAnswer>();
    this.#awaited.push(awaited);
    if (frameBytes !== undefined) this.#reader.frameBytes = frameBytes;
    this.#oomKills = countOomKills();
    const { stdin } = this.#child;
    const header = Buffer.alloc(requestHeaderBytes);
    header.writeUInt32LE(frames.length);
    stdin.cork();
    for (const part of [header, ...frames]) stdin.write(part);
    stdin.uncork();
    return await this.#answerTo(awaited);
  }

  /** Ends it at once, and resolves when it is gone. Safe to call twice. */
  async close(): Promise<void> {
    this.#kill();
    await this.#ended;
  }

  async #answerTo(awaited: PromiseWithResolvers<LaneAnswer>): Promise<LaneAnswer> {
    try {
      return await awaited.promise;
    } catch (error) {
      this.#signal.throwIfAborted();
      throw error;
    }
  }

  #kill(): void {
    this.#child.kill('SIGKILL');
  }

  #settle(answer: LaneAnswer): void {
    const awaited = this.#awaited.shift();
    if (awaited) awaited.resolve(answer);
    else this.#giveUp(new LaneError('failed', 'The lane answered without being asked.'));
  }

  #giveUp(failure: LaneError): void {
    this.#failure ??= failure;
    this.#kill();
  }

  #end(how: string, killer: NodeJS.Signals | null): void {
    this.#stopListening();
    const said = this.#tail.end();
    const isOutOfMemory = killer === 'SIGKILL' && countOomKills() > this.#oomKills;
    const reason = isOutOfMemory ? 'out-of-memory' : 'died';
    this.#failure ??= new LaneError(reason, `The lane has ended (${how})${said && `: ${said}`}.`);
    for (const awaited of this.#awaited.splice(0)) awaited.reject(this.#failure);
  }
}

const keptLines = 4;
const maxLineLength = 500;

/** Hands on the lines that a program writes, cut to a bearable length, and keeps the last few. */
export class LineTail {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #begun = '';
  #last: string[] = [];

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#begun + this.#decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    this.#begun = lines.pop()?.slice(0, maxLineLength) ?? '';
    for (const line of lines) this.#add(line);
  }

  /** Nothing comes any more. @returns the last lines, in one. */
  end(): string {
    this.#add(this.#begun);
    this.#begun = '';
    return this.#last.join(' ');
  }

  #add(text: string): void {
    const line = text.trim().slice(0, maxLineLength);
    if (line === '') return;
    this.#last = [...this.#last, line].slice(-keptLines);
    this.#onLine(line);
  }
}

/** How many processes the system has ended for want of memory since it was started; 0 where it does not say. */
function countOomKills(): number {
  try {
    return oomKillsIn(readFileSync('/proc/vmstat', 'utf8'));
  } catch {
    return 0;
  }
}

/** @param vmstat - What `/proc/vmstat` says. */
export function oomKillsIn(vmstat: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(vmstat)?.[1] ?? 0);
}
