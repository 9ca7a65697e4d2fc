import { AppError } from '../../errors/app-error.ts';

/** A folder of the settings that the program of a model needs. */
interface ProgramFolder {
  /** As `config.toml` names it. */
  readonly setting: string;
  /** As it is written there: it may begin with `~`. */
  readonly path: string;
}

/** Folders that are set; the usual ones are part of an image, or are found by the program itself. */
export function programFolders(inference: {
  readonly program_dir: string;
  readonly checkpoints_dir: string;
}): readonly ProgramFolder[] {
  const all = [
    { setting: 'inference.program_dir', path: inference.program_dir },
    { setting: 'inference.checkpoints_dir', path: inference.checkpoints_dir },
  ];
  return all.filter(({ path }) => path !== '');
}

export function missingFolderError({ setting, path }: ProgramFolder): AppError {
  return new AppError({
    code: 'config-invalid',
    message: `There is no folder ${path} on this machine, which ${setting} names.`,
    nextStep: `Correct ${setting}, or make the folder.`,
  });
}
