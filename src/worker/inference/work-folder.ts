import { copyFile, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filledCommand } from '../../core/inference/program.ts';
import type { InferenceSample, InputGroup, ModelFamily, SampleOutputs } from '../../core/inference/sample.ts';
import { isErrno } from '../../errors/system-error.ts';
import type { ModelProgram, VideoTask } from '../../protocol/inference.ts';

/** Prompt files are as long as prompts; another file is none. */
const maxPromptBytes = 4 * 1024 * 1024;

interface WorkFolderDeps {
  readonly family: ModelFamily;
  readonly program: ModelProgram;
  readonly tasks: readonly VideoTask[];
  objectPathOf(sha256: string): string;
}

/** A file of the program's output as it stands. */
export interface FoundFile {
  readonly path: string;
  /** Changes whenever something is written to it. */
  readonly mark: string;
}

/** The folder of one start of a model's program: its input, links to the videos, and what it writes. */
export class WorkFolder {
  readonly path: string;
  readonly #deps: WorkFolderDeps;
  #group: InputGroup | null = null;

  constructor(path: string, deps: WorkFolderDeps) {
    this.path = path;
    this.#deps = deps;
  }

  get outputPath(): string {
    return join(this.path, 'out');
  }

  /** Writes the input again; what a program that died left here goes. */
  async prepare(): Promise<void> {
    await this.remove();
    for (const folder of ['input', 'videos', 'out'])
      await mkdir(join(this.path, folder), { recursive: true });
    const { family, tasks } = this.#deps;
    const samples: InferenceSample[] = [];
    for (const task of tasks) samples.push(await this.#sampleOf(task));
    this.#group = family.writeGroup(samples, 1, this.outputPath);
    for (const { name, text } of this.#group.files) await writeFile(this.#inputPath(name), text);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /** Program and arguments. @param checkpoints - What `{checkpoints}` stands for. */
  command({ checkpoints, port }: { readonly checkpoints: string; readonly port: number }): string[] {
    const { program, family } = this.#deps;
    const { batch = [], spec } = this.#group ?? {};
    return filledCommand(program.command.length > 0 ? program.command : family.command(program.num_gpu), {
      batch: batch.map((name) => this.#inputPath(name)),
      spec: spec === undefined ? '' : this.#inputPath(spec),
      out: this.outputPath,
      num_gpu: String(Math.max(1, program.num_gpu)),
      checkpoints,
      port: String(port),
    });
  }

  /** Where the program leaves what it makes of the task with this index. */
  outputsOf(index: number): SampleOutputs {
    return this.#deps.family.outputsOf(this.#deps.tasks[index]?.name ?? '', index);
  }

  /** A file below the output; null when it is not there, or empty. */
  async find(name: string): Promise<FoundFile | null> {
    const path = join(this.outputPath, ...name.split('/'));
    const found = await stat(path).catch(() => null);
    return found?.isFile() && found.size > 0 ? { path, mark: `${found.size} ${found.mtimeMs}` } : null;
  }

  /** The text of a prompt file; null when there is none. */
  async readPrompt(name: string): Promise<string | null> {
    const found = await this.find(name);
    if (found === null || Number.parseInt(found.mark, 10) > maxPromptBytes) return null;
    return await readFile(found.path, 'utf8').catch(() => null);
  }

  /** Changes whenever the program writes to its output. */
  async state(): Promise<string> {
    const names = await readdir(this.outputPath, { recursive: true }).catch(() => []);
    const marks = await Promise.all(
      names.map(async (name) => {
        const found = await stat(join(this.outputPath, name)).catch(() => null);
        return `${name} ${found?.size} ${found?.mtimeMs}`;
      }),
    );
    return marks.sort().join('\n');
  }

  #inputPath(name: string): string {
    return join(this.path, 'input', name);
  }

  /** Objects have no endings, and programs look at those. */
  async #sampleOf(task: VideoTask): Promise<InferenceSample> {
    const { name, prompt, negative_prompt: negativePrompt, parameters, video } = task;
    const linked = async (file: { sha256: string; extension: string }, kind: string) => {
      const path = join(this.path, 'videos', `${name}_${kind}${file.extension}`);
      await placeLink(this.#deps.objectPathOf(file.sha256), path);
      return path;
    };
    const controls: InferenceSample['controls'][number][] = [];
    for (const { kind, weight, sha256, extension } of task.controls) {
      const path = sha256 === null ? null : await linked({ sha256, extension }, kind);
      controls.push({ kind, path, weight });
    }
    const sampleVideo = video && {
      path: await linked(video, 'video'),
      size: { width: video.width, height: video.height },
      frames: video.frames,
    };
    return { name, prompt, negativePrompt, video: sampleVideo, controls, parameters, promptTokens: 0 };
  }
}

/** Not every user of Windows may make links. */
async function placeLink(target: string, path: string): Promise<void> {
  try {
    await symlink(target, path);
  } catch (error) {
    if (!isErrno(error, 'EPERM')) throw error;
    await copyFile(target, path);
  }
}
