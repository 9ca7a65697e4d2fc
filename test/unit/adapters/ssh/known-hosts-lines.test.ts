import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { judgeHostKey, keyTypesOnFile } from '../../../../src/adapters/ssh/known-hosts.ts';
import { matchesHost, parseKnownHosts } from '../../../../src/adapters/ssh/known-hosts-lines.ts';

/** A key as it goes over the wire: its type and some bytes, each after its length. */
function key(type: string, content: string): Buffer {
  const parts = [type, content].flatMap((text) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return [length, Buffer.from(text)];
  });
  return Buffer.concat(parts);
}

function line(hosts: string, type: string, content: string): string {
  return `${hosts} ${type} ${key(type, content).toString('base64')}`;
}

function hashed(name: string): string {
  const salt = Buffer.from('0123456789abcdefghij');
  const hash = createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
}

describe('which hosts a line is about', () => {
  it.each([
    { rule: 'a plain name', hosts: 'gpu1', name: 'gpu1', isMatch: true },
    { rule: 'case does not matter', hosts: 'GPU1.Example', name: 'gpu1.example', isMatch: true },
    { rule: 'another name', hosts: 'gpu1', name: 'gpu10', isMatch: false },
    { rule: 'a list', hosts: 'gpu1,10.0.0.7', name: '10.0.0.7', isMatch: true },
    { rule: 'a port in brackets', hosts: '[gpu1]:2222', name: '[gpu1]:2222', isMatch: true },
    { rule: 'another port', hosts: '[gpu1]:2222', name: '[gpu1]:2223', isMatch: false },
    { rule: 'no port in the file', hosts: 'gpu1', name: '[gpu1]:2222', isMatch: false },
    { rule: 'an IPv6 address', hosts: '[fe80::1]:2222', name: '[fe80::1]:2222', isMatch: true },
    { rule: 'a star', hosts: '*.example', name: 'a.b.example', isMatch: true },
    { rule: 'a star that is no suffix', hosts: '*.example', name: 'a.example.org', isMatch: false },
    { rule: 'several stars', hosts: 'g*u*1', name: 'gpuu-x1', isMatch: true },
    { rule: 'a question mark', hosts: 'gpu?', name: 'gpu7', isMatch: true },
    { rule: 'a question mark is one character', hosts: 'gpu?', name: 'gpu77', isMatch: false },
    { rule: 'a negation rules out', hosts: '*.example,!bad.example', name: 'bad.example', isMatch: false },
    { rule: 'a negation wins, wherever it is', hosts: '!bad.*,*', name: 'bad.example', isMatch: false },
    { rule: 'a negation alone matches nobody', hosts: '!bad.example', name: 'gpu1', isMatch: false },
    { rule: 'a hashed name', hosts: hashed('gpu1'), name: 'gpu1', isMatch: true },
    { rule: 'a hashed name with a port', hosts: hashed('[gpu1]:2222'), name: '[gpu1]:2222', isMatch: true },
    { rule: 'another hashed name', hosts: hashed('gpu1'), name: 'gpu2', isMatch: false },
    {
      rule: 'a hash of an unknown kind',
      hosts: hashed('gpu1').replace('|1|', '|2|'),
      name: 'gpu1',
      isMatch: false,
    },
    { rule: 'half a hash', hosts: '|1|AAAA', name: 'gpu1', isMatch: false },
  ])('$rule', ({ hosts, name, isMatch }) => expect(matchesHost(hosts, name)).toBe(isMatch));

  it('comes to an end with a pattern that takes for ever where each star tries every length', () => {
    expect(matchesHost(`${'*a'.repeat(200)}b`, 'a'.repeat(2000))).toBe(false);
  });
});

it('passes over what it cannot use, and counts lines as an editor does', () => {
  const text = [
    '# a comment',
    '',
    'gpu1',
    'gpu1 ssh-ed25519',
    'gpu1 ssh-ed25519 not-a-key',
    `gpu1 ssh-rsa ${key('ssh-ed25519', 'x').toString('base64')}`,
    `@unheard-of ${line('gpu1', 'ssh-ed25519', 'x')}`,
    `  ${line('gpu1', 'ssh-ed25519', 'good')} with a comment\r`,
    `@revoked ${line('gpu1', 'ssh-ed25519', 'bad')}`,
    `@cert-authority ${line('*', 'ssh-ed25519', 'ca')}`,
  ].join('\n');
  expect(parseKnownHosts(text, 'f').map(({ marker, lineNumber }) => [marker, lineNumber])).toEqual([
    ['none', 8],
    ['revoked', 9],
    ['cert-authority', 10],
  ]);
});

describe('what the files say about a key', () => {
  const shown = key('ssh-ed25519', 'mine');
  const names = { name: '[gpu1]:2222', fallback: 'gpu1' };
  it.each([
    { rule: 'an empty file', lines: [], kind: 'unknown' },
    { rule: 'the key itself', lines: [line('[gpu1]:2222', 'ssh-ed25519', 'mine')], kind: 'known' },
    { rule: 'another key', lines: [line('[gpu1]:2222', 'ssh-ed25519', 'other')], kind: 'changed' },
    {
      rule: 'one line with the key suffices',
      lines: [line('[gpu1]:2222', 'ssh-ed25519', 'other'), line('[gpu1]:2222', 'ssh-ed25519', 'mine')],
      kind: 'known',
    },
    { rule: 'a key of another type', lines: [line('[gpu1]:2222', 'ssh-rsa', 'mine')], kind: 'unknown' },
    { rule: 'a line without the port says yes', lines: [line('gpu1', 'ssh-ed25519', 'mine')], kind: 'known' },
    {
      rule: 'a line without the port says no no',
      lines: [line('gpu1', 'ssh-ed25519', 'x')],
      kind: 'unknown',
    },
    {
      rule: 'a revoked key is refused though it is on file',
      lines: [line('[gpu1]:2222', 'ssh-ed25519', 'mine'), `@revoked ${line('*', 'ssh-ed25519', 'mine')}`],
      kind: 'revoked',
    },
    {
      rule: 'revoking another key changes nothing',
      lines: [line('[gpu1]:2222', 'ssh-ed25519', 'mine'), `@revoked ${line('*', 'ssh-ed25519', 'old')}`],
      kind: 'known',
    },
    {
      rule: 'an authority for certificates vouches for no plain key',
      lines: [`@cert-authority ${line('*', 'ssh-ed25519', 'mine')}`],
      kind: 'unknown',
    },
  ])('$rule: $kind', ({ lines, kind }) => {
    expect(judgeHostKey(parseKnownHosts(lines.join('\n'), 'f'), names, shown).kind).toBe(kind);
  });

  it('names the types on file, those with the port before those without', () => {
    const lines = [line('gpu1', 'ssh-rsa', 'a'), line('[gpu1]:2222', 'ecdsa-sha2-nistp256', 'b')];
    expect(keyTypesOnFile(parseKnownHosts(lines.join('\n'), 'f'), names)).toEqual(['ecdsa-sha2-nistp256']);
    expect(keyTypesOnFile(parseKnownHosts(lines[0] ?? '', 'f'), names)).toEqual(['ssh-rsa']);
  });
});
