import { describe, expect, it } from 'vitest';
import {
  leadsOut,
  privilegedNames,
  privilegedSettings,
  settingsApprovalId,
  withoutSettings,
} from '../../../../src/core/settings/privileged-settings.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';

const folder = '/home/ada/project';

function namesOf(values: object, hasKey = false): string[] {
  resolveSettings([{ source: 'the test', values }]);
  return privilegedSettings(values, { folder, hasKey }).map(({ path }) => path.join('.'));
}

describe('settings of a folder need approval', () => {
  it('where they run, send, read or name something', () => {
    const values = {
      upsampling: {
        batch_size: 3,
        output_dir: '../x',
        engine: { api_key_env: 'KEY', command: ['sh', '{port}'] },
      },
      hosts: { gpu1: { address: 'gpu1', port: 22 } },
      pools: { farm: { hosts: ['gpu1'] } },
      queue: { url: 'redis://farm', cache_size_gb: 3 },
      inference: { command: ['sh'], num_gpu: 2 },
    };
    expect(namesOf(values)).toEqual([
      'upsampling.output_dir',
      'upsampling.engine.api_key_env',
      'upsampling.engine.command',
      'hosts.gpu1.address',
      'hosts.gpu1.port',
      'pools.farm.hosts',
      'queue.url',
      'queue.cache_size_gb',
      'inference.command',
    ]);
    const rest = withoutSettings(values, privilegedSettings(values, { folder, hasKey: false }));
    expect(rest).toEqual({ upsampling: { batch_size: 3, engine: {} }, queue: {}, inference: { num_gpu: 2 } });
    expect(resolveSettings([{ source: 'the test', values: rest }]).hosts).toEqual({});
  });

  it('where they make a host by its name alone', () => {
    const values = { hosts: { 'gpu.example': {} } };
    expect(namesOf(values)).toEqual(['hosts.gpu.example']);
    const rest = withoutSettings(values, privilegedSettings(values, { folder, hasKey: false }));
    expect(rest).toEqual({});
  });

  it('not where they are the default, or stay in the folder', () => {
    const engine = { api_key_env: '', command: [], extra_body: {}, base_url: '' };
    const dirs = { output_dir: 'a/b', checkpoint_dir: `${folder}/c` };
    expect(namesOf({ upsampling: { engine, ...dirs }, queue: { prefix: 'cosmos' }, hosts: {} })).toEqual([]);
    expect(namesOf({ upscaling: { model: 'models/x4.onnx' }, paths: { map: { '/a': '/b' } } })).toEqual([]);
  });

  it.each([
    ['http://127.0.0.1:8000/v1', false, true],
    ['http://localhost:8000', false, true],
    ['http://[::1]:8000/v1', false, true],
    ['http://127.0.0.1:8000/v1', true, false],
    ['http://127.0.0.1:8000/containers/prune', false, false],
    ['http://127.0.0.1:8000/v1?x=1', false, false],
    ['http://me:secret@127.0.0.1:8000/v1', false, false],
    ['http://127.0.0.1.example.org/v1', false, false],
    ['http://10.0.0.1/v1', false, false],
  ])('a server at %s, with a key: %s, is free: %s', (baseUrl, hasKey, isFree) =>
    expect(namesOf({ upsampling: { engine: { base_url: baseUrl } } }, hasKey)).toHaveLength(isFree ? 0 : 1),
  );

  it.each([
    ['out', false],
    ['./out/../in', false],
    ['', false],
    [`${folder}/out`, false],
    ['../out', true],
    ['a/../../out', true],
    [`${folder}/../out`, true],
    [`${folder}-other`, true],
    ['/out', true],
    ['~/out', true],
    ['C:\\out', true],
    ['c:out', true],
    ['\\\\server\\share', true],
    ['..\\out', true],
  ])('the path %j leads out: %s', (path, isOut) => expect(leadsOut(path, folder)).toBe(isOut));
});

it('an approval is of the settings and their folder, in whatever order they are written', () => {
  const of = (values: object, where = folder) =>
    settingsApprovalId(where, privilegedSettings(values, { folder: where, hasKey: false }));
  const gpu1 = { address: 'a', port: 23 };
  const id = of({ hosts: { gpu1 } });
  expect(of({ hosts: { gpu1: { port: 23, address: 'a' } } })).toBe(id);
  expect(of({ hosts: { gpu1 }, retry: { max_attempts: 3 } })).toBe(id);
  expect(of({ hosts: { gpu1: { ...gpu1, port: 24 } } })).not.toBe(id);
  expect(of({ hosts: { gpu1 } }, '/elsewhere')).not.toBe(id);
});

it('what always needs approval changes only in visible diffs', () => {
  const always = privilegedNames().filter(({ needs }) => needs === 'approval');
  expect(always.map(({ name }) => name)).toEqual([
    'upsampling.engine.api_key_env',
    'upsampling.engine.extra_body',
    'upsampling.engine.command',
    'retouching.command',
    'inference.image',
    'inference.base_image',
    'inference.program_dir',
    'inference.checkpoints_dir',
    'inference.command',
    'cache.share_between_hosts',
    'hosts',
    'pools',
    'queue',
  ]);
});
