import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import {
  type BuiltInChoice,
  type BuiltInModel,
  type BuiltInName,
  builtInModels,
  builtInNames,
  choiceFor,
  choiceOfFile,
  choicesOf,
  isBuiltIn,
  isModelName,
} from '../../core/models/built-in-models.ts';
import { layersToOnnx } from '../../core/models/layers-to-onnx.ts';
import { AppError, usageError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LibraryModel, ModelLibrary, ModelSpeed } from '../../ports/model-library.ts';
import { hasContent } from '../files/hash-file.ts';
import { publishFile } from '../files/publish-file.ts';
import { unlessMissing } from '../files/unless-missing.ts';
import { installPackage } from './install-package.ts';
import { ModelSpeeds } from './model-speeds.ts';
import { readWeights } from './read-weights.ts';

interface LibraryFolders {
  /** ONNX files of built-in models; may be deleted at any time. */
  readonly cache: string;
  /** Models of the user's own. */
  readonly user: string;
  /** Packages that `cosmos models install` fetched. */
  readonly installed: string;
}

interface LibraryTools {
  /** Computes with the model in a file for some seconds. */
  measure(path: string, signal: AbortSignal): Promise<Pick<ModelSpeed, 'scale' | 'megapixelsPerSecond'>>;
  readonly clock: Clock;
}

/** {@link ModelLibrary} of this machine. */
export class LocalModelLibrary implements ModelLibrary {
  readonly userFolder: string;
  readonly #folders: LibraryFolders;

  readonly #tools: LibraryTools;
  readonly #speeds: ModelSpeeds;

  constructor(folders: LibraryFolders, tools: LibraryTools) {
    this.#folders = folders;
    this.#tools = tools;
    this.#speeds = new ModelSpeeds(join(folders.cache, 'speeds'));
    this.userFolder = folders.user;
  }

  pathOf(model: string, scale: number): string {
    if (isBuiltIn(model)) return join(this.#folders.cache, choiceFor(model, scale).fileName);
    const own = join(this.#folders.user, `${model}.onnx`);
    return isModelName(model) && !existsSync(model) && existsSync(own) ? own : resolve(model);
  }

  async provide(path: string, signal?: AbortSignal): Promise<void> {
    const choice = choiceOfFile(basename(path));
    if (choice === null || dirname(path) !== resolve(this.#folders.cache)) return;
    signal?.throwIfAborted();
    if (await hasContent(path, choice.sha256)) return;
    const model = await this.#read(choice);
    signal?.throwIfAborted();
    await publishFile(path, layersToOnnx({ model, white: choice.model.white }));
    if (await hasContent(path, choice.sha256)) return;
    throw new Error(`The weights of ${choice.name} became another file than expected: ${path}`);
  }

  async #read(choice: BuiltInChoice) {
    for (const folder of this.#packageFolders(choice.name)) {
      const model = await readWeights(folder, choice);
      if (model !== null) return model;
    }
    throw new AppError({
      code: 'prerequisite-missing',
      message: `The weights of ${choice.name} are not installed.`,
      nextStep: `Install them with: cosmos models install ${choice.name}`,
    });
  }

  /** Where the package of a model may lie: where `cosmos models install` put it, in the build, and where npm put it. */
  #packageFolders(name: BuiltInName): string[] {
    const { package: packageName } = builtInModels[name];
    const { resolve: find } = createRequire(import.meta.url);
    const build = join(dirname(find('#report-page')), 'networks');
    const folders = [build, ...(find.paths(packageName) ?? [])];
    return [join(this.#folders.installed, name), ...folders.map((folder) => join(folder, packageName))];
  }

  async list(): Promise<readonly LibraryModel[]> {
    const builtIn = await Promise.all(builtInNames.map((name) => this.#describe(name)));
    const names = (await unlessMissing(readdir(this.#folders.user))) ?? [];
    const own = names.filter((name) => name.endsWith('.onnx')).sort();
    return [...builtIn, ...(await Promise.all(own.map((name) => this.#describeOwn(name))))];
  }

  async #describe(name: BuiltInName): Promise<LibraryModel> {
    const model: BuiltInModel = builtInModels[name];
    const choices = choicesOf(name);
    const isThere = this.#packageFolders(name).some((folder) => existsSync(join(folder, 'models')));
    return {
      name,
      scales: choices.map(({ scale }) => scale),
      origin: 'built-in',
      source: `${model.package} ${model.version}`,
      licence: model.licence,
      sizeBytes: isThere ? choices.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) : model.packedBytes,
      isInstalled: isThere,
      speed: await this.#speeds.get(name),
    };
  }

  async #describeOwn(fileName: string): Promise<LibraryModel> {
    const path = join(this.#folders.user, fileName);
    const { size } = await stat(path);
    const name = fileName.slice(0, -'.onnx'.length);
    return {
      name,
      scales: null,
      origin: 'user',
      source: path,
      licence: null,
      sizeBytes: size,
      isInstalled: true,
      speed: await this.#speeds.get(name),
    };
  }

  async measure(name: string, signal: AbortSignal): Promise<ModelSpeed> {
    const path = this.pathOf(name, 1);
    await this.provide(path, signal);
    const measured = await this.#tools.measure(path, signal);
    const speed = { ...measured, measuredAt: new Date(this.#tools.clock.now()).toISOString() };
    await this.#speeds.put(name, speed);
    return speed;
  }

  async install(name: string, signal: AbortSignal): Promise<string> {
    const folder = join(this.#folders.installed, name);
    await installPackage(modelNamed(name), folder, signal);
    return folder;
  }
}

function modelNamed(name: string): BuiltInModel {
  if (isBuiltIn(name)) return builtInModels[name];
  throw usageError(
    `There is no model ${name} to install.`,
    `Those that can be installed: ${builtInNames.join(', ')}.`,
  );
}
