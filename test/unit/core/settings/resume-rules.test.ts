import { describe, expect, it } from 'vitest';
import {
  acceptedText,
  changesBetween,
  flagsFor,
  isAccepted,
  namedBy,
  pickNamed,
  refusedText,
  resumeRules,
} from '../../../../src/core/settings/resume-rules.ts';

const { upsample: rules, upscale } = resumeRules;

const textOf = (was: object, now: object) =>
  changesBetween(rules, was, now).map((change) =>
    isAccepted(change) ? acceptedText(change) : refusedText(change),
  );

describe('a setting that is another one by now', () => {
  it.each([
    {
      rule: 'is named as config.toml names it, in its unit',
      was: { engine: { request_timeout_ms: 1500 } },
      now: { engine: { request_timeout_ms: 60_000 } },
      says: 'upsampling.engine.request_timeout_s 60 (was 1.5)',
    },
    {
      rule: 'shows no password',
      was: { engine: { base_url: null } },
      now: { engine: { base_url: 'http://me:secret@h/v1' } },
      says: 'upsampling.engine.base_url "http://h/v1"',
    },
    {
      rule: 'may be taken away',
      was: { engine: { api_key_env: 'KEY' } },
      now: { engine: { api_key_env: null } },
      says: 'no upsampling.engine.api_key_env',
    },
    {
      rule: 'is refused where it was named before',
      was: { engine: { model: 'a' } },
      now: { engine: { model: 'b' } },
      says: 'upsampling.engine.model was "a", now "b"',
    },
    {
      rule: 'is refused where it is not named any more',
      was: { engine: { model: 'a' } },
      now: { engine: { model: '' } },
      says: 'upsampling.engine.model was "a", now not set',
    },
    {
      rule: 'may be a table, of which nothing is shown',
      was: { engine: { extra_body: { guard: { key: 'sk-1' } } } },
      now: { engine: { extra_body: { guard: { key: 'sk-2' } } } },
      says: 'upsampling.engine.extra_body was different',
    },
    {
      rule: 'may be set where the server chose',
      was: { engine: {} },
      now: { engine: { top_p: 0.8 } },
      says: 'upsampling.engine.top_p was not set, now 0.8',
    },
    {
      rule: 'is not quoted when it is long',
      was: { engine: { instruction: 'a\nb' } },
      now: { engine: { instruction: 'c\nd' } },
      says: 'upsampling.engine.instruction was different',
    },
  ])('$rule', ({ was, now, says }) => expect(textOf(was, now)).toEqual([says]));

  it('hides the settings of another engine behind its name', () => {
    const was = { engine: { kind: 'describe', model: 'describe-3', temperature: 0 } };
    const now = { engine: { kind: 'openai', model: '', temperature: 0.6 } };
    expect(textOf(was, now)).toEqual(['upsampling.engine.kind was "describe", now "openai"']);
  });
});

describe('flags', () => {
  it('name settings, and the engine that they imply', () => {
    const flags = { 'base-url': 'http://h/v1', force: false, 'auto-resize': false, workers: 2 };
    expect(namedBy(rules, flags)).toEqual(['engine.kind', 'engine.base_url', 'auto_resize', 'workers']);
    expect(namedBy(upscale, { model: 'x.onnx', scale: '4' })).toEqual([
      'engine.kind',
      'engine.model',
      'engine.scale',
    ]);
  });

  it('are typed again as they were, without a password', () => {
    const settings = {
      auto_resize: false,
      write_back: true,
      force: false,
      output_dir: '/a b',
      engine: { base_url: 'http://me:secret@h/v1' },
    };
    const named = ['output_dir', 'engine.base_url', 'auto_resize', 'write_back', 'force', 'unknown'];
    expect(flagsFor(rules, settings, named).join(' ')).toBe(
      "--output-dir '/a b' --base-url http://h/v1 --no-auto-resize --write-back",
    );
  });

  it('hold against files in the shape of these', () => {
    const values = { upsampling: { batch_size: 3, engine: { model: 'm', temperature: 1 } } };
    expect(pickNamed(rules, values, ['batch_size', 'engine.model', 'host'])).toEqual({
      upsampling: { batch_size: 3, engine: { model: 'm' } },
    });
  });
});
