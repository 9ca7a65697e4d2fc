import { expect, it } from 'vitest';
import { isSameOrigin } from '../../../../src/core/upsample/result-origin.ts';
import { askedOrigin, originOf } from '../../../../src/services/upsample/answer-origin.ts';
import { testRunSettings } from '../../../support/test-ports.ts';

const ports = {
  machines: (name: string) => [name],
  clock: { now: () => 0, sleep: () => Promise.resolve() },
  toolVersion: '0.1.0',
};

function settingsOf(baseUrl: string) {
  const settings = testRunSettings('/work');
  return { ...settings, engine: { ...settings.engine, base_url: baseUrl } };
}

it.each([
  { url: 'http://one/v1/', isSame: true },
  { url: 'http://name:password@one/v1', isSame: true },
  { url: 'http://one/v2', isSame: false },
  { url: 'http://two/v1', isSame: false },
])('a run that asks $url uses the answers of http://one/v1: $isSame', ({ url, isSame }) => {
  const origin = originOf(settingsOf('http://one/v1'), ports);
  expect(isSameOrigin(origin, askedOrigin(settingsOf(url), ports), false)).toBe(isSame);
});
