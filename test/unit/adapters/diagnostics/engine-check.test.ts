import { expect, it } from 'vitest';
import { engineCheck } from '../../../../src/adapters/diagnostics/engine-check.ts';
import { runCheck } from '../../../../src/adapters/diagnostics/run-checks.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';

it.each([
  {
    engine: { kind: 'openai', model: 'org/model' },
    host: 'gpu1',
    expected: ['ok', 'vllm in the containers of gpu1, model org/model'],
  },
  {
    engine: { kind: 'openai', command: ['serve', '{port}'] },
    host: 'gpu1',
    expected: ['ok', 'serve in the containers of gpu1'],
  },
  {
    engine: { kind: 'openai', base_url: 'http://127.0.0.1:9/v1' },
    host: 'gpu1',
    expected: ['ok', 'http://127.0.0.1:9/v1, as the workers of gpu1 reach it'],
  },
  {
    engine: { kind: 'openai' },
    host: 'gpu1',
    expected: ['failed', 'No model is set for the server that is to be started.'],
  },
  {
    engine: { kind: 'openai', model: 'org/model' },
    host: 'local',
    expected: ['failed', 'The engine openai needs a server, but base_url is not set.'],
  },
  {
    engine: { kind: 'openai', command: ['llama-server', '--port', '{port}'] },
    host: 'local',
    expected: ['ok', 'llama-server, which the worker starts'],
  },
  { engine: {}, host: 'gpu1', expected: ['ok', 'describe (embedded, no model)'] },
])('$engine on $host', async ({ engine, host, expected }) => {
  const settings = resolveSettings([{ source: 'the test', values: { upsampling: { engine } } }]);
  const checkServer = () => Promise.reject(new Error('no server was to be asked'));
  const { name, run } = engineCheck(settings, { host, checkServer });
  const found = await runCheck(name, run);
  expect([found.status, found.detail]).toEqual(expected);
});
