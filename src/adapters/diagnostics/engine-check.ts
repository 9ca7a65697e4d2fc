import { z } from 'zod';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { messageOf } from '../../errors/app-error.ts';
import { type Check, type Finding, failed, ok, warning } from './run-checks.ts';

/** The server's answer about its models; entries without a name are left out. */
const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() }).nullable().catch(null)) });

/** How long a server may take to name its models, in milliseconds. */
const answerTimeoutMs = 5_000;

/**
 * Whether the configured engine can be used: for a server, whether it answers and has the model.
 *
 * @param host - The host of the workers. Those of another machine reach a server, or serve the model, from there.
 * @param network - What the workers of another machine have.
 */
export function engineCheck(
  engine: Settings['upsampling']['engine'],
  env: NodeJS.ProcessEnv,
  host = 'local',
  network: 'none' | 'host' = 'host',
): Check {
  return {
    name: 'engine',
    run: async () => {
      if (engine.kind === 'describe') return ok('describe (embedded, no model)');
      if (host !== 'local') return judgeOnHost(engine, host, network);
      if (engine.api_key_env !== '' && !env[engine.api_key_env]) {
        return failed(
          `the variable ${engine.api_key_env} is empty`,
          `Set it: export ${engine.api_key_env}=…`,
        );
      }
      return engine.base_url === ''
        ? failed('no base_url', 'Pass --base-url URL.')
        : await askServer(engine, env);
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
      `the workers of ${host} have no network, so they cannot ask ${baseUrl}`,
      `Set network = "host" under [hosts.${host}], or leave base_url away.`,
    );
  if (baseUrl !== '') return ok(`${baseUrl}, as the workers of ${host} reach it`);
  const program = command[0] ?? 'vllm';
  if (model === '' && command.length === 0)
    return failed('no model to serve', 'Set upsampling.engine.model, or pass --model.');
  const served = model === '' ? '' : `, model ${model}`;
  return ok(`${program} in the containers of ${host}${served}`);
}

async function askServer(engine: Settings['upsampling']['engine'], env: NodeJS.ProcessEnv): Promise<Finding> {
  const key = engine.api_key_env === '' ? undefined : env[engine.api_key_env];
  const url = `${engine.base_url.replace(/\/+$/, '')}/models`;
  let response: Response;
  try {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    response = await fetch(url, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error);
    return failed(
      `${engine.base_url} does not answer (${cause})`,
      'Start the server, or correct --base-url.',
    );
  }
  if (response.status === 401 || response.status === 403) {
    return failed('the server refuses the key', 'Set api_key_env to the variable that holds a valid key.');
  }
  if (!response.ok) return warning(`${url} answers ${response.status}`, 'A base_url usually ends in /v1.');
  const models = modelsSchema.safeParse(await response.json().catch(() => null)).data?.data ?? [];
  return judgeModels(
    engine,
    models.flatMap((model) => model?.id ?? []),
  );
}

function judgeModels(
  { base_url: baseUrl, model }: Settings['upsampling']['engine'],
  ids: readonly string[],
): Finding {
  const isThere =
    model === ''
      ? ids.length <= 1
      : ids.length === 0 || ids.some((id) => id === model || id === `${model}:latest`);
  if (isThere) return ok(`${baseUrl}, model ${model || (ids[0] ?? 'of the server')}`);
  return failed(
    model === '' ? 'the server has several models' : `the server has no model "${model}"`,
    `Pass --model, one of: ${ids.slice(0, 8).join(', ')}`,
  );
}
