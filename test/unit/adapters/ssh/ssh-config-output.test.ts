import { homedir } from 'node:os';
import { expect, it } from 'vitest';
import {
  assertAddress,
  parseJumpSpec,
  parseSshConfigOutput,
} from '../../../../src/adapters/ssh/openssh-config.ts';
import { agentSocket, expandConfigPath } from '../../../../src/adapters/ssh/resolve-target.ts';

const tokens = { hostname: '10.0.0.7', port: 2222, user: 'ubuntu', original: 'gpu1' };

it('reads what ssh -G writes', () => {
  const output = `host gpu1
user ubuntu
hostname 10.0.0.7
port 2222
addressfamily inet
identitiesonly yes
identityagent none
identityfile ~/.ssh/with space
identityfile ~/.ssh/second
userknownhostsfile /tmp/a b /root/x ~/y
globalknownhostsfile none
hostkeyalias gpu
connecttimeout 7
proxyjump a,b
proxycommand none
`;
  expect(parseSshConfigOutput(output)).toEqual({
    hostname: '10.0.0.7',
    user: 'ubuntu',
    port: 2222,
    family: 4,
    identityFiles: ['~/.ssh/with space', '~/.ssh/second'],
    identitiesOnly: true,
    identityAgent: 'none',
    userKnownHostsFiles: ['/tmp/a b', '/root/x', '~/y'],
    globalKnownHostsFiles: [],
    hostKeyAlias: 'gpu',
    proxyJump: 'a,b',
    proxyCommand: null,
    connectTimeoutS: 7,
  });
});

it('takes nothing for a setting that is not there', () => {
  expect(parseSshConfigOutput('connecttimeout none\n')).toMatchObject({
    port: 22,
    family: 0,
    identityFiles: [],
    identityAgent: null,
    proxyJump: null,
    connectTimeoutS: null,
  });
});

it.each([
  { text: 'jump', spec: { address: 'jump', user: null, port: null } },
  { text: 'me@jump:2200', spec: { address: 'jump', user: 'me', port: 2200 } },
  { text: 'me@corp@jump', spec: { address: 'jump', user: 'me@corp', port: null } },
  { text: 'ssh://me@jump:2200/', spec: { address: 'jump', user: 'me', port: 2200 } },
  { text: '[::1]:2200', spec: { address: '::1', user: null, port: 2200 } },
  { text: 'a b:x', spec: null },
  { text: '', spec: null },
])('reads the hop "$text"', ({ text, spec }) => expect(parseJumpSpec(text)).toEqual(spec));

it.each([
  { path: '~/.ssh/%h-%p-%r', expected: `${homedir()}/.ssh/10.0.0.7-2222-ubuntu` },
  { path: '%d/.ssh/%n%%', expected: `${homedir()}/.ssh/gpu1%` },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: OpenSSH's own way of naming a variable.
  { path: '${KEYS}/id', expected: '/keys/id' },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as above.
  { path: '/%z/${UNSET}', expected: '/%z/${UNSET}' },
])('expands $path', ({ path, expected }) => {
  expect(expandConfigPath(path, tokens, { KEYS: '/keys' })).toBe(expected);
});

it.each([
  { configured: null, env: { SSH_AUTH_SOCK: '/agent' }, socket: '/agent' },
  { configured: null, env: {}, socket: null },
  { configured: 'none', env: { SSH_AUTH_SOCK: '/agent' }, socket: null },
  { configured: 'SSH_AUTH_SOCK', env: { SSH_AUTH_SOCK: '/agent' }, socket: '/agent' },
  { configured: '$MINE', env: { SSH_AUTH_SOCK: '/agent', MINE: '/mine' }, socket: '/mine' },
  { configured: '~/agent', env: {}, socket: `${homedir()}/agent` },
])('asks the agent that "$configured" names', ({ configured, env, socket }) => {
  expect(agentSocket(configured, tokens, env)).toBe(socket);
});

it.each(['gpu1', 'ubuntu@10.0.0.7', '::1', 'fe80::1%eth0'])('takes the address %s', (address) => {
  expect(() => assertAddress(address)).not.toThrow();
});

it.each(['', '-oProxyCommand=x', 'a b', 'a/b', 'a\nb', ' gpu1'])('refuses the address "%s"', (address) => {
  expect(() => assertAddress(address)).toThrow(expect.objectContaining({ code: 'config-invalid' }));
});

it.each([
  { address: 'root@127.0.0.1:12022', fix: 'address = "root@127.0.0.1" and port = 12022' },
  { address: '[::1]:2022', fix: 'address = "[::1]" and port = 2022' },
])('says where the port of $address is written', ({ address, fix }) => {
  const nextStep = expect.stringContaining(fix);
  expect(() => assertAddress(address)).toThrow(expect.objectContaining({ code: 'config-invalid', nextStep }));
});
