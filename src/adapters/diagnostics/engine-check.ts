import type { Settings } from '../../core/settings/settings-schema.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { CheckedServer } from '../../ports/model-server.ts';
import { type Check, type Finding, failed, ok, warning } from './run-checks.ts';

interface EngineCheckOptions {
  /** The host of the workers. Those of another machine reach a server, or serve the model, from there. */
  readonly host: string;
  /** What the workers of another machine have. */
  readonly network?: 'none' | 'host' | undefined;
  /** Asks the configured server as a run does. What it throws has the sentence that a run would end with. */
  readonly checkServer: () => Promise<CheckedServer>;
}

/** Whether the configured engine can be used: for a server, whether it answers, has the model and the context. */
export function engineCheck({ upsampling }: Settings, options: EngineCheckOptions): Check {
  const { engine, max_tokens: maxTokens } = upsampling;
  return {
    name: 'engine',
    run: async () => {
      if (engine.kind === 'describe') return ok('describe (embedded, no model)');
      if (options.host !== 'local') return judgeOnHost(engine, options.host, options.network ?? 'host');
      if (engine.base_url !== '') return await judgeServer(options.checkServer, maxTokens);
      return engine.command.length > 0
        ? ok(`${engine.command[0]}, which the worker starts`)
        : failed('no base_url', 'Pass --base-url URL.');
    },
  };
}

/** Nothing of it can be tried from this machine. */
function judgeOnHost(
  { base_url: baseUrl, model, command }: Settings['upsampling']['engine'],
  host: string,
  network: 'none' | 'host',
): Finding {
  if (baseUrl !== '' && network === 'none')
    return failed(
      `the workers of ${host} have no network, so they cannot ask ${withoutPassword(baseUrl)}`,
      `Set network = "host" under [hosts.${host}], or leave out base_url.`,
    );
  if (baseUrl !== '') return ok(`${withoutPassword(baseUrl)}, as the workers of ${host} reach it`);
  const program = command[0] ?? 'vllm';
  if (model === '' && command.length === 0)
    return failed('no model to serve', 'Set upsampling.engine.model, or pass --model.');
  const served = model === '' ? '' : `, model ${model}`;
  return ok(`${program} in the containers of ${host}${served}`);
}

function withoutPassword(url: string): string {
  return url.replace(/^(https?:\/\/)[^/@]*@/, '$1');
}

async function judgeServer(checkServer: () => Promise<CheckedServer>, maxTokens: number): Promise<Finding> {
  let server: CheckedServer;
  try {
    server = await checkServer();
  } catch (error) {
    return failed(messageOf(error), 'Start the server, or correct what the message names.');
  }
  const { address, model, contextTokens, waitReason, seesImages, imageAnswer } = server;
  if (waitReason !== null)
    return warning(waitReason, 'A run waits for it, for up to retry.max_outage_s seconds.');
  if (seesImages === false)
    return failed(
      imageAnswer ?? `the model ${model} at ${address} takes no images`,
      'Serve a model that does, with its projector where the server wants one (llama.cpp: --mmproj).',
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
