import { expect, it } from 'vitest';
import { choiceFor } from '../../../../src/core/models/built-in-models.ts';
import { modelScaleNotices } from '../../../../src/services/video/assert-model.ts';

const frame = { width: 1280, height: 720, pixel_format: 'yuv420p' };
const target = (times: number) => ({ ...frame, width: 1280 * times, height: 720 * times });
const slim = (scale: number) => `/cache/${choiceFor('esrgan-slim', scale).fileName}`;

it.each([
  { what: 'as large as asked for', scale: 2, times: 2, path: slim(2), said: [] },
  {
    what: 'a network that makes frames larger',
    scale: 2,
    times: 3,
    path: slim(2),
    said: ['--scale 3 beside --size'],
  },
  {
    what: 'one between two networks',
    scale: 2,
    times: 2.5,
    path: slim(2),
    said: ['--scale 3 beside --size'],
  },
  {
    what: 'larger than the largest',
    scale: 8,
    times: 9,
    path: slim(8),
    said: ['As the model makes them: --scale 8.'],
  },
  {
    what: "a model of the user's",
    scale: 2,
    times: 3,
    path: '/m.onnx',
    said: ['As the model makes them: --scale 2.'],
  },
])('what is said of a size: $what', ({ scale, times, path, said }) => {
  const notices = modelScaleNotices({ scale }, { frame, target: target(times) }, path);
  expect(notices).toEqual(said.map((text) => expect.stringContaining(text)));
});
