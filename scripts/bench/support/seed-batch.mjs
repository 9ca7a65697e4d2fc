// What the seeds' container does with one batch: load the model, ask for one prompt after the other, write the
// answers, end. Arguments: a folder with prompts.json, and the command that starts the server on port 8000.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const [folder, program, ...programArguments] = process.argv.slice(2);
const origin = 'http://127.0.0.1:8000';
const server = spawn(program, programArguments, { stdio: 'ignore' });
let hasEnded = false;
server.once('exit', () => {
  hasEnded = true;
});
while (
  !(await fetch(`${origin}/health`).then(
    (response) => response.ok,
    () => false,
  ))
) {
  if (hasEnded) throw new Error('the server ended');
  await delay(50);
}
const answers = [];
for (const prompt of JSON.parse(readFileSync(`${folder}/prompts.json`, 'utf8'))) {
  const response = await fetch(`${origin}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'stand-in/model',
      max_tokens: 300,
      temperature: 0.6,
      messages: [{ role: 'user', content: prompt }],
    }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  answers.push((await response.json()).choices[0].message.content);
}
writeFileSync(`${folder}/answers.json`, JSON.stringify(answers));
server.kill();
