import { describe, expect, it } from 'vitest';
import { claimsOf } from '../../../../../../src/worker/upsample/engines/describe/user-words.ts';

describe("a prompt's own claims", () => {
  it.each([
    ['A static tripod shot of a clock', { isAboutCamera: true, motion: 'static' }],
    ['Container cranes at dawn', { isAboutCamera: false, light: null, motion: null }],
    ['The camera pans over a lake', { isAboutCamera: true }],
    ['A frying pan company', { isAboutCamera: true }],
    ['A bright sunny beach', { light: 'bright' }],
    ['Rain on a night street', { light: 'dark', motion: 'moving' }],
    ['A bright window in a dark room', { light: null }],
    ['A robot runs past a motionless guard', { motion: null }],
    ['Black-and-white portrait', { isMonochrome: true }],
    ['The harbour in colour', { spelling: 'british' }],
    ['The harbor in color', { spelling: 'american' }],
    ['', { isAboutCamera: false, light: null, motion: null, isMonochrome: false, spelling: 'american' }],
  ])('%s', (prompt, expected) => expect(claimsOf(prompt)).toMatchObject(expected));
});
