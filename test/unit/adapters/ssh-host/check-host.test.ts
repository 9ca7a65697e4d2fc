import { expect, it } from 'vitest';
import { checkSshHost } from '../../../../src/adapters/ssh-host/check-host.ts';
import type { RemoteMachine } from '../../../../src/adapters/ssh-host/remote-machine.ts';
import { AppError } from '../../../../src/errors/app-error.ts';

it('says once that there is no Docker, and checks nothing that needs it', async () => {
  const noDocker = async () => {
    throw new AppError({ code: 'host-refused', message: 'no Docker daemon', nextStep: 'Start Docker.' });
  };
  const session = {
    makeFolder: async () => undefined,
    refuseLinks: async () => undefined,
    stat: async () => null,
    space: async () => null,
  };
  const machine = {
    name: 'gpu1',
    address: 'me@gpu1:22',
    root: async () => '/root/.cosmos',
    options: { settings: { models_dir: '' } },
    files: { step: async (work: (at: typeof session) => unknown) => await work(session) },
    docker: { version: noDocker },
  } as unknown as RemoteMachine;
  const use = { servesModel: false, servedModel: '', upscalesWithModel: false };
  const checks = await checkSshHost(async () => machine, use);
  expect(checks.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'ssh ok',
    'host root ok',
    'docker failed',
    'image skipped',
    'upscaler image skipped',
    'inference image skipped',
    'gpus skipped',
  ]);
  expect(checks.filter(({ detail }) => detail.includes('no Docker daemon'))).toHaveLength(1);
});
