import { parseSize, type Size } from '../../core/hints/display-size.ts';
import { fewestControlTokens } from '../../core/tokens/budget.ts';
import { estimatorNamed } from '../../core/tokens/estimator.ts';
import {
  countingEstimator,
  countsBy,
  maxTestsOfShape,
  type ShapeLimit,
  type SizeTest,
  searchLargest,
  shapes,
  usualTestsOfShape,
} from '../../core/tokens/size-limits.ts';
import type { ServerLimits } from '../../core/upsample/server-limits.ts';
import { estimatorOf, type UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import { AppError, messageOf, usageError } from '../../errors/app-error.ts';
import type { ServerProbe } from '../../ports/model-server.ts';
import type { Ports } from '../../ports/ports.ts';
import { textToSend } from './plan-spec.ts';

export interface LimitsRequest {
  /** Of the runs that the limits are for. */
  readonly settings: UpsampleSettings;
  /** Exactly these are tried; null: the largest of each shape is looked for. */
  readonly sizes: readonly Size[] | null;
}

/** What measuring costs, before anything is sent. */
export interface MeasuringCost {
  readonly address: string;
  readonly model: string;
  readonly usualRequests: number;
  readonly maxRequests: number;
  readonly frames: number;
  /** The most that one request may use. */
  readonly contextTokens: number;
  readonly outputReserved: number;
}

interface Hooks {
  confirm(cost: MeasuringCost): Promise<boolean>;
  onTest(size: Size): void;
  onNotice(message: string): void;
}

interface FullTest extends SizeTest {
  readonly reason: string | null;
}

type MeasurePorts = Pick<Ports, 'withServerProbe' | 'serverLimits' | 'textTokens' | 'clock'>;

/** As short as prompts of specs are. */
const prompt = 'A quiet street at dusk';

/**
 * Finds the largest frames that a model server takes, with real requests, and keeps what it found for runs on this host.
 *
 * @throws AppError `engine-rejected` where no size is safe or the server does not count; `usage-invalid` without a yes.
 */
export async function measureLimits(
  request: LimitsRequest,
  ports: MeasurePorts,
  hooks: Hooks,
  signal: AbortSignal,
): Promise<ServerLimits> {
  const { frames, engine } = request.settings;
  assertReachable(request.settings);
  const { max_output_tokens: maxOutputTokens } = engine;
  return await ports.withServerProbe(engine, { prompt, frames, maxOutputTokens }, async (probe) => {
    const run = new Measuring(request, probe, hooks, signal);
    if (!(await hooks.confirm(run.cost()))) throw notConfirmed();
    const textTokens = (await ports.textTokens())(textToSend(request.settings, prompt));
    const limits = await run.measure(textTokens, new Date(ports.clock.now()).toISOString());
    // A few sizes that somebody asked about are not all that is safe.
    if (request.sizes === null) await keep(limits, ports, hooks);
    return limits;
  });
}

/** What was measured is worth showing, also where it cannot be kept. */
async function keep(
  limits: ServerLimits,
  { serverLimits }: Pick<Ports, 'serverLimits'>,
  hooks: Pick<Hooks, 'onNotice'>,
): Promise<void> {
  await serverLimits.put(limits).catch((error: unknown) => {
    hooks.onNotice(`The limits cannot be kept for --max-resolution auto: ${messageOf(error)}`);
  });
}

class Measuring {
  readonly #settings: UpsampleSettings;
  readonly #sizes: readonly Size[] | null;
  readonly #probe: ServerProbe;
  readonly #hooks: Hooks;
  readonly #signal: AbortSignal;
  readonly #tests: FullTest[] = [];
  readonly #limit: number;
  #requests = 0;

  constructor({ settings, sizes }: LimitsRequest, probe: ServerProbe, hooks: Hooks, signal: AbortSignal) {
    this.#settings = settings;
    this.#sizes = sizes;
    this.#probe = probe;
    this.#hooks = hooks;
    this.#signal = signal;
    this.#limit = probe.facts.contextTokens ?? settings.max_tokens;
  }

  cost(): MeasuringCost {
    const { address, model } = this.#probe.facts;
    return {
      address,
      model,
      usualRequests: this.#sizes?.length ?? shapes.length * usualTestsOfShape,
      maxRequests: this.#sizes?.length ?? shapes.length * maxTestsOfShape,
      frames: this.#settings.frames,
      contextTokens: this.#limit,
      outputReserved: this.#settings.engine.max_output_tokens,
    };
  }

  async measure(textTokens: number, measuredAt: string): Promise<ServerLimits> {
    const found: ShapeLimit[] = [];
    for (const size of this.#sizes ?? []) await this.#test(size);
    for (const shape of this.#sizes === null ? shapes : []) {
      const search = searchLargest(shape, this.#tokenRequest(textTokens), this.#tests);
      let next = search.next();
      while (!next.done) next = search.next(await this.#test(next.value));
      found.push(next.value);
      // What takes no picture of one shape takes none of another.
      if (next.value.largest === null) throw nothingSafe(this.#tests, this.#probe);
    }
    return this.#limitsOf(found, textTokens, measuredAt);
  }

  async #test(size: Size): Promise<FullTest> {
    this.#hooks.onTest(size);
    const answer = await this.#probe.ask(size, this.#signal);
    this.#requests += answer.requests;
    const test = { size, ...this.#judge(answer) };
    this.#tests.push(test);
    return test;
  }

  #judge(answer: Awaited<ReturnType<ServerProbe['ask']>>): Omit<FullTest, 'size'> {
    if (answer.refusal !== null) return { promptTokens: null, isSafe: false, reason: answer.refusal };
    const { promptTokens, finishReason } = answer;
    if (promptTokens === null) throw doesNotCount(this.#probe);
    const total = promptTokens + this.#settings.engine.max_output_tokens;
    const reason =
      finishReason !== 'stop'
        ? `The answer ended with finish_reason ${JSON.stringify(finishReason)}, not "stop".`
        : total > this.#limit
          ? `The server accepted it, but with the output it has ${total} tokens, more than ${this.#limit}.`
          : null;
    return { promptTokens, isSafe: reason === null, reason };
  }

  #tokenRequest(textTokens: number) {
    const { frames, engine } = this.#settings;
    const estimator = estimatorOf({
      ...this.#settings,
      server: this.#probe.facts.program ?? this.#settings.server,
    });
    return { estimator, frames, textTokens, outputReserved: engine.max_output_tokens, limit: this.#limit };
  }

  #limitsOf(found: readonly ShapeLimit[], textTokens: number, measuredAt: string): ServerLimits {
    const { frames, host, engine } = this.#settings;
    const { address, model, contextTokens } = this.#probe.facts;
    const configured = this.#tokenRequest(textTokens).estimator;
    const counting = countingEstimator(this.#tests, frames, configured);
    const estimator = counting?.estimator ?? configured;
    const [rest, ...others] = new Set(countsBy(estimator, this.#tests, frames).map((counts) => counts.rest));
    const isConstant = estimatorNamed(estimator).isExact && others.length === 0;
    return {
      version: 1,
      ...{ host, address, model, measured_at: measuredAt, frames },
      output_reserved: engine.max_output_tokens,
      context: { tokens: this.#limit, source: contextTokens === null ? 'settings' : 'server' },
      estimator: counting?.estimator ?? null,
      text_tokens: isConstant && rest !== undefined && rest >= 0 ? rest : null,
      estimated_text_tokens: textTokens + fewestControlTokens,
      requests: this.#requests,
      shapes: found.map(({ shape, largest, isRefusedAbove }) => ({
        ...{ shape, largest, is_refused_above: isRefusedAbove },
      })),
      tests: this.#tests.map(({ size, promptTokens, isSafe, reason }) => ({
        ...size,
        is_safe: isSafe,
        prompt_tokens: promptTokens,
        vision_tokens: estimatorNamed(estimator).visionTokens(size, frames),
        room_tokens: promptTokens === null ? null : this.#limit - engine.max_output_tokens - promptTokens,
        reason,
      })),
      config: this.#configOf(found, counting?.estimator ?? null),
    };
  }

  #configOf(found: readonly ShapeLimit[], estimator: string | null): ServerLimits['config'] {
    const [wide] = found;
    const tested = this.#tests.filter(({ isSafe }) => isSafe).map(({ size }) => size);
    const largest = wide?.largest ?? largestOf(tested);
    if (largest === null) return {};
    return {
      max_tokens: this.#limit,
      safe_resolution: `${largest.width}x${largest.height}`,
      frames_to_extract: this.#settings.frames,
      ...(estimator === null ? {} : { estimator }),
    };
  }
}

function largestOf(sizes: readonly Size[]): Size | null {
  const area = ({ width, height }: Size) => width * height;
  return sizes.reduce<Size | null>(
    (best, size) => (best !== null && area(best) >= area(size) ? best : size),
    null,
  );
}

/** Reads sizes such as `256x144,320x180`. @throws AppError `usage-invalid`. */
export function parseSizes(text: string): Size[] {
  return text.split(',').map((part) => {
    const size = parseSize(part);
    if (size) return size;
    const problem = `--resolutions ${JSON.stringify(part)} is not a size.`;
    throw usageError(problem, 'Sizes are WIDTHxHEIGHT in pixels: --resolutions 256x144,320x180');
  });
}

/** A server that a worker starts is not there to be asked. */
function assertReachable({ engine, host }: UpsampleSettings): void {
  if (engine.base_url !== null) return;
  if (engine.kind !== 'openai')
    throw usageError(
      'The embedded engine has no size limit: only model servers have one.',
      'Give the server: cosmos limits --base-url http://127.0.0.1:8000/v1',
    );
  const tunnel = host === 'local' ? '' : `, forward its port (ssh -L 8000:127.0.0.1:8000 ${host})`;
  throw usageError(
    `The model server of ${host} is started by its worker for each run, so requests cannot be sent to it from here.`,
    `Start the same server there yourself${tunnel}, then run: cosmos limits --host ${host} --base-url http://127.0.0.1:8000/v1`,
  );
}

function notConfirmed(): AppError {
  return usageError(
    'Nothing was sent: you did not confirm.',
    'To send the requests without a question, add --yes',
  );
}

function nothingSafe(tests: readonly FullTest[], { facts }: ServerProbe): AppError {
  const reason = tests.at(-1)?.reason ?? '';
  return new AppError({
    code: 'engine-rejected',
    message: `${facts.model} at ${facts.address} accepts no picture, however small: ${reason}`,
    nextStep:
      'Fix what the message names: fewer --frames, a larger context, or a smaller upsampling.engine.max_output_tokens.',
  });
}

function doesNotCount({ facts }: ServerProbe): AppError {
  return new AppError({
    code: 'engine-rejected',
    message: `${facts.address} does not say how many tokens a prompt had (usage.prompt_tokens), so nothing can be measured.`,
    nextStep: 'Use the server itself, not a gateway that drops usage.',
  });
}
