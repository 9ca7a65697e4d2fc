import { describe, expect, it } from 'vitest';
import {
  isBuilt,
  prepareCommand,
  refuseMissingBase,
  workerImageOf,
} from '../../../../src/adapters/docker/images.ts';
import { hostSettings } from '../../../support/lab/remote-bench.ts';

describe('images of workers', () => {
  it.each([
    { role: 'upsampler', name: 'cosmos-upsampler:0.1.0', isBuiltThere: true },
    { role: 'upsampler', name: 'cosmos-upsampler', isBuiltThere: true },
    { role: 'upscaler', name: 'cosmos-upscaler:2', isBuiltThere: true },
    { role: 'inference', name: 'cosmos-inference:0.1.0', isBuiltThere: true },
    { role: 'inference', name: 'cosmos-upscaler:2', isBuiltThere: false },
    // Of the other Dockerfile, or of somebody else.
    { role: 'upscaler', name: 'cosmos-upsampler:0.1.0', isBuiltThere: false },
    { role: 'upsampler', name: 'cosmos-upscaler:2', isBuiltThere: false },
    { role: 'upscaler', name: 'registry.example/cosmos-upscaler:2', isBuiltThere: false },
    { role: 'upscaler', name: 'cosmos-upscaler-mine:2', isBuiltThere: false },
  ] as const)('$role $name is built there: $isBuiltThere', ({ role, name, isBuiltThere }) => {
    expect(isBuilt({ role, name })).toBe(isBuiltThere);
  });

  it('are those of the settings, each with its base', () => {
    const settings = hostSettings({ base_image: 'a:1', upscaler_base_image: 'b:1' });
    const named = { settings, inference: { image: 'c:1', base_image: 'd:1' } };
    expect(workerImageOf(named, 'upsampler')).toMatchObject({ name: settings.image, baseImage: 'a:1' });
    expect(workerImageOf(named, 'inference')).toMatchObject({ name: 'c:1', baseImage: 'd:1' });
    expect(workerImageOf(named, 'upscaler')).toEqual({
      role: 'upscaler',
      name: 'cosmos-upscaler:0.1.0',
      baseImage: 'b:1',
    });
  });

  it("are not built on a model's own image that is not named", () => {
    const image = { role: 'inference', name: 'cosmos-inference:0.1.0', baseImage: '' } as const;
    expect(() => refuseMissingBase(image)).toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        nextStep: expect.stringContaining('base_image = "NAME:TAG" under [inference]'),
      }),
    );
    for (const change of [{ baseImage: 'a:1' }, { name: 'of-mine:1' }, { role: 'upscaler' }] as const)
      expect(() => refuseMissingBase({ ...image, ...change })).not.toThrow();
  });

  it('are made by a command each', () => {
    expect(prepareCommand('gpu1', 'upsampler')).toBe('cosmos host prepare gpu1');
    expect(prepareCommand('gpu1', 'upscaler')).toBe('cosmos host prepare gpu1 --upscaler');
    expect(prepareCommand('gpu1', 'inference')).toBe('cosmos host prepare gpu1 --inference');
  });
});
