import { describe, expect, it } from 'vitest';
import { chooseWeights } from '../../../../src/adapters/ssh-host/weights-folder.ts';

/** A host's files by path: a name that ends with `/` is a folder, with `@` a link to one. */
function sessionOf(paths: readonly string[], links: Readonly<Record<string, string>> = {}) {
  const all = new Set(paths.flatMap((path) => [path.replace(/[/@]$/, ''), ...ancestors(path)]));
  const real = (path: string) => links[path] ?? path;
  const kindOf = (path: string) =>
    paths.includes(`${path}@`) ? 'other' : paths.includes(path) ? 'file' : 'folder';
  const stat = async (path: string) =>
    all.has(real(path)) ? { isDirectory: () => kindOf(real(path)) !== 'file' } : null;
  return {
    stat,
    lstat: stat,
    realPath: async (path: string) => real(path),
    list: async (folder: string, pick: (entry: { name: string; kind: string }) => unknown) => {
      const start = `${real(folder)}/`;
      const below = [...all].filter(
        (path) => path.startsWith(start) && !path.slice(start.length).includes('/'),
      );
      return below.map((path) => pick({ name: path.slice(start.length), kind: kindOf(path) }));
    },
  } as unknown as Parameters<typeof chooseWeights>[0];
}

function ancestors(path: string): string[] {
  const parts = path.replace(/[/@]$/, '').split('/');
  return parts.slice(1, -1).map((_, index) => parts.slice(0, index + 2).join('/'));
}

const home = '/home/me';
const request = { setting: 'models_dir', home, rootPath: '/home/me/.cosmos' } as const;
const secrets = ['/home/me/.ssh/id_ed25519', '/home/me/.cosmos/runs/'];
const choose = async (path: string, files: readonly string[], links: Readonly<Record<string, string>> = {}) =>
  await chooseWeights(sessionOf([...secrets, ...files], links), { ...request, path });

describe('what containers see of a folder of weights', () => {
  const hf = '/home/me/.cache/huggingface';
  const weights = 'hub/models--org--model/blobs/1';

  it('of a Hugging Face home: its hub alone, wherever the token is', async () => {
    const files = ['token', 'stored_tokens', 'xet/logs/a', 'datasets/d/', 'other/secret', weights];
    for (const shown of [files, files.slice(2)])
      expect(
        await choose(
          hf,
          shown.map((file) => `${hf}/${file}`),
        ),
      ).toEqual({
        mounts: [{ source: `${hf}/hub`, below: 'hub' }],
        hub: 'hub',
        refusal: null,
      });
  });

  it('of a folder with a token beside its models: the models', async () => {
    const files = ['token', 'llama/config.json', 'linked@', '.locks/', 'xet/', 'notes.txt'];
    expect(
      await choose(
        '/srv/m',
        files.map((file) => `/srv/m/${file}`),
      ),
    ).toEqual({
      mounts: [
        { source: '/srv/m/linked', below: 'linked' },
        { source: '/srv/m/llama', below: 'llama' },
      ],
      hub: 'hub',
      refusal: null,
    });
  });

  it.each([
    { what: 'weights themselves', files: ['model.safetensors', 'config.json'], hub: 'hub' },
    { what: 'folders of models', files: ['llama/config.json', '.gitattributes'], hub: 'hub' },
    { what: 'the cache itself', files: ['models--org--model/blobs/1', 'version.txt', '.locks/'], hub: '' },
    { what: 'nothing', files: [''], hub: 'hub' },
  ])('of $what: all', async ({ files, hub }) => {
    expect(
      await choose(
        '/srv/m',
        files.map((file) => `/srv/m/${file}`),
      ),
    ).toEqual({
      mounts: [{ source: '/srv/m', below: '' }],
      hub,
      refusal: null,
    });
  });

  it('a folder that is missing is for Docker to report', async () => {
    expect(await choose('/srv/none', [])).toMatchObject({ mounts: [{ source: '/srv/none' }], refusal: null });
  });

  it.each([
    { what: 'a home', path: '/home/me', said: 'of the system or of people' },
    { what: 'the home of homes', path: '/home', said: 'of the system or of people' },
    { what: 'everything', path: '/', said: 'of the system or of people' },
    { what: 'a link to a home', path: '/srv/me', links: { '/srv/me': '/home/me' }, said: 'of people' },
    { what: 'settings of the system', path: '/etc', files: ['/etc/passwd'], said: 'of the system' },
    { what: "another user's home", path: '/data/you', files: ['/data/you/.ssh/id_rsa'], said: 'holds .ssh' },
    { what: 'a cloud login', path: '/data/you', files: ['/data/you/.aws/config'], said: 'holds .aws' },
    {
      what: 'a folder above a Hugging Face home',
      path: '/home/me/.cache',
      files: ['/home/me/.cache/huggingface/token'],
      said: 'holds a token of Hugging Face',
    },
    { what: 'where containers write', path: '/home/me/.cosmos/runs', said: 'lies in remote_root' },
    {
      what: 'a link to where containers write',
      path: '/srv/m',
      files: ['/srv/m/'],
      links: { '/srv/m': '/home/me/.cosmos/cache/huggingface' },
      said: 'lies in remote_root',
    },
  ])('refused: $what', async ({ path, said, files = [], links = {} }) => {
    const everything = [...files, '/home/me/.cosmos/cache/huggingface/hub/', `${path}/`];
    const { mounts, refusal } = await choose(path, everything, links);
    expect(mounts).toEqual([]);
    expect(refusal).toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(said),
      nextStep: expect.stringContaining('Set models_dir to '),
    });
  });

  it('refused: what may not be read', async () => {
    const denied = Object.assign(new Error('Permission denied'), { code: 3 });
    const session = { ...sessionOf(['/srv/m/']), list: async () => Promise.reject(denied) };
    expect(await chooseWeights(session, { ...request, path: '/srv/m' })).toMatchObject({
      refusal: { message: expect.stringContaining('may not be read by your user') },
    });
  });
});
