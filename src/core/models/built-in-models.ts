/** One network of a package: for pictures that become so many times larger. */
export interface ModelFilesOf {
  /** Hex SHA-256 of `model.json` and the files of weights that it names, one after the other. */
  readonly weightsSha256: string;
  /** Hex SHA-256 and length of the ONNX file that is made of them. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A network with trained weights that cosmos knows by name. */
export interface BuiltInModel {
  readonly package: string;
  readonly version: string;
  /** Of the packed package, as the registry publishes it. */
  readonly integrity: string;
  /** Bytes of the packed package. */
  readonly packedBytes: number;
  readonly licence: string;
  readonly source: string;
  /** Whether it comes with cosmos; otherwise the user installs it. */
  readonly isBundled: boolean;
  /** The number that stands for white in its pictures. */
  readonly white: 1 | 255;
  /** By how many times larger pictures become. */
  readonly scales: Readonly<Record<number, ModelFilesOf>>;
}

const files = (weightsSha256: string, sha256: string, sizeBytes: number): ModelFilesOf => ({
  ...{ weightsSha256, sha256, sizeBytes },
});

const published = {
  version: '1.0.0',
  licence: 'MIT',
  source: 'https://github.com/thekevinscott/UpscalerJS',
} as const;

/** Networks that `--model` knows by name: small and quick, larger, and very large and slow. */
export const builtInModels = {
  'esrgan-slim': {
    ...published,
    package: '@upscalerjs/esrgan-slim',
    integrity:
      'sha512-DXtwn5SE71+pZKluN/hGeLaZv6ZylyFQYSvMqU08kKCEA5Y9Q1cIIk4EvPTPZw8VqGi2C6F02c8OjhtId4BK2w==',
    packedBytes: 4_357_056,
    isBundled: true,
    white: 255,
    scales: {
      2: files(
        '2138a255f1444593e1d760bc42386dc8fb3d554912ea01fc06a62901c95b284d',
        'd977803f1b7ad58c005cba516ec18ebefea68a1d5d1a7ebaa01d5c1404fb374e',
        894_471,
      ),
      3: files(
        '3a96f6c33e67e35cbc89db3948ea4ee17a4ebf06ea322710c3ddf1727a8c820f',
        '7c18a6ac14d6ec61a2971050e9250774bf611abda79ac2ca2e6ccc41ffb2ebec',
        932_936,
      ),
      4: files(
        '060e179cbc14f2cae9ad087415cc7f9f34d9979cca3cafe4683317791c2dc83b',
        'f4328679fa4a99f983892987cfec8a7f23276c756350b7d0a406eb55a9d47a14',
        1_013_999,
      ),
      8: files(
        'b9934b9e585d11b3c443f63c2a85c880af89dce63c30677be4cad353530ca938',
        'b15fae5c019c8fbc62bb6cef61b8b04a7c50276f9801e87091c42927399420e2',
        2_425_205,
      ),
    },
  },
  'esrgan-medium': {
    ...published,
    package: '@upscalerjs/esrgan-medium',
    integrity:
      'sha512-Z8JnR87sgetPABKevasXST3FdnXhaoTu9zpXnu3KLaHYpYStVt0FD1VZS9c6jhSGMBC0H929gN9RbWl+MeisKA==',
    packedBytes: 11_361_705,
    isBundled: true,
    white: 255,
    scales: {
      2: files(
        'e3f82a545ae9b7d5ab63e73b57c2899dee8732f4d9014d212de89cc72d398f54',
        '92f0257901ecd9d9b1b018e978f48478e3382e0f26bad8f041fffff0e1ab364c',
        2_782_484,
      ),
      3: files(
        '76375bf14caf0f3f391e4d0b0c0c4ccf598dfc9272abfda69e670c37a916d9b1',
        '2e05ae3605c1bd4862b09ea9763ab0053deec634fa021ee2cd2000f2227874c4',
        2_820_949,
      ),
      4: files(
        '3c772cf0bc3e551ebf08521cd75576bb152ef9bb9d3d5541e893eb524cc8fce8',
        'a486d200ca06d973855d32873a61882a44836b88adc9052d94165cee21fd52f4',
        2_902_012,
      ),
      8: files(
        '2fcf3250950283b96db6d2b4d57168f2f08e95b39971d0aa6ddbc0d2df43619a',
        '9132324ec8cabbcb37fda2ef94e62dbc5e5b95847f25c6b45bfda15f6ed1a105',
        4_313_217,
      ),
    },
  },
  'esrgan-thick': {
    ...published,
    package: '@upscalerjs/esrgan-thick',
    integrity:
      'sha512-Xt7LAEa1WYVdU8teye1A2J3T2ylb3ihlU/x01x1ieM7zZh5FzTll6fwmeUC82mkztWloGZM65KdSEWOmhlXOdw==',
    packedBytes: 110_294_929,
    isBundled: false,
    white: 1,
    scales: {
      2: files(
        '70f16caa49c685707c330710e5a0a0723048e7efe3fec10ca0bf1fa96543fca8',
        'c402312733571bd12c2e2af33d133ea22ea23a65626a31bf3a19fa584ebaf70a',
        29_003_362,
      ),
      3: files(
        '9679745e3a06fe40d73e790eab6a50e8f1c3a1feac6e3a49c1491b0aee589e3e',
        '56aea8c0570db6b5355ecc84e7e55aa55acd2656f224badafb74859532a7b386',
        29_037_983,
      ),
      4: files(
        '83393c4c5e3c28e102d35f2f67017bff1cd89dc824a67f92a980e52f97351b89',
        'bd5dcf74b02619c64ce080d81a7aa1e41f43bd2e045454201c50ce403819ffab',
        29_086_452,
      ),
      8: files(
        '5ecc8a7f216089f904f0ea42646edc6eb2988dbe4fcbdc23592f79d292ffc074',
        'ad28dae12c9b2ce6f23e8dc0361459351865babd29d821e077c498d880e60ac9',
        29_418_806,
      ),
    },
  },
} as const satisfies Readonly<Record<string, BuiltInModel>>;

export type BuiltInName = keyof typeof builtInModels;

/** Names of the built-in models, from the quickest to the slowest. */
export const builtInNames = Object.keys(builtInModels) as readonly BuiltInName[];

/** A built-in model for one enlargement. */
export interface BuiltInChoice extends ModelFilesOf {
  readonly name: BuiltInName;
  readonly model: BuiltInModel;
  readonly scale: number;
  /** Name of its ONNX file, which its content decides. */
  readonly fileName: string;
}

export function isBuiltIn(name: string): name is BuiltInName {
  return Object.hasOwn(builtInModels, name);
}

/** All enlargements of a built-in model, the smallest first. */
export function choicesOf(name: BuiltInName): readonly BuiltInChoice[] {
  const model: BuiltInModel = builtInModels[name];
  return Object.entries(model.scales).map(([scale, of]) => ({
    ...{ name, model, scale: Number(scale), ...of },
    fileName: `${name}-x${scale}-${of.sha256.slice(0, 16)}.onnx`,
  }));
}

/** The network to make pictures `scale` times larger with: the one that makes them the least larger than that, else the largest. */
export function choiceFor(name: BuiltInName, scale: number): BuiltInChoice {
  const choices = choicesOf(name);
  const found = choices.find((choice) => choice.scale >= scale) ?? choices.at(-1);
  if (!found) throw new RangeError(`${name} enlarges nothing`);
  return found;
}

/** The model whose ONNX file has this name; null for other files. */
export function choiceOfFile(fileName: string): BuiltInChoice | null {
  const all = builtInNames.flatMap(choicesOf);
  return all.find((choice) => choice.fileName === fileName) ?? null;
}

/** Whether the ONNX file with this hex SHA-256 is one of a built-in model, whatever it is called. */
export function isBuiltInFile(sha256: string): boolean {
  return builtInNames.flatMap(choicesOf).some((choice) => choice.sha256 === sha256);
}

/** Whether this may be the name of a model: it is no path, and has no ending. */
export function isModelName(model: string): boolean {
  return /^[\w-]+$/.test(model);
}

/** What a model is named with on a command line: a built-in one by its name, others by their path. */
export function modelArgument(path: string): string {
  return choiceOfFile(fileNameOf(path))?.name ?? path;
}

/**
 * What a model is called in texts: a built-in one by its name, others by that of their file.
 *
 * @param path - With either kind of slash.
 */
export function shownModelName(path: string): string {
  const fileName = fileNameOf(path);
  return choiceOfFile(fileName)?.name ?? fileName;
}

function fileNameOf(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}
