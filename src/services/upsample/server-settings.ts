import { fewestControlTokens } from '../../core/tokens/budget.ts';
import { estimatorNamed, type ServerProgram } from '../../core/tokens/estimator.ts';
import { type ServerLimits, safeBoxesOf } from '../../core/upsample/server-limits.ts';
import { estimatorOf, type UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import type { UpsampleState } from '../../core/upsample/upsample-state.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { CheckedServer } from '../../ports/model-server.ts';
import type { Ports } from '../../ports/ports.ts';
import { predictedTokensOf } from './report-items.ts';
import { answeringModelOf } from './summarise-upsample.ts';

/** More than any chat template adds: what is beyond it comes from an estimator of another model. */
const mostControlTokens = 400;

/**
 * The settings with what their server says of itself, and with what earlier runs saw of its chat template.
 * A server that cannot be asked is noticed: what it may say is then unknown.
 *
 * @param isToBeRun - A run follows, which says itself what its server refuses.
 */
export async function settingsForServer(
  settings: UpsampleSettings,
  ports: Pick<Ports, 'checkServer' | 'templateTokens' | 'serverLimits'>,
  onNotice: (message: string) => void,
  isToBeRun = false,
): Promise<UpsampleSettings> {
  const { engine } = settings;
  if (engine.kind !== 'openai') return settings;
  const isAsked = settings.host === 'local' && engine.base_url !== null;
  const checked = isAsked
    ? await ports.checkServer(engine).catch((error: unknown) => {
        // The run that follows ends with this very sentence.
        const isRefusal = error instanceof Error && 'code' in error && error.code === 'engine-rejected';
        if (!(isToBeRun && isRefusal)) onNotice(`The plan uses the settings alone. ${messageOf(error)}`);
        return null;
      })
    : null;
  for (const notice of checked ? noticesOf(checked, settings.max_tokens) : []) onNotice(notice);
  const server = checked?.program ?? programOf(engine.command);
  const model = engine.model || (checked?.model ?? '');
  const sized = await withMeasuredSizes(settings, model, checked?.contextTokens ?? null, ports, onNotice);
  const found = server === null ? sized : { ...sized, server };
  const estimator = estimatorOf(found);
  if (!estimatorNamed(estimator).isExact) return found;
  const seen = await ports.templateTokens.get(model, estimator);
  return seen === null ? found : { ...found, control_tokens: seen };
}

/** What `auto` means: the sizes that `limits` has measured for this host and model, where they hold for this run. */
async function withMeasuredSizes(
  settings: UpsampleSettings,
  model: string,
  contextTokens: number | null,
  { serverLimits }: Pick<Ports, 'serverLimits'>,
  onNotice: (message: string) => void,
): Promise<UpsampleSettings> {
  if (settings.max_resolution !== 'auto') return settings;
  const limits = model === '' ? null : await serverLimits.get(settings.host, model);
  const problem = limits === null ? 'none were measured' : whyNotFor(settings, limits, contextTokens);
  if (limits === null || problem !== null) {
    const of = model === '' ? 'the server' : model;
    onNotice(
      `--max-resolution auto uses the estimator ${settings.estimator}: of the limits of ${of} on ${settings.host} ${problem}. Measure them with: cosmos limits`,
    );
    return settings;
  }
  const { estimator } = limits;
  if (estimator !== null && !estimatorNamed(settings.estimator).isExact)
    onNotice(
      `The estimator ${settings.estimator} may allow less than the limits that were measured: set upsampling.estimator = "${estimator}", which counts as ${model} does.`,
    );
  return { ...settings, measured_sizes: safeBoxesOf(limits) };
}

function whyNotFor(
  { frames, engine: { max_output_tokens: reserved } }: UpsampleSettings,
  limits: ServerLimits,
  contextTokens: number | null,
): string | null {
  if (limits.frames < frames)
    return `only those for ${limits.frames} frames were measured, and ${frames} are sent`;
  if (limits.output_reserved < reserved)
    return `only those with ${limits.output_reserved} tokens for the answer were measured, and ${reserved} are reserved`;
  if (contextTokens !== null && contextTokens < limits.context.tokens)
    return `those that were measured are for a context of ${limits.context.tokens} tokens, and it has ${contextTokens} now`;
  return safeBoxesOf(limits).length === 0 ? 'none was found safe' : null;
}

/** What a plan cannot fix, and a run would fail because of. */
function noticesOf(checked: CheckedServer, maxTokens: number): string[] {
  const { address, model, contextTokens, seesImages, waitReason } = checked;
  const notices: string[] = [];
  if (waitReason !== null) notices.push(`The plan uses the settings alone. ${waitReason}`);
  if (contextTokens !== null && contextTokens < maxTokens)
    notices.push(
      `${address} allows ${contextTokens} tokens per prompt, but upsampling.max_tokens is ${maxTokens}: set it to that, or give the server a larger context.`,
    );
  if (seesImages === false)
    notices.push(
      `The model ${model} at ${address} takes no images: a run ends at the first spec with a video.`,
    );
  return notices;
}

/** A command that a worker starts the server with. */
function programOf(command: readonly string[] | undefined): ServerProgram | null {
  const name = command?.[0]
    ?.split(/[\\/]/)
    .at(-1)
    ?.replace(/\.exe$/i, '');
  if (name === 'llama-server') return 'llama.cpp';
  return name === 'vllm' ? 'vllm' : null;
}

/**
 * Keeps, for the next run, the most that a prompt of this one had besides frames and text. Where nothing was counted, or
 * the estimator is of another model, nothing is kept.
 */
export async function rememberControlTokens(
  state: UpsampleState,
  settings: UpsampleSettings,
  { templateTokens }: Pick<Ports, 'templateTokens'>,
): Promise<void> {
  const estimator = estimatorOf(settings);
  if (!estimatorNamed(estimator).isExact) return;
  const { control_tokens: predicted = fewestControlTokens } = settings;
  let most: number | null = null;
  for (const spec of state.specs.values()) {
    const actual = spec.finished?.actual_prompt ?? null;
    if (actual === null || actual === 0) continue;
    const { vision, text } = predictedTokensOf(spec, settings);
    most = Math.max(most ?? 0, actual - vision - text + predicted);
  }
  if (most === null || most > mostControlTokens) return;
  const model = settings.engine.model || answeringModelOf(state);
  await templateTokens.put(model, estimator, Math.max(fewestControlTokens, most));
}
