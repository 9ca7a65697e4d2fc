/**
 * The loop that the prompt path is measured against, as a process of its own: `slots` requests at a time over kept connections,
 * each with the frames of its hint, and every answer written to a plain file. It plans, checks and keeps nothing: what is
 * interrupted is lost.
 *
 *     node scripts/bench/support/bare-loop.ts JOB.json
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { parseHint } from '../../../src/adapters/media/hint-frames.ts';
import { inParallel } from './in-parallel.ts';

export const bareJobSchema = z.object({
  baseUrl: z.string(),
  model: z.string(),
  slots: z.int(),
  instruction: z.string(),
  temperature: z.number(),
  maxTokens: z.int(),
  outputFolder: z.string(),
  tasks: z.array(z.object({ spec: z.string(), name: z.string(), hint: z.string() })),
});

export type BareJob = z.infer<typeof bareJobSchema>;

const specSchema = z.looseObject({ prompt: z.string() });
const answerSchema = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })) });

const agent = new Agent({ keepAlive: true });
const images = new Map<string, Promise<object[]>>();

if (import.meta.main) await main();

async function main(): Promise<void> {
  const job: BareJob = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8'));
  const folders = new Set(job.tasks.map(({ name }) => dirname(join(job.outputFolder, name))));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  await inParallel(job.tasks, job.slots, (task) => doTask(task, job));
  agent.destroy();
}

async function doTask({ spec, name, hint }: BareJob['tasks'][number], job: BareJob): Promise<void> {
  const source = specSchema.parse(JSON.parse(await readFile(spec, 'utf8')));
  const frames = images.get(hint) ?? readImages(hint);
  images.set(hint, frames);
  const text = { type: 'text', text: `${job.instruction}\n\n${source.prompt}` };
  const body = JSON.stringify({
    model: job.model,
    messages: [{ role: 'user', content: [...(await frames), text] }],
    temperature: job.temperature,
    max_tokens: job.maxTokens,
  });
  const answer = answerSchema.parse(JSON.parse(await post(`${job.baseUrl}/chat/completions`, body)));
  const enriched = { ...source, prompt: answer.choices[0]?.message.content, is_upsampled: true };
  await writeFile(join(job.outputFolder, name), JSON.stringify(enriched, null, 2));
}

async function readImages(hint: string): Promise<object[]> {
  const { frames } = parseHint(await readFile(hint));
  return frames.map((jpeg) => ({
    type: 'image_url',
    image_url: { url: `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}` },
  }));
}

async function post(url: string, body: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}
