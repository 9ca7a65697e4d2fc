import { expect, it } from 'vitest';
import { asContainerError } from '../../../../src/adapters/docker/container-errors.ts';

const fromEngine = (message: string) =>
  Object.assign(new Error(`(HTTP code 500) server error - ${message} `), { statusCode: 500 });

it.each([
  {
    said: 'could not select device driver "nvidia" with capabilities: [[gpu]]',
    code: 'prerequisite-missing',
    nextStep: 'nvidia-container-toolkit',
  },
  {
    said: 'failed to create task: nvidia-container-cli: device error: 7: unknown device: unknown',
    code: 'prerequisite-missing',
    nextStep: 'gpus = "none"',
  },
  {
    said: 'invalid mount config for type "bind": bind source path does not exist: /srv/models',
    code: 'config-invalid',
    nextStep: 'models_dir',
  },
  { said: 'write /var/lib/docker/x: no space left on device', code: 'disk-full', nextStep: 'prune' },
  {
    said: 'OCI runtime create failed: exec: "/sbin/docker-init": stat: no such file or directory: unknown',
    code: 'prerequisite-missing',
    nextStep: 'tini',
  },
  {
    said: 'exec: "/usr/local/bin/node": executable file not found in $PATH: unknown',
    code: 'image-failed',
    nextStep: 'prepare',
  },
  { said: 'something else', code: 'worker-failed', nextStep: 'doctor' },
])('$said → $code', ({ said, code, nextStep }) => {
  const error = asContainerError(fromEngine(said), 'cosmos-1-slot-0', 'gpu1');
  expect(error.code).toBe(code);
  expect(error.nextStep).toContain(nextStep);
  expect(error.message).toContain('gpu1');
  expect(error.message).toContain('cosmos-1-slot-0');
  expect(error.message).not.toContain('HTTP code');
});
