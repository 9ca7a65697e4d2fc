import { localHostName } from '../../core/settings/host-named.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { assertServerIsNamed, upsampleSettingsFrom } from '../../core/upsample/upsample-settings.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { CheckedServer } from '../../ports/model-server.ts';
import { type Check, type Finding, failed, ok, warning } from './run-checks.ts';

interface EngineCheckOptions {
  /** The host of the workers. Those of another machine reach a server, or serve the model, from there. */
  readonly host: string;
  /** Asks the configured server as a run does. What it throws has the sentence that a run would end with. */
  readonly checkServer: () => Promise<CheckedServer>;
}

/** Whether the configured engine can be used: for a server, whether it answers, has the model and the context. */
export function engineCheck(settings: Settings, options: EngineCheckOptions): Check {
  const { engine, max_tokens: maxTokens } = settings.upsampling;
  return {
    name: 'engine',
    run: async () => {
      if (engine.kind === 'describe') return ok('describe (embedded, no model)');
      // What this throws, a run would end with.
      assertServerIsNamed(upsampleSettingsFrom(settings, { ...plainRun, host: options.host }));
      if (options.host !== localHostName) return judgeOnHost(engine, options.host);
      if (engine.base_url !== '') return await judgeServer(options.checkServer, maxTokens);
      return ok(`${engine.command[0]}, which the worker starts`);
    },
  };
}

const plainRun = { outputDir: '', workers: null, writeBack: false, force: false, allowTextOnly: false };

/** Nothing of it can be tried from this machine. */
function judgeOnHost(
  { base_url: baseUrl, model, command }: Settings['upsampling']['engine'],
  host: string,
): Finding {
  if (baseUrl !== '') return ok(`${withoutPassword(baseUrl)}, as the workers of ${host} reach it`);
  const served = model === '' ? '' : `, model ${model}`;
  return ok(`${command[0] ?? 'vllm'} in the containers of ${host}${served}`);
}

function withoutPassword(url: string): string {
  return url.replace(/^(https?:\/\/)[^/@]*@/, '$1');
}

const serverFix = 'Start the server, or correct what the message names.';
const keyFix =
  'Set api_key_env under [upsampling.engine] to the name of the environment variable that holds the key, and export that variable.';

async function judgeServer(checkServer: () => Promise<CheckedServer>, maxTokens: number): Promise<Finding> {
  let server: CheckedServer;
  try {
    server = await checkServer();
  } catch (error) {
    const message = messageOf(error);
    return failed(message, message.includes('API key') ? keyFix : serverFix);
  }
  const { address, model, contextTokens, waitReason, seesImages, imageAnswer } = server;
  if (waitReason !== null)
    return warning(waitReason, 'A run waits for it, for up to retry.max_outage_s seconds.');
  if (seesImages === false)
    return failed(
      imageAnswer ?? `the model ${model} at ${address} takes no images`,
      'Serve a model that does, with its projector where the server wants one (llama.cpp: --mmproj).',
    );
  const isVersioned = /\/v\d/.test(address);
  if (!server.isListingModels && !isVersioned && imageAnswer === null)
    return failed(
      `${address} does not list its models, and its address has no /v1`,
      `Set base_url = "${address.replace(/\/$/, '')}/v1", or see with --deep whether it answers as it is.`,
    );
  if (!server.isListingModels)
    return warning(`${address} does not list its models`, 'A base_url usually ends in /v1.');
  if (contextTokens !== null && contextTokens < maxTokens)
    return warning(
      `${address} allows ${contextTokens} tokens per prompt, but upsampling.max_tokens is ${maxTokens}`,
      `Set upsampling.max_tokens = ${contextTokens}, or give the server a larger context.`,
    );
  if (imageAnswer !== null && seesImages === null)
    return warning(imageAnswer, 'Check a few prompts of a small run before you trust them.');
  const images =
    seesImages === true ? (imageAnswer ?? 'takes images') : 'images not tested (--deep tests them)';
  return ok(`${address}, model ${model}; ${images}`);
}
