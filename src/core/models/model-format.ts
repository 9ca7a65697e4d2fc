/** So many bytes of a file tell what it is. */
export const formatHeadBytes = 512;

/** What a file is that should be an ONNX model, and how one comes of it. */
export interface ForeignModel {
  /** The end of a sentence about the file: `holds weights for PyTorch, and is no ONNX model`. */
  readonly what: string;
  readonly nextStep: string;
}

const exportStep =
  'Export it to ONNX once, as "cosmos help engines" shows (How to get one), or download the .onnx file of the same model.';
const otherFileStep = 'Name the file of the model, which usually ends with .onnx.';
const downloadAgainStep = 'Download the model again, with the link to the file itself.';

/**
 * Tells by its first bytes what a file is that cannot be an ONNX model.
 *
 * @param head - The first {@link formatHeadBytes} bytes, or all of a shorter file.
 * @param name - The file's name, which tells where its content does not.
 * @returns null for a file that may be one.
 */
export function foreignModelOf(head: Uint8Array, name = ''): ForeignModel | null {
  if (head.length === 0)
    return { what: 'is empty', nextStep: 'Download or export the model again: it was not completed.' };
  const text = Buffer.from(head).toString('latin1');
  return formats.find(({ isIt }) => isIt(text, head)) ?? foreignNameOf(name);
}

function foreignNameOf(name: string): ForeignModel | null {
  const [ending] = /\.(?:pth?|ckpt|safetensors|bin)$/i.exec(name) ?? [];
  if (ending === undefined) return null;
  const what = `has a name that ends with ${ending}, as weights for PyTorch do, and is no ONNX model`;
  return { what, nextStep: exportStep };
}

interface Format extends ForeignModel {
  isIt(text: string, head: Uint8Array): boolean;
}

const formats: readonly Format[] = [
  {
    isIt: (text) => text.startsWith('version https://git-lfs.github.com/spec/'),
    what: 'is a pointer of Git LFS, and not the model itself',
    nextStep:
      'Fetch the file that it stands for with "git lfs pull" in its repository, or download that file.',
  },
  {
    isIt: (text) => /^\s*<(?:!doctype|html|head|body|\?xml|script)\b/i.test(text),
    what: 'is a web page, and not a model: the download gave a page about the file, or an error',
    nextStep: downloadAgainStep,
  },
  {
    isIt: (text) => /^\s*\{\s*"/.test(text),
    what: 'is JSON text, and not a model',
    nextStep: downloadAgainStep,
  },
  {
    // The length of the header as 8 bytes, then the header, which is JSON.
    isIt: (text, head) => text[8] === '{' && head.subarray(5, 8).every((byte) => byte === 0),
    what: 'holds weights as safetensors, and is no ONNX model',
    nextStep: exportStep,
  },
  {
    // A zip archive, or a pickle of protocols 2 to 5.
    isIt: (text, [first, second = 0]) =>
      text.startsWith('PK\x03\x04') || (first === 0x80 && second >= 2 && second <= 5),
    what: 'holds weights for PyTorch, and is no ONNX model',
    nextStep: exportStep,
  },
  {
    isIt: (text) => text.startsWith('GGUF'),
    what: 'is a GGUF file, and no ONNX model',
    nextStep: exportStep,
  },
  {
    isIt: (text) => text.startsWith('\x89HDF'),
    what: 'is an HDF5 file, as Keras writes it, and no ONNX model',
    nextStep: exportStep,
  },
  {
    isIt: (text) => text.slice(4, 8) === 'TFL3',
    what: 'is a model for TensorFlow Lite, and no ONNX model',
    nextStep: exportStep,
  },
  {
    isIt: (text) => text.slice(4, 8) === 'ORTM',
    what: "is a model in ONNX Runtime's own format (.ort), and no ONNX model",
    nextStep: 'Name the .onnx file that it was made from.',
  },
  {
    isIt: (text) => text.startsWith('\x89PNG\r\n') || text.startsWith('\xff\xd8\xff'),
    what: 'is a picture, and not a model',
    nextStep: otherFileStep,
  },
  {
    // MP4 and MOV; Matroska and WebM.
    isIt: (text) => text.slice(4, 8) === 'ftyp' || text.startsWith('\x1a\x45\xdf\xa3'),
    what: 'is a video, and not a model',
    nextStep: otherFileStep,
  },
  {
    // The first bytes of an ONNX model are a field's tag and a number, which no text has.
    isIt: (_text, head) => head.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d)),
    what: 'is text, and not a model',
    nextStep: otherFileStep,
  },
];
