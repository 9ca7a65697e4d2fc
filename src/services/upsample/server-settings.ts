import { fewestControlTokens } from '../../core/tokens/budget.ts';
import { estimatorNamed, type ServerProgram } from '../../core/tokens/estimator.ts';
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
 */
export async function settingsForServer(
  settings: UpsampleSettings,
  ports: Pick<Ports, 'checkServer' | 'templateTokens'>,
  onNotice: (message: string) => void,
): Promise<UpsampleSettings> {
  const { engine } = settings;
  if (engine.kind !== 'openai') return settings;
  const isAsked = settings.host === 'local' && engine.base_url !== null;
  const checked = isAsked
    ? await ports.checkServer(engine).catch((error: unknown) => {
        onNotice(`The plan goes by the settings alone. ${messageOf(error)}`);
        return null;
      })
    : null;
  for (const notice of checked ? noticesOf(checked, settings.max_tokens) : []) onNotice(notice);
  const server = checked?.program ?? programOf(engine.command);
  const found = server === null ? settings : { ...settings, server };
  const estimator = estimatorOf(found);
  if (!estimatorNamed(estimator).isExact) return found;
  const seen = await ports.templateTokens.get(engine.model || (checked?.model ?? ''), estimator);
  return seen === null ? found : { ...found, control_tokens: seen };
}

/** What a plan cannot mend, and a run would fail of. */
function noticesOf(checked: CheckedServer, maxTokens: number): string[] {
  const { address, model, contextTokens, seesImages, waitReason } = checked;
  const notices: string[] = [];
  if (waitReason !== null) notices.push(`The plan goes by the settings alone. ${waitReason}`);
  if (contextTokens !== null && contextTokens < maxTokens)
    notices.push(
      `${address} gives one prompt ${contextTokens} tokens, and upsampling.max_tokens is ${maxTokens}: set it to that, or give the server a larger context.`,
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
