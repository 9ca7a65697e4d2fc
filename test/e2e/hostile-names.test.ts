import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { hostileCharacters, hostileName, rawControls } from '../support/hostile-text.ts';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = await temporaryFolder();

const hostileNames = [
  '$(touch owned)',
  '`touch owned`',
  "it's; touch owned #",
  'a|touch owned',
  'a && touch owned',
  '-y -i owned',
  '%03d',
  'concat:owned',
  'tab\tand\nnewline',
  '<script>document.title="owned"</script>',
  '提灯 🌧 café',
  '__proto__',
];

it('names made of shell, ffmpeg and HTML are names and nothing else', async () => {
  const secrets = {
    OPENAI_API_KEY: 'sk-secret-1',
    AWS_SECRET_ACCESS_KEY: 'aws-secret-2',
    OWN_NAME: 'own-secret-3',
  };
  // What ffmpeg is told of its environment, by the command and by the worker.
  const ffmpeg = join(folder, 'telling-ffmpeg');
  const told = join(folder, 'told.txt');
  await writeFile(ffmpeg, `#!/bin/sh\nenv >> ${told}\nexec ffmpeg "$@"\n`);
  await chmod(ffmpeg, 0o755);
  const cli = new Cli(folder, { ...secrets, FFMPEG_PATH: ffmpeg });
  await mkdir(join(folder, 'config', 'cosmos'), { recursive: true });
  await writeFile(
    join(folder, 'config', 'cosmos', 'config.toml'),
    '[upsampling.engine]\napi_key_env = "OWN_NAME"\n',
  );
  const specs = join(cli.workingFolder, 'specs');
  for (const [index, name] of hostileNames.entries()) {
    await makeClip(join(specs, `${name}.mp4`), { width: 256, height: 144, seed: index });
    await writeSpecs(specs, {
      [`${name}.json`]: sampleSpec({ name, prompt: `${name} in the rain`, input_video_path: `${name}.mp4` }),
    });
  }
  const before = await readdir(cli.workingFolder, { recursive: true });
  const end = await cli.run(['batch-upsample', 'specs', '--json', '--no-progress']);
  expect(JSON.parse(end.stdout)).toMatchObject({
    status: 'complete',
    counts: { upsampled: hostileNames.length },
  });
  const after = await readdir(cli.workingFolder, { recursive: true });
  const added = after.filter((path) => !before.includes(path) && !/^(outputs|checkpoints)/.test(path));
  expect(added).toEqual([]);
  expect(after.filter((path) => path.endsWith('owned'))).toEqual([]);
  for (const name of hostileNames) {
    const enriched = JSON.parse(await readFile(join(cli.outputFolder, `${name}.json`), 'utf8'));
    expect(enriched.name).toBe(name);
  }
  const environments = await readFile(told, 'utf8');
  expect(environments.match(/^HOME=/gm)?.length).toBeGreaterThan(hostileNames.length);
  for (const secret of Object.values(secrets)) expect(environments).not.toContain(secret);
});

it('text from specs cannot steer the terminal', async () => {
  const cli = new Cli(join(folder, 'terminal'));
  const controls = '\u001b[2J\u001b]0;owned\u0007';
  const specs = join(cli.workingFolder, 'specs');
  await makeClip(join(specs, 'clip.mp4'), { width: 256, height: 144 });
  await writeSpecs(specs, {
    'good.json': sampleSpec(),
    [`bad${controls.replace('/', '')}.json`]: sampleSpec({ input_video_path: `gone${controls}.mp4` }),
  });
  const end = await cli.run(['batch-upsample', 'specs']);
  expect(end.code).toBe(3);
  expect(end.stdout + end.stderr).not.toContain('\u001b');
});

it('what goes wrong is told without controls as well', async () => {
  const cli = new Cli(join(folder, 'errors'));
  const end = await cli.run(['plan', 'nowhere\u001b]0;owned\u0007\u009b2J']);
  expect(end.code).toBe(2);
  expect(end.stderr).toContain('nowhere\\u001b]0;owned');
  expect(end.stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

/** A model server that says what it likes, and shouts at prompts that ask for it. */
async function startHostileServer(said: string) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const isRefused = body.includes('shout');
      const answer = isRefused
        ? { error: { message: `no${said}no` } }
        : {
            model: `model${said}`,
            choices: [
              { message: { content: `A wide${said} street ${body.length}.` }, finish_reason: 'stop' },
            ],
          };
      response.writeHead(isRefused ? 400 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((settle) => server.close(settle));
    },
  };
}

it('whatever names, prompts, answers and errors hold, nothing that is printed or reported hides or steers', async () => {
  const cli = new Cli(join(folder, 'hidden'));
  const specs = join(cli.workingFolder, 'specs');
  const said = hostileCharacters.join('');
  await using server = await startHostileServer(said);
  await makeClip(join(specs, 'clip.mp4'), { width: 256, height: 144 });
  await writeSpecs(specs, {
    [`${hostileName}.json`]: sampleSpec({ name: `n${said}`, prompt: `A car${said} in the rain` }),
    'gone.json': sampleSpec({ name: `g${said}`, input_video_path: `gone${hostileName}.mp4` }),
    'refused.json': sampleSpec({ name: 'refused', prompt: `shout${said}` }),
  });
  const asked = ['--engine', 'openai', '--base-url', server.url, '--model', `m${hostileName}`];
  const run = ['batch-upsample', 'specs', ...asked];
  const ends = [
    await cli.run([...run, '--json', '--events', 'events.ndjson']),
    await cli.run([...run, '--force', '--events', '-']),
    await cli.run(['plan', 'specs', ...asked]),
    await cli.run(['show', join(specs, `${hostileName}.json`)]),
  ];
  expect(ends.map(({ code }) => code)).toEqual([3, 3, 0, 0]);
  const [summary, events] = ends;
  const { report } = JSON.parse(summary?.stdout ?? '');
  const files = [report.html, report.json, join(cli.workingFolder, 'events.ndjson')];
  const printed = [
    ...ends.flatMap(({ stdout, stderr }) => [stdout, stderr]),
    ...(await Promise.all(files.map((path) => readFile(path, 'utf8')))),
  ];
  for (const text of printed) expect(rawControls.exec(text)).toBeNull();

  // For machines they are what they were.
  const lines = (events?.stdout ?? '')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toContainEqual(
    expect.objectContaining({ type: 'task-finished', spec: `${hostileName}.json` }),
  );
  expect(JSON.parse(summary?.stdout ?? '').counts).toMatchObject({ upsampled: 1, failed: 2 });
  const enriched = JSON.parse(await readFile(join(cli.outputFolder, `${hostileName}.json`), 'utf8'));
  expect(enriched.name).toBe(`n${said}`);
  expect(enriched.prompt).toMatch(/^A wide street \d+\.$/);
});
